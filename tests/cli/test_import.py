"""`aftersales import` as people run it: real files, a process of its own, real services behind real ports."""

import asyncio
import codecs
from collections.abc import AsyncIterator

import pytest
from cli.system import INTAKE, NOBODY, Program, Withhold, listening, open_system, read_csv, saved

from aftersales.cli.connection import connect_to_service
from aftersales.cli.session import Session
from aftersales.cli.sheets.catalogue import REQUESTS
from aftersales.cli.sheets.naming import name_rows
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.result import Plan, Result
from aftersales.cli.sheets.rows import read_rows
from aftersales.cli.sheets.sending import send_all
from aftersales.cli.sheets.table import read_table
from aftersales.common.work.group import ANSWERS
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.inventory.stock.domain import StockItem
from aftersales.testing import ManualClock, eventually

BRANCHES = "code,name,zone,lat,lon,memo\nsh-01,上海静安服务中心,Asia/Shanghai,31.23,121.45,我\n"
TECHNICIANS = (
    "工号,姓名,网点,技能,证书有效期,上班时间,下班时间,停用\n"
    "T-1,李师傅,sh-01,refrigerator、washing-machine,2030-01-01,08:00,20:00,否\n"
)
PRICES = "收费编码,产品线,工作类型,收费项目,单价,币种,生效日期\nRF-VISIT,冰箱,上门费,冰箱上门,50.50,hkd,2026-03-01\n"
PARTS = "code;name;lines;faults;price\nP-100;压缩机;refrigerator;no-cooling;1,280.50\n"
STOCK = "branch\tpart\tlot\tbin\tquantity\treceived_at\nsh-01\tP-100\tL-1\tA-01-02\t5\t2026/11/22 10:15\n"
CUSTOMERS = (
    "branch,name,phone,address,class,serial,model,line\nsh-01,张芳,13900000001,上海,A,sn-9001,BCD-470,refrigerator\n"
)
REQUEST_HEADER = "网点,渠道,姓名,电话,地址,序列号,型号,产品线,购买日期,故障代码,故障描述,owner\n"


def requests(*numbers: int, branch: str = "sh-01", bought: str = "2026-03-01", desk: str = "d-1") -> str:
    """A sheet with one request each; numbers tell customers and products apart, `desk` sheets."""
    rows = (
        f"{branch},phone,王小明,1381234{number:04},上海市静安区,sn-{number:04},BCD-470,refrigerator,{bought},"
        f"no-cooling,冰箱不制冷,{desk}\n"
        for number in numbers
    )
    return REQUEST_HEADER + "".join(rows)


@pytest.fixture(scope="module")
async def aftersales(urls, tmp_path_factory) -> AsyncIterator[Program]:
    async with open_system(urls, ManualClock()) as program:
        file = tmp_path_factory.mktemp("sheets") / "branches.csv"
        file.write_bytes(codecs.BOM_UTF8 + BRANCHES.encode())
        assert (await program("import", "branches", file)).code == 0
        yield program


async def registered(program: Program, desk: str) -> list[ServiceRequest]:
    return await program.system.intake.find(ServiceRequest, owner=desk)


@pytest.mark.parametrize(
    ("sheet", "where", "expected"),
    [
        (("branches", BRANCHES, "utf-8-sig"), ("intake", "/branches/sh-01"), {"name": "上海静安服务中心"}),
        (
            ("technicians", TECHNICIANS, "gb18030"),
            ("dispatch", "/technicians/T-1"),
            {
                "name": "李师傅",
                "skills": ["refrigerator", "washing-machine"],
                "licence_until": "2030-01-01T15:59:59Z",
                "shift": {"start": 480, "end": 1200, "zone": "Asia/Shanghai"},
            },
        ),
        (("parts", PARTS, "utf-8"), ("inventory", "/parts/P-100"), {"price": {"amount": 128050, "currency": "CNY"}}),
        (
            ("prices", PRICES, "gb18030"),
            ("intake", "/prices/labour/RF-VISIT"),
            {"lines": ["refrigerator"], "names": {"zh-Hans": "冰箱上门"}, "work": "travel"}
            | {"terms": [{"valid_from": "2026-03-01", "price": {"amount": 5050, "currency": "HKD"}, "revision": 0}]},
        ),
        (("customers", CUSTOMERS, "utf-16"), ("intake", "/products/SN-9001"), {"model": "BCD-470"}),
    ],
)
async def test_a_sheet_becomes_what_it_says(aftersales, tmp_path, sheet, where, expected):
    (kind, text, encoding), (service, path) = sheet, where
    done = await aftersales("import", kind, saved(tmp_path, "x.csv", text, encoding), "--json")
    answer = (await aftersales.system.services[service].http.get(path)).json()

    assert (done.code, done.err) == (0, "")
    assert (done.json["rows"], done.json["imported"]) == (1, 1)
    assert answer | expected == answer


