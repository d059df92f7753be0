"""Sheets of many rows: workbooks and mappings end to end, dry runs, and imports that are killed or interrupted."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import xlsxwriter
from cli.system import INTAKE, PROGRAM, Program, open_system

from aftersales.cli.sheets.journal import Journal
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock, eventually

HEADER = ["branch", "name", "phone", "address", "serial", "model", "line", "memo"]


def row(number: int, phone: str = "") -> list[object]:
    product = [f"SN-{number}", "BCD-470", "refrigerator"]
    return ["sh-01", f"王{number}", phone or 13_900_000_000 + number, "上海", *product, "x"]


@pytest.fixture(scope="module")
async def intake(urls, tmp_path_factory) -> AsyncIterator[Program]:
    async with open_system(urls, ManualClock(), [INTAKE]) as program:
        file = tmp_path_factory.mktemp("sheets") / "branches.csv"
        file.write_text("code,name,zone,lat,lon\nsh-01,上海,Asia/Shanghai,31.23,121.45\n", "utf-8")
        assert (await program("import", "branches", file)).code == 0
        yield program


def workbook(path: Path, *rows: list[object]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("客户")
        for at, cells in enumerate([["2026 年客户"], HEADER, *rows]):
            sheet.write_row(at, 0, cells)
    return path


def requests_sheet(path: Path, desk: str, count: int) -> Path:
    lines = ["branch,channel,name,phone,address,serial,model,line,fault,owner"]
    lines += [f"sh-01,phone,王,137000000{n % 90 + 10},上海,{desk}-{n % 90},BCD,tv,f,{desk}" for n in range(count)]
    path.write_text("\n".join(lines), "utf-8")
    return path


async def test_a_workbook_is_rehearsed_imported_and_its_mended_rows_after_it(intake, tmp_path):
    file = workbook(tmp_path / "x.xlsx", row(1), row(2, "12"), row(3))
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns: {branch: {constant: xx-99}, name: name}\nignore: memo", "utf-8")

    dry = await intake("import", "customers", file, "--dry-run", "--json")
    stored = await intake.system.intake.find(Customer)
    elsewhere = await intake("import", "customers", file, "--mapping", mapping, "--dry-run", "--json")
    done = await intake("--lang", "zh-CN", "import", "customers", file)
    errors = tmp_path / "x.xlsx.errors.xlsx"
    known = {one.name for one in await intake.system.intake.find(Customer)}
    mended = await intake("import", "customers", workbook(errors, row(2)), "--json")

    assert (dry.code, dry.json["by_service"], stored) == (1, True, [])
    assert (dry.json["imported"], dry.json["updated"], dry.json["refused"]) == (2, 0, 1)
    assert dry.json["left_alone"] == {"memo": ""}
    assert (elsewhere.json["refused"], elsewhere.json["left_alone"]) == (3, {"branch": ""})
    assert "xx-99" in elsewhere.err
    assert done.code == 1
    assert "工作表 客户" in done.out
    assert "memo" in done.out
    assert "phone" in done.err
    assert known == {"王1", "王3"}
    assert (mended.code, mended.json["imported"]) == (0, 1)


async def test_products_find_their_owner_and_are_refused_without_one(intake, tmp_path):
    customers = tmp_path / "c.csv"
    customers.write_text("branch,name,phone,address\nsh-01,韩,13600000001,上海\n", "utf-8")
    products = tmp_path / "p.csv"
    products.write_text("手机号,机身号,型号,品类\n13600000001,TV-1,M,tv\n13600000002,TV-2,M,tv\n", "utf-8")
    await intake("import", "customers", customers)
    done = await intake("import", "products", products, "--json")

    assert (done.json["imported"], done.json["refused"]) == (1, 1)
    assert "row 3: phone: Nobody in the archive has the number +8613600000002" in done.err
    assert [one.id for one in await intake.system.intake.find(Product, model="M")] == ["TV-1"]


async def test_the_template_knows_the_headers_of_a_file(intake, tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("会员,手机号,地址\n", "utf-8")
    done = await intake("import", "customers", file, "--mapping-template")
    nothing = await intake("import", "customers")

    assert done.code == 0
    assert '  phone: "手机号"' in done.out
    assert 'ignore: ["会员"]' in done.out
    assert nothing.code == 2


async def test_an_import_that_breaks_off_goes_on_where_it_stopped(intake, tmp_path):
    """Killed, then interrupted: the same command completes it; nothing counts twice, what was confirmed is not sent."""
    count = 1600
    file = requests_sheet(tmp_path / "x.csv", "d-kill", count)
    progress = tmp_path / "x.csv.progress"

    killed = await broken_off(intake, file, signal.SIGKILL, rows=1)
    after_kill = journal_rows(progress)
    interrupted = await broken_off(intake, file, signal.SIGINT, rows=after_kill + 1)
    after_interruption = journal_rows(progress)
    done = await intake("import", "requests", file, "--json")
    again = await intake("import", "requests", file, "--again", "--json")

    assert (killed.code, interrupted.code) == (-signal.SIGKILL, 130)
    assert "Run the same command" in interrupted.err
    assert 0 < after_kill < after_interruption < count
    assert (done.code, done.json["imported"] + done.json["repeated"]) == (0, count)
    assert after_interruption <= done.json["repeated"] < count
    assert not progress.exists()
    assert (again.json["imported"], again.json["repeated"]) == (0, count)
    assert len(await intake.system.intake.find(ServiceRequest, owner="d-kill")) == count


class Broken:
    def __init__(self, code: int, err: str) -> None:
        self.code, self.err = code, err


def journal_rows(progress: Path) -> int:
    lines = progress.read_text("ascii").splitlines()[1:] if progress.exists() else []
    return sum(line.count(",") + 1 for line in lines if line.endswith("]"))


async def broken_off(intake: Program, file: Path, by: signal.Signals, rows: int) -> Broken:
    """Run the import, and end it once its journal has so many rows.

    It hears SIGINT though the tests may not: a shell has what it starts in the background ignore that.
    """
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *("import", "requests", str(file)),
        env=os.environ | {"COLUMNS": "200", "AFTERSALES_INTAKE_URL": intake.urls["intake"]},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    progress = file.with_name(f"{file.name}.progress")

    async def under_way() -> bool:
        return journal_rows(progress) >= rows

    await eventually(under_way, 60)
    process.send_signal(by)
    _, err = await process.communicate()
    assert process.returncode is not None
    return Broken(process.returncode, err.decode())


def test_a_journal_is_of_one_sheet_and_of_one_service_and_a_line_cut_off_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.progress"
    first = Journal(path, "sheet service")
    first.note([3, 1])
    first.note([])
    first.close(complete=False)
    path.write_text(path.read_text() + "[7, 8")
    second = Journal(path, "sheet service")
    second.note([9])
    second.close(complete=False)

    assert second.taken == {1, 3}
    assert Journal(path, "sheet service").taken == {1, 3, 9}
    assert Journal(path, "sheet elsewhere").taken == set()
    assert Journal(path, "sheet service", again=True).taken == set()
    second.close(complete=True)
    assert not path.exists()


def test_a_folder_that_takes_no_journal_stops_no_import(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "none" / "x.progress", "sheet")
    journal.note([1])
    journal.close(complete=True)

    assert journal.path is None
