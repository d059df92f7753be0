"""An order that nobody can take: when it is tried again, and what that writes (DSP-2)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aftersales.common.events.dispatch import AssignmentDeferred
from aftersales.common.events.intake import RequestRegistered
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.dispatch.orders.domain.assignment import RETRY_AT_MOST, assign_technician
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder
from aftersales.dispatch.orders.handlers import STEP
from aftersales.dispatch.technicians.domain import SecondLook, Shift, Technician
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

Maker = Callable[..., Technician]
PERSON = {"name": "李师傅", "branch": "SH01", "skills": ["refrigerator"], "licence_until": "2030-01-01T00:00:00Z"}


def _tried(
    order: WorkOrder, people: list[Technician], now: datetime, policy: OrderPolicy
) -> tuple[WorkOrder, list[str]]:
    _, (planned, events) = assign_technician(order, people, now, "dispatch", policy)
    return planned, [event.reason for event in events if isinstance(event, AssignmentDeferred)]


def test_the_waits_grow_to_a_day_and_the_reason_is_published_once_dsp_2(
    waiting: WorkOrder, now: datetime, policy: OrderPolicy
) -> None:
    order, told = _tried(waiting, [], now, policy)
    waits = []
    for _ in range(8):
        assert order.retry_at
        waits.append(order.retry_at - now)
        now = order.retry_at
        order, more = _tried(order, [], now, policy)
        told += more
    assert [wait / timedelta(minutes=1) for wait in waits[:4]] == [5, 15, 60, 240]
    assert waits[-1] == RETRY_AT_MOST
    assert told == ["no_skill"]


def test_another_reason_is_news_and_the_waits_begin_again_dsp_2(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    order, _ = _tried(waiting, [], now, policy)
    later = now + timedelta(hours=5)
    order, told = _tried(order, [technician(suspended=True)], later, policy)
    assert (told, order.deferred_at, order.retry_at) == (["no_licence"], later, later + policy.retry_after)


def test_it_is_tried_when_the_shift_of_somebody_who_fits_otherwise_begins_dsp_4(
    waiting: WorkOrder, technician: Maker, now: datetime, policy: OrderPolicy
) -> None:
    shift = Shift(start=10 * 60 + 22, end=18 * 60)
    people = [technician(shift=shift), technician("T2", shift=Shift(start=18 * 60, end=6 * 60))]
    order, _ = _tried(waiting, people, now, policy)
    assert order.deferred_for == "nobody_on_duty"
    assert order.retry_at == now + timedelta(minutes=2), "then the visit begins with the shift"
    chosen, _ = assign_technician(order, people, order.retry_at, "dispatch", policy)
    assert chosen
    assert chosen.id == "T1"
    nobody, _ = _tried(waiting.but(declined_by=("T1",)), people, now, policy)
    assert nobody.retry_at == now + policy.retry_after, "that one has declined"


async def _put(service: RunningService, code: str = "T-1", **changes: Any) -> None:
    answer = await service.http.put(f"/technicians/{code}", json=PERSON | changes)
    assert answer.status_code == 200, answer.text


async def _deferred(service: RunningService, count: int) -> list[WorkOrder]:
    async def found() -> list[WorkOrder] | None:
        orders: list[WorkOrder] = await service.find(WorkOrder, state="waiting")
        return orders if len(orders) == count and all(order.deferred_for for order in orders) else None

    return await eventually(found, 60) or []


async def _register(service: RunningService, registered: RequestRegistered, count: int) -> list[WorkOrder]:
    for number in range(count):
        await service.deliver(registered.model_copy(update={"request": f"SR-261123-{number:04}"}))
    return await _deferred(service, count)


async def test_a_technician_who_is_new_has_all_waiting_orders_tried_at_once_dsp_2(
    running: RunningSystem, registered: RequestRegistered
) -> None:
    """More of them than fit into one step, while the clock stands still."""
    service, count = running.dispatch, 2 * STEP + 1
    await _register(service, registered, count)
    await _put(service)

    async def offered() -> bool:
        return len(await service.find(WorkOrder, state="offered")) == count

    await eventually(offered, 60)
    assert len((await service.find(Technician))[0].open_orders) == count
    assert await service.find(SecondLook) == []


async def test_a_change_that_does_not_help_writes_nothing_to_a_waiting_order(
    running: RunningSystem, registered: RequestRegistered
) -> None:
    service = running.dispatch
    before = await _register(service, registered, 3)
    await _put(service, skills=["e-bike"])

    async def looked() -> bool:
        return not await service.find(SecondLook)

    await eventually(looked)
    assert await _deferred(service, 3) == before
    await _put(service, licence_until="2020-01-01T00:00:00Z")

    async def renamed() -> bool:
        return all(order.deferred_for == "no_licence" for order in await service.find(WorkOrder))

    await eventually(renamed)
    await _put(service)

    async def offered() -> bool:
        return len(await service.find(WorkOrder, state="offered")) == 3

    await eventually(offered)


async def test_parts_that_come_have_a_waiting_order_tried_at_once_inv_13(
    running: RunningSystem, registered: RequestRegistered, slip_news: Callable[..., Any], clock: ManualClock
) -> None:
    """Without them the visit was to be a day later, when the only other licence has ended."""
    service = running.dispatch
    await _put(service)
    await service.deliver(registered)

    async def order(state: str, parts: str) -> WorkOrder | None:
        found: list[WorkOrder] = await service.find(WorkOrder, state=state, parts_state=parts)
        return found[0] if found else None

    offered = await eventually(lambda: order("offered", "pending"))
    assert offered
    await service.deliver(slip_news(PartShort, 1))
    await eventually(lambda: order("offered", "short"))
    tonight = (clock.now() + timedelta(hours=12)).isoformat()
    await _put(service, "T-2", licence_until=tonight)
    declined = await service.http.post(f"/orders/{offered.id}/decline", json={"reason": "ill"})
    assert declined.json()["deferred_for"] == "all_declined"
    await service.deliver(slip_news(PartReserved, 2))
    again = await eventually(lambda: order("offered", "reserved"))
    assert again
    assert again.technician == "T-2"
