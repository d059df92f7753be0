"""Finding customers and products (INT-3): names in three scripts, phones, serials, addresses; all on indexes."""

import asyncio
from typing import Any

import httpx
import pytest
from intake.searched import PLAIN, customer, finds

from aftersales.intake.archive.domain.search import parse_query, search_entry
from aftersales.intake.archive.store import Search, find_customers
from aftersales.testing.system import RunningService


def _wide(text: str) -> str:
    """The text as a Chinese keyboard may give it: in full width."""
    return text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


@pytest.mark.parametrize(
    ("name", "query"),
    [
        *(("王小芳", part) for part in ("王小芳", "王小", "小芳", "王", "芳", "wangxiaofang", "wangxiao", "xiaofang")),
        *(("王小芳", part) for part in ("wxf", "wx", "xf", "WXF", "Wang", _wide("wangxiaofang"))),
        *(("陳大文", part) for part in ("陳大文", "大文", "chendawen", "cdw", "chen")),
        *(("單雄信", part) for part in ("單", "shanxiongxin", "sxx")),
        *(("单雄信", part) for part in ("shanxiongxin", "danxiongxin", "sxx", "dxx", "shan")),
        *(("仇英", part) for part in ("qiuying", "chouying", "qy")),
        *(("曾国藩", part) for part in ("zengguofan", "zgf")),
        *(("解珍", part) for part in ("xiezhen", "xz")),
        *(("尉迟恭", part) for part in ("yuchigong", "ycg", "尉迟")),
        *(("欧阳娜娜", part) for part in ("ouyangnana", "oynn", "ouyang", "nana", "欧阳")),
        *(("李乐", part) for part in ("lile", "liyue")),
        *(("吕布", part) for part in ("lvbu", "lübu", "lb")),
        *(("北京天成物业有限公司", part) for part in ("天成物业", "tianchengwuye", "tcwy", "beijing", "物业有限 天成")),
        *(("重庆银行股份有限公司", part) for part in ("chongqing", "yinhang", "cqyh")),
        *(("John O'Brien-Smith", part) for part in ("john", "SMITH", "smi", "o'brien", "jo brien")),
        *(("Мария Иванова", part) for part in ("мария", "Иван")),
        *(("李　四", part) for part in ("李四", "lisi", "ls", "li si", "李 四", "si")),
        *(("李 四", part) for part in ("李四", "李　四", "lisi")),
        *(("王小芳", part) for part in ("wang xiao fang", "fang", "xiao", "wang xiaofang")),
        *(("陈美玲", part) for part in ("陳美玲", "mei ling", "chen meiling", "美玲")),
        *(("歐陽娜娜", part) for part in ("欧阳娜娜", "歐陽", "欧阳", "ouyang nana")),
        *(("José Ángel Muñoz", part) for part in ("jose", "angel munoz", "JOSÉ", "Ángel")),
        *(("Jose Munoz", part) for part in ("José", "muñoz")),
        *(("Seán O'Brien", part) for part in ("sean", "obrien", "o'brien", "brien", "O’Brien")),  # noqa: RUF001 (meant)
        *(("李Ann", part) for part in ("李", "ann", "李Ann", "an")),
    ],
)
def test_a_name_is_found_by_any_part_its_pinyin_and_its_initials(name: str, query: str) -> None:
    assert finds(customer(name), query)


@pytest.mark.parametrize(
    "query",
    [
        *("8000", "38000", "0138000", "13800138000", "138 0013 8000", "138-0013-8000", "+86 138 0013 8000"),
        *("008613800138000", _wide("(138)00138000"), _wide("13800138000"), "王芳 8000", "王芳8000", "8000 wf"),
    ],
)
def test_a_phone_is_found_by_its_last_digits_however_they_are_written(query: str) -> None:
    assert finds(customer("王芳"), query)


@pytest.mark.parametrize("query", ["88886666", "010-88886666", "86 10 8888 6666", "+861088886666", "6666"])
def test_a_landline_is_found_with_and_without_its_area_code(query: str) -> None:
    assert finds(customer(phones=[{"number": "010-88886666", "label": "home"}]), query)


@pytest.mark.parametrize(
    "query", ["北京", "朝阳区", "建国路", "建国路88号", "建国路 1201", "国路88", "88", "3号楼 1201", "王小芳 建国"]
)
def test_an_address_is_found_by_its_words(query: str) -> None:
    assert finds(customer(), query)


