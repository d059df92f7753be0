"""INT-3, INT-7, INT-9: requests of another system, finished ones as history and open ones without an owner."""

from collections.abc import AsyncIterator

import pytest
from cli.system import ROWS, Program, open_system, saved

from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.office.domain.digest import Digest
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock, eventually

HEADER = "branch,channel,name,phone,address,serial,model,line,fault,Ticket ID,Status,Created at,Closed at,wanted_at\n"


def row(number: int, rest: str, fault: str = "no-cooling") -> str:
    person = f"旧客{number},1309100{number:04},上海市{number}号"
    return f"sh-01,Telephone,{person},OLD-{number},BCD-470,refrigerator,{fault},{rest}\n"


@pytest.fixture(scope="module")
async def aftersales(urls, tmp_path_factory) -> AsyncIterator[Program]:
    async with open_system(urls, ManualClock(), ROWS[:2]) as program:
        folder = tmp_path_factory.mktemp("sheets")
        branches = saved(folder, "b.csv", "code,name,zone,lat,lon\nsh-01,上海,Asia/Shanghai,31.23,121.45\n")
        assert (await program("import", "branches", branches)).code == 0
        yield program


async def imported(program: Program, number: int) -> list[ServiceRequest]:
    return await program.system.intake.find(ServiceRequest, **{"product.serial": f"OLD-{number}"})


async def test_int3_a_finished_request_becomes_history_without_clocks_or_work(aftersales, tmp_path):
    file = saved(tmp_path, "old.csv", HEADER + row(1, "T-7,Solved,2026-11-02 09:00,2026-11-03 18:30,"))
    done = await aftersales("import", "requests", file, "--json")
    (request,) = await imported(aftersales, 1)
    listed = await aftersales.system.intake.http.get(f"/customers/{request.customer}/requests")
    product = await aftersales.system.intake.get(Product, "OLD-1")

    assert (done.code, done.json["imported"]) == (0, 1)
    assert (request.state, request.open, request.clocks, request.wake_at) == ("closed", False, (), None)
    assert request.registered_at.isoformat() == "2026-11-02T01:00:00+00:00"
    assert request.elsewhere.number == "T-7"
    assert [one["id"] for one in listed.json()["items"]] == [request.id]
    assert [(entry.fault, entry.at.day) for entry in product.warranty_card] == [("no-cooling", 3)]
    assert await aftersales.system.dispatch.find(WorkOrder, request=request.id) == []


async def test_int9_a_fault_that_comes_back_repeats_a_repair_of_the_other_system(aftersales, tmp_path):
    old = row(2, "T-8,已完成,2026-11-02 09:00,2026-11-20 18:30,")
    file = saved(tmp_path, "old.csv", HEADER + old + row(2, "T-9,open,,,"))
    done = await aftersales("import", "requests", file, "--json")
    past, now = sorted(await imported(aftersales, 2), key=lambda one: one.open)

    assert done.json["imported"] == 2
    assert (past.repeats, now.repeats) == (None, past.id)


async def test_int7_an_imported_request_has_no_owner_so_the_branch_is_warned(aftersales, tmp_path):
    file = saved(tmp_path, "open.csv", HEADER + row(3, "T-10,New,2026-11-02 09:00,,"))
    await aftersales("import", "requests", file)
    (request,) = await imported(aftersales, 3)
    aftersales.system.clock.advance(days=2)

    async def warned() -> list[Digest]:
        return await aftersales.system.intake.find(Digest, owner="sh-01")

    assert (request.owner, request.state) == ("", "registered")
    assert request.clocks
    assert await eventually(warned)
    assert await aftersales.system.intake.find(Digest, owner="import") == []


async def test_int3_a_number_elsewhere_is_one_request_whatever_else_changes(aftersales, tmp_path):
    file = saved(tmp_path, "daily.csv", HEADER + row(4, "T-11,New,2026-11-02 09:00,,"))
    await aftersales("import", "requests", file)
    file.write_text(HEADER + row(4, "T-11,Solved,2026-11-02 09:00,2026-11-20 10:00,"))
    done = await aftersales("import", "requests", file)

    assert "Imported 0, already imported 1" in done.out
    assert "Imported before, and read differently now (1): 2." in done.out
    assert len(await imported(aftersales, 4)) == 1


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("T-12,closed,,,", "request.past_undated"),
        ("T-12,closed,2026-11-02 09:00,2026-11-01 09:00,", "request.past_dates_wrong"),
        ("T-12,closed,2036-11-02 09:00,,", "request.past_dates_wrong"),
        ("T-12,limbo,2026-11-02 09:00,,", "cell.not_among"),
    ],
)
async def test_int3_history_without_a_time_or_with_an_unknown_state_is_refused(aftersales, tmp_path, rest, code):
    file = saved(tmp_path, "x.csv", HEADER + row(5, rest))
    await aftersales("import", "requests", file)

    assert code in (tmp_path / "x.csv.errors.csv").read_text("utf-8-sig")
    assert await imported(aftersales, 5) == []


async def test_int2_work_wanted_long_ago_is_warned_of_unless_it_is_history(aftersales, tmp_path):
    wanted = row(6, "T-13,,,,2013-05-01 10:00") + row(7, "T-14,closed,2013-05-01,,2013-05-02") + row(8, "T-15,,,,")
    file = saved(tmp_path, "x.csv", HEADER + wanted)
    done = await aftersales("import", "requests", file, "--dry-run")

    assert "Open rows older than 30 days (1): 2." in done.out