async def test_goods_count_once_whoever_imports_them_again_and_however_they_were_saved(aftersales, tmp_path):
    await aftersales("import", "parts", saved(tmp_path, "parts.csv", PARTS))
    first = await aftersales("import", "stock", saved(tmp_path, "stock.csv", STOCK), "--json")
    moved = "入库时间,数量,批次,库位,配件编码,网点\n2026-11-22 10:15:00,5.0,L-1,A-01-02,P-100,sh-01\n"
    again = saved(tmp_path, "again.csv", moved, "gb18030")
    second = await aftersales("import", "stock", again, "--json", LOGNAME="another-clerk")
    (stock,) = await aftersales.system.inventory.find(StockItem, part="P-100")

    assert (first.json["imported"], first.json["repeated"], first.code) == (1, 0, 0)
    assert (second.json["imported"], second.json["repeated"], second.code) == (0, 1, 0)
    assert stock.free == 5


async def test_a_row_that_does_not_fit_goes_to_the_error_file_and_once_corrected_goes_in(aftersales, tmp_path):
    text = requests(1, 2, 3, desk="d-errors").replace("13812340002", "138")
    file = saved(tmp_path, "day.csv", text, "gb18030")
    done = await aftersales("import", "requests", file)
    errors = tmp_path / "day.csv.errors.csv"
    (row,) = read_csv(errors)
    errors.write_text(errors.read_text("utf-8-sig").replace(",138,", ",13812340002,"), "gb18030")
    corrected = await aftersales("import", "requests", errors, "--json")

    assert done.code == 1
    assert "Imported 2, already imported 0, refused 1" in done.out
    assert 'row 3: phone: "138": there is no such telephone number' in done.err
    assert (row["error_row"], row["error_column"], row["error_code"]) == ("3", "phone", "cell.not_phone")
    assert (corrected.code, corrected.json["imported"]) == (0, 1)
    assert len(await registered(aftersales, "d-errors")) == 3


async def test_what_the_service_refuses_is_told_in_the_readers_language_with_its_column(aftersales, tmp_path):
    file = saved(tmp_path, "x.csv", requests(11, bought="2027-01-01"))
    done = await aftersales("--lang", "zh-CN", "import", "requests", file, "--json")
    (row,) = read_csv(tmp_path / "x.csv.errors.csv")

    assert (done.code, done.json["refused"]) == (1, 1)
    assert (row["error_code"], row["error_column"]) == ("product.purchased_in_future", "serial, purchased_on")
    assert "请" in row["error_message"]
    assert "被拒的行" in done.err


async def test_rows_that_were_refused_go_in_when_the_reason_is_gone_and_only_once(aftersales, tmp_path):
    """A stored refusal is not the last word: the same file works after what it lacked was imported."""
    file = saved(tmp_path, "x.csv", requests(21, 22, branch="cd-01", desk="d-late"))
    early = await aftersales("import", "requests", file, "--json")
    still = await aftersales("import", "requests", file, "--json")
    await aftersales("import", "branches", saved(tmp_path, "b.csv", BRANCHES.replace("sh-01", "cd-01")))
    late = await aftersales("import", "requests", file, "--json")
    again = await aftersales("import", "requests", file, "--json")

    assert [(done.json["imported"], done.json["repeated"], done.json["refused"]) for done in (early, still)] == [
        (0, 0, 2),
        (0, 0, 2),
    ]
    assert [(done.json["imported"], done.json["repeated"], done.code) for done in (late, again)] == [
        (2, 0, 0),
        (0, 2, 0),
    ]
    assert len(await registered(aftersales, "d-late")) == 2


async def test_rows_about_the_same_thing_go_in_as_they_stand_in_the_file(aftersales, tmp_path):
    header, row = CUSTOMERS.splitlines()
    rows = [row.replace("张芳", f"张{n}").replace("sn-9001", f"sn-8{n:03}") for n in range(40)]
    done = await aftersales("import", "customers", saved(tmp_path, "x.csv", "\n".join([header, *rows])), "--json")
    (customer,) = await aftersales.system.intake.find(Customer, phone="+8613900000001")

    assert done.json["imported"] == 40
    assert customer.name == "张39"