def test_further_names_contacts_and_addresses_lead_there_too() -> None:
    home = {"text": "臺北市大安區 5 號", "district": "大安區"}
    company = customer("天成物业", aliases=["天成"], contacts=[{"name": "韩梅梅"}], addresses=[home])
    assert all(finds(company, query) for query in ("天成", "hanmeimei", "hmm 天成", "臺北", "大安區"))


@pytest.mark.parametrize(
    "query",
    [
        "张",
        "wangfang",
        "fx",
        "wangxf",
        "8001",
        "138",
        "长安街",
        "王小芳 8001",
        "朝阳 浦东",
        "建国路89号",
        "建中路",
        "路1201",
    ],
)
def test_what_does_not_fit_in_every_word_is_not_found(query: str) -> None:
    assert not finds(customer(), query)


@pytest.mark.parametrize("query", ["", "  ", "。", "---", "号 楼", _wide("()")])
def test_a_query_with_nothing_to_look_for_is_empty(query: str) -> None:
    assert parse_query(query) == ()


@pytest.mark.parametrize(
    ("query", "serial"), [("rf-0001", "RF-0001"), ("0001", "0001"), ("abcd", ""), ("a1", ""), ("王芳", "")]
)
def test_a_word_that_looks_like_a_serial_number_is_taken_for_one_as_well(query: str, serial: str) -> None:
    assert [word.serial for word in parse_query(query)] == [serial]


def test_a_common_company_name_makes_no_flood_of_tokens() -> None:
    assert len(search_entry(customer("王芳")).tokens) < 50
    assert len(search_entry(customer("北京天成物业管理集团股份有限公司朝阳分公司")).tokens) < 200


async def _archived(intake: RunningService, **said: Any) -> str:
    answer = await intake.http.post("/customers", json=PLAIN | said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _found(intake: RunningService, path: str = "/customers", **params: Any) -> list[str]:
    """Ids, page by page."""
    ids: list[str] = []
    while True:
        answer = await intake.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        ids += [item["id"] for item in answer.json()["items"]]
        if not answer.json()["next"]:
            return ids
        params["cursor"] = answer.json()["next"]


SHANGHAI = {"name": "上海", "zone": "Asia/Shanghai", "location": {"lat": 31.2, "lon": 121.5}}
SERIAL = {"serial": "RF-2026-0417", "model": "BCD-258", "line": "refrigerator", "batch": "B-7"}


@pytest.fixture
async def three(intake: RunningService) -> tuple[str, str, str]:
    """Two in Beijing, one in Shanghai."""
    assert (await intake.http.put("/branches/SH01", json=SHANGHAI)).status_code == 200
    there = {"branch": "SH01", "address": "上海市浦东新区世纪大道100号"}
    return (
        await _archived(intake, name="王芳", phone="13800138000", products=[SERIAL]),
        await _archived(intake, name="陳大文", phone="13900138001", address="北京市海淀区中关村大街1号"),
        await _archived(intake, name="John Smith", phone="+12125550100", **there),
    )


async def test_one_box_finds_customers_by_everything(intake: RunningService, three: tuple[str, str, str]) -> None:
    fang, chen, john = three
    for query, expected in {
        "王芳": [fang],
        "wf": [fang],
        "cdw": [chen],
        "john": [john],
        "0100": [john],
        "8000": [fang],
        "北京": [chen, fang],
        "北京 海淀": [chen],
        "北京 浦东": [],
        "rf-2026-0417": [fang],
        "0417": [fang],
        "0417 wangfang": [fang],
        "0417 chen": [],
        "建国路 王": [fang],
    }.items():
        assert await _found(intake, q=query) == expected, query
    assert await _found(intake, q="北京", limit=1) == [chen, fang]
    assert await _found(intake, q="0417", branch="SH01") == []
    assert await _found(intake, branch="SH01") == [john]
    assert await _found(intake, q="john", branch="BJ01") == []
    assert await _found(intake, limit=2) == [john, chen, fang]
    nothing = await intake.http.get("/customers", params={"q": "。"})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "search.nothing_to_look_for")


