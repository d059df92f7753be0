"""A design change: which part replaces which, and what is set aside (ALL-9, INV-13)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aftersales.common.events.intake import DesignChanged, Supersession
from aftersales.inventory.slips.domain import IssueSlip
from aftersales.inventory.stock.domain import StockItem, stock_id
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

Stories = Callable[..., Any]
TODAY = date(2026, 11, 23)


def design(old: str, new: str, day: date = TODAY, hours: int = 0) -> DesignChanged:
    at = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=hours)
    pair = Supersession(old=old, new=new, valid_from=day)
    return DesignChanged(notice="NT-1", supersessions=(pair,), published_at=at)


async def hear(service: RunningService, *events: Any) -> None:
    for event in events:
        await service.deliver(event)
        await service.quiet()


async def call(service: RunningService, method: str, path: str, body: Any = None) -> Any:
    answer = await service.http.request(method, path, json=body)
    assert answer.status_code < 300, answer.text
    return answer.json()


async def save(service: RunningService, code: str, pieces: int, quantity: int = 1) -> None:
    part = {"name": "压缩机", "faults": ["no-cooling"], "lines": ["refrigerator"], "quantity_per_job": quantity}
    await call(service, "PUT", f"/parts/{code}", part)
    if pieces:
        receipt = {"branch": "SH01", "part": code, "lot": "L-1", "bin": "W1-01", "quantity": pieces}
        await call(service, "POST", "/receipts", receipt)


async def slip_of(service: RunningService, number: int = 1) -> tuple[str, list[tuple[str, int, int]]]:
    slip = await service.get(IssueSlip, f"SR-261123-{number:04}".replace("SR", "IS") + "-1")
    assert slip is not None
    return slip.state, [(line.part, line.wanted, line.wanted - line.missing) for line in slip.lines]


async def test_parts_show_what_replaces_what_whichever_is_known_first_all_9(running: RunningSystem) -> None:
    service = running.inventory
    await save(service, "OLD", 0)
    await hear(service, design("OLD", "MIDDLE"))
    await save(service, "NEW", 0)
    await hear(service, design("OLD", "NEW", hours=1), design("OLD", "MIDDLE"))
    old, new = await call(service, "GET", "/parts/OLD"), await call(service, "GET", "/parts/NEW")
    assert (old["replaced_by"], new["replaces"]) == ({"part": "NEW", "valid_from": "2026-11-23"}, ["OLD"])
    await save(service, "MIDDLE", 0)
    assert (await call(service, "GET", "/parts/MIDDLE"))["replaces"] == []


async def test_old_stock_is_used_up_before_the_part_that_replaces_it_all_9(
    running: RunningSystem, story: Stories
) -> None:
    service = running.inventory
    await save(service, "OLD", 3, quantity=2)
    await save(service, "NEW", 2, quantity=2)
    await hear(service, design("OLD", "NEW"))
    await hear(service, story(1).assigned(), story(2).assigned(), story(3).assigned())
    assert await slip_of(service, 1) == ("reserved", [("OLD", 2, 2)])
    assert await slip_of(service, 2) == ("reserved", [("OLD", 1, 1), ("NEW", 1, 1)])
    assert await slip_of(service, 3) == ("short", [("NEW", 2, 1)])
    await save(service, "NEW", 1, quantity=2)
    assert await slip_of(service, 3) == ("reserved", [("NEW", 2, 2)])


async def test_before_its_day_a_design_change_sets_nothing_aside_all_9(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    await save(service, "OLD", 0)
    await save(service, "NEW", 5)
    await hear(service, design("OLD", "NEW", TODAY + timedelta(days=1)), story(1).assigned())
    assert await slip_of(service) == ("short", [("OLD", 1, 0)])


async def test_parts_that_replace_each_other_in_a_circle_end_all_9(running: RunningSystem, story: Stories) -> None:
    service = running.inventory
    await save(service, "OLD", 0)
    await hear(service, design("OLD", "NEW"), design("NEW", "OLD"), story(1).assigned())
    assert await slip_of(service) == ("short", [("NEW", 1, 0)])


async def test_a_visit_that_waits_gets_the_part_that_replaces_the_old_one_all_9(
    running: RunningSystem, story: Stories, clock: ManualClock
) -> None:
    """From its day, in line; whether the visit or the design change was known first."""
    service = running.inventory
    await save(service, "OLD", 1, quantity=2)
    await hear(service, story(1).assigned(), design("OLD", "NEW", TODAY + timedelta(days=1)))
    await save(service, "NEW", 3, quantity=2)
    await hear(service, story(2).assigned())
    assert [await slip_of(service, n) for n in (1, 2)] == [("short", [("OLD", 2, 1)]), ("short", [("OLD", 2, 0)])]
    clock.advance(days=1)

    async def served() -> bool:
        return (await slip_of(service, 2))[1][0][0] == "NEW"

    await eventually(served)
    assert await slip_of(service, 1) == ("reserved", [("OLD", 1, 1), ("NEW", 1, 1)])
    assert await slip_of(service, 2) == ("reserved", [("NEW", 2, 2)])
    assert (await service.get(StockItem, stock_id("SH01", "OLD"))).waiting == ()


async def test_a_design_change_that_holds_already_serves_who_waits_all_9(
    running: RunningSystem, story: Stories
) -> None:
    """Also in a circle, which ends."""
    service = running.inventory
    await save(service, "OLD", 0)
    await hear(service, story(1).assigned(), design("OLD", "NEW"))
    await eventually(lambda: _wants(service, "NEW"))
    await hear(service, design("NEW", "OLD", hours=1))
    await eventually(lambda: _wants(service, "OLD"))
    await service.quiet()
    await save(service, "OLD", 1)
    assert await slip_of(service) == ("reserved", [("OLD", 1, 1)])


async def _wants(service: RunningService, part: str) -> bool:
    return await slip_of(service) == ("short", [(part, 1, 0)])
