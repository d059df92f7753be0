"""INT-2, INV-1: a row counts once, however the sheet around it changes (`aftersales import`, real services)."""
# ruff: noqa: RUF001 (Chinese punctuation is meant)

from collections.abc import AsyncIterator

import pytest
from cli.system import INTAKE, ROWS, Program, open_system, read_csv, saved

from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.inventory.stock.domain import StockItem
from aftersales.testing import ManualClock

HEADER = "branch,channel,name,phone,address,serial,model,line,fault,description,Last update\n"


def row(number: int, channel: str = "phone", status: str = "new") -> str:
    return (
        f"sh-01,{channel},复现{number},1309000{number:04},上海市{number}号,RP-{number},BCD-470,refrigerator,"
        f"no-cooling,冰箱不制冷,{status}\n"
    )


@pytest.fixture(scope="module")
async def aftersales(urls, tmp_path_factory) -> AsyncIterator[Program]:
    async with open_system(urls, ManualClock(), [INTAKE, ROWS[2]]) as program:
        folder = tmp_path_factory.mktemp("sheets")
        branches = saved(folder, "b.csv", "code,name,zone,lat,lon\nsh-01,上海,Asia/Shanghai,31.23,121.45\n")
        assert (await program("import", "branches", branches)).code == 0
        parts = saved(folder, "p.csv", "code,name,lines,faults,price\nP-100,压缩机,refrigerator,no-cooling,1\n")
        assert (await program("import", "parts", parts)).code == 0
        yield program


async def counts(program: Program, *arguments: object) -> tuple[int, int, int]:
    done = (await program("import", *arguments, "--json")).json
    return done["imported"], done["repeated"], done["refused"]


async def registered(program: Program, number: int) -> int:
    return len(await program.system.intake.find(ServiceRequest, **{"product.serial": f"RP-{number}"}))


async def test_int2_only_the_new_row_of_a_sheet_that_grew_is_registered(aftersales, tmp_path):
    file = saved(tmp_path, "daily.csv", HEADER + row(1) + row(2))
    first = await counts(aftersales, "requests", file)
    file.write_text(HEADER + row(3) + row(2) + row(1))
    dry = await counts(aftersales, "requests", file, "--dry-run")
    grown = await counts(aftersales, "requests", file)
    report = await aftersales("import", "requests", file)

    assert (first, dry, grown) == ((2, 0, 0), (1, 2, 0), (1, 2, 0))
    assert "Imported 0, already imported 3" in report.out
    assert [await registered(aftersales, number) for number in (1, 2, 3)] == [1, 1, 1]


async def test_int2_a_better_mapping_registers_the_refused_rows_and_no_other_again(aftersales, tmp_path):
    """It mends one row's channel, and reads a further column of all: the imported ones stay, and that is said."""
    file = saved(tmp_path, "export.csv", HEADER + row(11) + row(12, channel="Kiosk"))
    mapping = saved(
        tmp_path,
        "m.yaml",
        "columns:\n  channel: {from: channel, values: {Kiosk: walk_in}}\n  reason: Last update\n",
    )
    first = await counts(aftersales, "requests", file)
    mended = await counts(aftersales, "requests", file, "--mapping", mapping)
    report = await aftersales("import", "requests", file, "--mapping", mapping)

    assert (first, mended) == ((1, 0, 1), (1, 1, 0))
    assert "Imported before, and read differently now (1): 2." in report.out
    assert [await registered(aftersales, number) for number in (11, 12)] == [1, 1]


async def test_int2_a_column_that_nobody_maps_makes_no_new_row_of_an_old_one(aftersales, tmp_path):
    """A helpdesk's export has a status and the time of the last change, which differ every day."""
    file = saved(tmp_path, "status.csv", HEADER + row(21))
    await aftersales("import", "requests", file)
    file.write_text(HEADER + row(21, status="waiting") + row(22))

    assert await counts(aftersales, "requests", file) == (1, 1, 0)


async def test_int2_equal_rows_of_one_sheet_all_count_and_are_named(aftersales, tmp_path):
    file = saved(tmp_path, "doubles.csv", HEADER + row(31) + row(32) + row(31) + row(31))
    dry = await aftersales("import", "requests", file, "--dry-run")
    first = await counts(aftersales, "requests", file)
    again = await counts(aftersales, "requests", file)

    assert "say the same, and each counts (1 groups): 2=4=5." in dry.out
    assert (first, again) == ((4, 0, 0), (0, 4, 0))
    assert await registered(aftersales, 31) == 3


async def test_int2_corrected_rows_count_once_in_the_error_file_and_in_the_original(aftersales, tmp_path):
    file = saved(tmp_path, "day.csv", HEADER + row(41) + row(42, channel="Kiosk"))
    await aftersales("import", "requests", file)
    errors = tmp_path / "day.csv.errors.csv"
    assert len(read_csv(errors)) == 1
    errors.write_text(errors.read_text("utf-8-sig").replace("Kiosk", "walk_in"), "utf-8")
    by_errors = await counts(aftersales, "requests", errors)
    file.write_text(file.read_text().replace("Kiosk", "walk_in"))

    assert by_errors == (1, 0, 0)
    assert await counts(aftersales, "requests", file) == (0, 2, 0)


async def test_inv1_goods_of_a_sheet_that_grew_are_received_once(aftersales, tmp_path):
    file = saved(tmp_path, "stock.csv", "branch,part,lot,bin,quantity\nsh-01,P-100,L-1,A-01,10\n")
    first = await counts(aftersales, "stock", file)
    file.write_text(file.read_text() + "sh-01,P-100,L-2,A-02,3\n")
    grown = await counts(aftersales, "stock", file)
    (stock,) = await aftersales.system.inventory.find(StockItem, part="P-100")

    assert (first, grown) == ((1, 0, 0), (1, 1, 0))
    assert stock.free == 13


async def test_all1_words_that_no_catalogue_has_are_said_with_their_rows(aftersales, tmp_path):
    """ALL-1: imported rows have them in `unclear`; the person who imports hears of it, also in a dry run."""
    lines = [row(n).replace("no-cooling", "Water leek") for n in (21, 22)] + [row(23).replace("no-cooling", "制冷差")]
    file = saved(tmp_path, "words.csv", HEADER + "".join(lines))
    dry = await aftersales("--lang", "zh-Hans", "import", "requests", file, "--dry-run")
    done = await aftersales("import", "requests", file)
    assert "2 行（2, 3）：目录中没有故障“Water leek”（可能是：water-leak" in dry.out
    assert "2 rows (2, 3): No catalogue has the fault “Water leek” (perhaps: water-leak" in done.out
    assert "制冷差" not in done.out