async def test_a_dry_run_tells_the_same_and_needs_no_service(aftersales, tmp_path):
    file = saved(tmp_path, "x.csv", requests(31, 32).replace("13812340032", "1"))
    dry = await aftersales("--url", f"intake={NOBODY}", "import", "requests", file, "--dry-run", "--json")
    (foreseen,) = read_csv(tmp_path / "x.csv.errors.csv")
    await aftersales("import", "requests", file)
    (seen,) = read_csv(tmp_path / "x.csv.errors.csv")

    assert (dry.code, dry.json["imported"], dry.json["refused"]) == (1, 0, 1)
    assert foreseen == seen


@pytest.mark.parametrize(
    ("service", "locale", "words"),
    [
        (NOBODY, "en", ["intake does not answer at http://127.0.0.1:9", "`make up`", "AFTERSALES_INTAKE_URL"]),
        (NOBODY, "zh-Hant", ["intake 在 http://127.0.0.1:9 沒有回應", "`make up`"]),
        ("inventory", "en", ["is answered by something else (inventory)", "not by intake"]),
    ],
)
async def test_a_service_that_does_not_answer_is_named_with_the_mend(aftersales, tmp_path, service, locale, words):
    url = aftersales.urls.get(service, service)
    file = saved(tmp_path, "x.csv", requests(1))
    done = await aftersales("--url", f"intake={url}", "import", "requests", file, AFTERSALES_LOCALE=locale)

    assert done.code == 2
    assert [word for word in words if word not in done.err] == []
    assert not list(tmp_path.glob("*.errors.csv"))


async def test_a_file_that_cannot_be_read_is_told_in_words(aftersales, tmp_path):
    missing = await aftersales("import", "stock", tmp_path / "none.csv")
    workbook = saved(tmp_path, "x.xlsx", "PK\x03\x04")
    done = await aftersales("import", "stock", workbook)

    assert (missing.code, done.code) == (2, 2)
    assert "none.csv cannot be read: No such file" in missing.err
    assert 'or the sheet as "CSV UTF-8"' in done.err


async def test_an_import_outlasts_a_service_that_is_cut_off_and_doubles_nothing(aftersales, tmp_path):
    running_service, withhold = aftersales.system.intake, Withhold(free=1)
    numbers = range(100, 900)

    async def some() -> bool:
        return withhold.kept > 0

    async with listening(running_service, cut=True, withhold=withhold) as url:
        file = saved(tmp_path, "x.csv", requests(*numbers, desk="d-restart"))
        importing = asyncio.create_task(aftersales("--url", f"intake={url}", "import", "requests", file, "--json"))
        await eventually(some, 60)
    async with listening(running_service, port=int(url.rpartition(":")[2])):
        done = await importing

    assert done.json["repeated"] > 0
    assert (done.code, done.json["unsent"]) == (0, 0)
    assert done.json["imported"] + done.json["repeated"] == len(numbers)
    assert len(await registered(aftersales, "d-restart")) == len(numbers)


async def test_a_service_that_stays_away_leaves_rows_unsent_and_the_same_import_completes_them(aftersales):
    table = read_table(requests(*range(600, 700), desk="d-away"), REQUESTS)
    rows = read_rows(table, ReadOptions())
    _, names = name_rows(table, rows)
    sent: list[int] = []

    async def send(url: str, patience: float) -> Result:
        async with connect_to_service(
            Session({"intake": url}), "intake", actor="import", patience=patience
        ) as connection:
            return await send_all(connection, REQUESTS, rows, names, Plan(sent.append, most_rows=2))

    async def some() -> bool:
        return sum(sent) > 10

    async with listening(aftersales.system.intake) as url:
        sending = asyncio.create_task(send(url, patience=0.5))
        await eventually(some, 60)
    stopped = await sending
    completed = await send(aftersales.urls["intake"], patience=15)

    assert stopped.trouble
    assert stopped.trouble.code == "cli.unreachable"
    assert stopped.imported + stopped.unsent == len(rows)
    assert stopped.unsent > 0
    assert completed.imported + completed.repeated == len(rows)
    assert len(await registered(aftersales, "d-away")) == len(rows)


async def test_a_busy_service_that_takes_little_at_a_time_gets_the_rows_when_it_has_room(urls, tmp_path):
    async with open_system(urls, ManualClock(), [INTAKE], writer_queue=1, group_size=1, max_body=1000) as program:
        await program("import", "branches", saved(tmp_path, "b.csv", BRANCHES))
        done = await program("import", "requests", saved(tmp_path, "x.csv", requests(*range(16))), "--json")
        answers = await program.system.intake.runtime.mongo.rows(ANSWERS, {})
        metrics = await program.system.intake.metrics()

    assert (done.code, done.json["imported"] + done.json["repeated"]) == (0, 16)
    assert len(answers) == 2 * 16, "a row has two keys"
    assert 'route="/imports/requests",status="500"' in metrics
