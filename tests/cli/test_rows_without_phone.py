"""Rows of people without a telephone number: a letter, an e-mail, a chat, an anonymous note (INT-2)."""

from collections.abc import AsyncIterator

import pytest
from cli.system import ROWS, Program, open_system, saved

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.catalogue import CUSTOMERS, REQUESTS
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.rows import read_rows
from aftersales.cli.sheets.table import read_table
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock

SHEET = """网点,渠道,姓名,电话,邮箱,微信号,地址,无法联系原因,需求类型,故障描述
sh-01,email,何塞,,jose@example.com,,,,咨询,几点开门
sh-01,chat,Li Mei,-,n/a,xiaomao88,,,consultation,when do you open
sh-01,letter,甲,无,,,南京路 1 号,,consultation,几点关门
sh-01,letter,,,,,,匿名信,complaint,师傅态度不好
sh-01,phone,乙,13091009001,,,,,consultation,几点开门
"""


@pytest.fixture(scope="module")
async def aftersales(urls, tmp_path_factory) -> AsyncIterator[Program]:
    async with open_system(urls, ManualClock(), ROWS[:1]) as program:
        folder = tmp_path_factory.mktemp("sheets")
        branches = saved(folder, "b.csv", "code,name,zone,lat,lon\nsh-01,上海,Asia/Shanghai,31.23,121.45\n")
        assert (await program("import", "branches", branches)).code == 0
        yield program


async def test_int2_requests_of_people_without_a_phone_are_imported_once(aftersales, tmp_path):
    file = saved(tmp_path, "letters.csv", SHEET)
    dry = await aftersales("import", "requests", file, "--dry-run", "--json")
    done = await aftersales("import", "requests", file, "--json")
    again = await aftersales("import", "requests", file, "--json")
    requests = {one.description: one for one in await aftersales.system.intake.find(ServiceRequest)}
    customers = {one.name: one for one in await aftersales.system.intake.find(Customer)}

    assert (dry.code, done.json["imported"], again.json["imported"]) == (0, 5, 0)
    assert (customers["何塞"].email, customers["何塞"].phones) == ("jose@example.com", ())
    assert (customers["Li Mei"].chat_id, customers["Li Mei"].email, customers["Li Mei"].phone) == (
        "xiaomao88",
        None,
        "",
    )
    assert (customers["甲"].address, customers["乙"].phone) == ("南京路 1 号", "+8613091009001")
    assert requests["师傅态度不好"].unreachable == "匿名信"


def refused(text: str, kind: Kind = REQUESTS) -> list[tuple[str, str]]:
    rows = read_rows(read_table(text, kind), ReadOptions())
    return [(wrong.column, wrong.code) for row in rows for wrong in row.wrong]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("sh-01,letter,甲,,,,,,consultation,x", [("phone", "cell.all_empty")]),
        ("sh-01,letter,,,,,上海,,consultation,x", [("name", "cell.empty")]),
        ("sh-01,email,甲,,no address,,,,consultation,x", [("email", "cell.not_email")]),
        ("sh-01,phone,甲,00000000,,,上海,,consultation,x", [("phone", "cell.not_phone")]),
    ],
)
def test_int2_a_row_without_any_way_to_reach_somebody_is_refused(row, wrong):
    assert refused(SHEET.splitlines()[0] + "\n" + row) == wrong


@pytest.mark.parametrize("kind", [REQUESTS, CUSTOMERS])
def test_int2_a_sheet_whose_phones_are_under_an_unknown_header_is_refused(kind):
    """Otherwise all its people would be imported without their numbers."""
    with pytest.raises(Trouble, match=r"sheet\.columns_missing|phone"):
        refused("网点,渠道,姓名,打这个,地址,故障描述\nsh-01,phone,甲,13800138000,上海,x\n", kind)