async def test_who_changes_is_found_as_they_are_now(intake: RunningService, three: tuple[str, str, str]) -> None:
    fang = three[0]
    changes = {"name": "李娜", "phones": [{"number": "13700137007"}]}
    assert (await intake.http.patch(f"/customers/{fang}", json=changes)).status_code == 200
    assert await _found(intake, q="王芳") == await _found(intake, q="8000") == []
    assert await _found(intake, q="ln 7007") == [fang]


async def test_products_are_found_by_serial_model_and_batch(
    intake: RunningService, three: tuple[str, str, str]
) -> None:
    more = [{"serial": f"EB-{number:04}", "model": "E1", "line": "e-bike"} for number in range(5)]
    await _archived(intake, name="王芳", products=more)
    for query, count in {
        "RF-20": 1,
        "rf-2026-0417": 1,
        "0417": 1,
        "E1": 5,
        "B-7": 1,
        _wide("EB"): 5,
        "XX": 0,
        "0002": 1,
    }.items():
        assert len(await _found(intake, "/products", q=query, limit=2)) == count, query
    assert await _found(intake, "/products", limit=2) == ["RF-2026-0417", *(f"EB-{n:04}" for n in range(4, -1, -1))]
    assert await _found(intake, "/products", q="E1", branch="SH01") == []


async def test_common_words_that_rarely_meet_are_found_page_by_page(intake: RunningService) -> None:
    """The first customer stands behind more entries with one of the two words than are looked at for a page."""
    first = await _archived(intake, name="王芳", phone="13800130000", address="浦东 1")
    for number in range(1, 12):
        address = "浦东 2" if number % 2 else "徐汇 2"
        await _archived(intake, name="李娜" if number % 2 else "王五", phone=f"138001300{number:02}", address=address)
    pages: list[list[str]] = []
    below = None
    while len(pages) < 9:
        asked = Search(parse_query("王 浦东"), below=below, looks=(2, 3))
        page, below = await find_customers(intake.runtime.mongo, asked)
        pages.append([customer.id for customer in page])
        if below is None:
            break
    assert pages == [[], [first]]
    assert await _found(intake, q="王 浦东") == [first]


async def _profiled(intake: RunningService, *calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What MongoDB did for these calls: each command with its plan and what it looked at."""
    db = intake.runtime.mongo._db
    await db.command("profile", 2)
    for path, params in calls:
        answer: httpx.Response = await intake.http.get(path, params=params)
        assert answer.status_code == 200, (path, params, answer.text)
    await db.command("profile", 0)
    ours = {"ns": {"$regex": r"\.(customers|search_entries|products|requests|merges|models)$"}, "op": {"$ne": "insert"}}
    return list(await db["system.profile"].find(ours).to_list(None))


async def test_every_query_of_the_archive_runs_on_an_index(intake: RunningService, three: tuple[str, str, str]) -> None:
    """A hundred customers more, of whom no query may look at many; a scan of them all would be seen."""
    others = (_archived(intake, name="赵六", phone=f"15000000{number:03}", address="天津") for number in range(100))
    await asyncio.gather(*others)
    fang = three[0]
    searches = ("王芳", "8000", "wangfang", "0417 王", "海淀 北京", "john", "rf-2026-0417")
    lists = (f"/customers/{fang}/{what}" for what in ("products", "requests", "duplicates", "merges"))
    done = await _profiled(
        intake,
        *(("/customers", {"q": query} | scope) for query in searches for scope in ({}, {"branch": "BJ01"})),
        *(
            ("/products", {"q": query} | scope)
            for query in ("RF-2", "0417", "BCD-258")
            for scope in ({}, {"branch": "BJ01"})
        ),
        ("/products", {"quarantined": True}),
        ("/products", {"quarantined": True, "branch": "BJ01"}),
        *((path, {}) for path in lists),
    )
    assert len(done) > 40
    for command in done:
        assert "COLLSCAN" not in command["planSummary"], command
        assert command["docsExamined"] <= 20, command
        assert not command.get("hasSortStage") or command["keysExamined"] <= 20, command


async def test_a_query_without_an_index_would_be_seen(intake: RunningService, three: tuple[str, str, str]) -> None:
    """The check above can fail."""
    db = intake.runtime.mongo._db
    await db.command("profile", 2)
    await intake.runtime.mongo.rows("customers", {"name": "王芳"})
    await db.command("profile", 0)
    (command,) = await db["system.profile"].find({"ns": {"$regex": r"\.customers$"}, "op": "query"}).to_list(None)
    assert "COLLSCAN" in command["planSummary"]
