"""Dispatch as it runs: HTTP, events, the clock, on real servers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from aftersales.common.events.intake import IntakeHeartbeat, RequestCancelled, RequestRegistered, RequestReopened
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.common.heartbeat import BEAT, HeartbeatState
from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.technicians.domain import Technician
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

ORDER = "WO-261123-0001"
PERSON = {"name": "李师傅", "branch": "SH01", "skills": ["refrigerator"], "licence_until": "2030-01-01T00:00:00Z"}


async def call(service: RunningService, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await service.http.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def order_in(service: RunningService, state: str) -> WorkOrder:
    async def found() -> WorkOrder | None:
        order = await service.get(WorkOrder, ORDER)
        return order if order and order.state == state else None

    order = await eventually(found)
    assert order
    return order


async def load(service: RunningService) -> dict[str, tuple[str, ...]]:
    return {someone.id: someone.open_orders for someone in await service.find(Technician)}


async def test_a_request_sends_somebody_who_repairs_it_dsp_7_dsp_10(
    running: RunningSystem, registered: RequestRegistered, report: ServiceReport
) -> None:
    service = running.dispatch
    await call(service, "PUT", "/technicians/T-1", PERSON)
    await service.deliver(registered)
    assert (await order_in(service, "offered")).technician == "T-1"
    assert await load(service) == {"T-1": (ORDER,)}
    for step in ("accept", "depart", "arrive"):
        await call(service, "POST", f"/orders/{ORDER}/{step}")
    await call(service, "POST", f"/orders/{ORDER}/diagnose", {"cause": "compressor worn"})
    done = await call(service, "POST", f"/orders/{ORDER}/complete", report.model_dump(mode="json"))
    assert (done["state"], done["wake_at"], len(done["history"])) == ("completed", None, 7)
    assert await load(service) == {"T-1": ()}
    assert await call(service, "GET", f"/orders/{ORDER}") == done


async def test_who_declines_is_replaced_at_once_and_last_of_all_it_is_deferred_dsp_2(
    running: RunningSystem, registered: RequestRegistered
) -> None:
    service = running.dispatch
    for code in ("T-1", "T-2"):
        await call(service, "PUT", f"/technicians/{code}", PERSON)
    await service.deliver(registered)
    await order_in(service, "offered")
    second = await call(service, "POST", f"/orders/{ORDER}/decline", {"reason": "ill"})
    assert (second["state"], second["technician"], second["declined_by"]) == ("offered", "T-2", ["T-1"])
    assert await load(service) == {"T-1": (), "T-2": (ORDER,)}
    nobody = await call(service, "POST", f"/orders/{ORDER}/decline", {"reason": "ill"})
    assert (nobody["state"], nobody["technician"], nobody["deferred_for"]) == ("waiting", None, "all_declined")
    assert await load(service) == {"T-1": (), "T-2": ()}


async def test_an_order_nobody_fits_is_tried_again_by_the_clock_and_shows_when_it_is_late_dsp_2(
    running: RunningSystem, registered: RequestRegistered, clock: ManualClock
) -> None:
    service = running.dispatch
    await service.deliver(registered)
    assert (await order_in(service, "waiting")).deferred_for == "no_skill"
    clock.advance(minutes=16)

    async def late() -> bool:
        order = await service.get(WorkOrder, ORDER)
        return bool(order.clocks[0].outcome == "breached")

    await eventually(late)
    await call(service, "PUT", "/technicians/T-1", PERSON)
    clock.advance(minutes=5)
    order = await order_in(service, "offered")
    assert order.clocks[0].ended_at == clock.now()
    assert order.wake_at == order.clocks[1].wake_at


async def test_missing_parts_move_the_visit_and_found_ones_agree_it_anew_inv_13(
    running: RunningSystem, registered: RequestRegistered, slip_news: Callable[..., Any], clock: ManualClock
) -> None:
    service = running.dispatch
    await call(service, "PUT", "/technicians/T-1", PERSON)
    await service.deliver(registered)
    first = await order_in(service, "offered")
    for step in ("accept", "depart", "arrive"):
        await call(service, "POST", f"/orders/{ORDER}/{step}")
    await call(service, "POST", f"/orders/{ORDER}/need-part", {"part": "FAN-1"})
    await service.deliver(slip_news(PartShort, 2))
    await order_in(service, "waiting_for_parts")
    clock.advance(days=1)
    await service.deliver(slip_news(PartReserved, 3))
    again = await order_in(service, "accepted")
    assert (again.technician, again.parts_state) == ("T-1", "reserved")
    assert again.appointment_start
    assert first.appointment_start
    assert again.appointment_start > first.appointment_start


async def test_events_that_come_before_what_they_build_on_wait_for_it(
    running: RunningSystem, registered: RequestRegistered, cancelled: RequestCancelled
) -> None:
    service = running.dispatch
    await call(service, "PUT", "/technicians/T-1", PERSON)
    await service.deliver(cancelled)
    await running.quiet()
    await service.deliver(registered)
    await order_in(service, "cancelled")
    assert await load(service) == {"T-1": ()}


async def test_a_dissatisfied_customer_gets_a_second_visit_of_the_same_order_dsp_7(
    running: RunningSystem, registered: RequestRegistered, reopened: RequestReopened, report: ServiceReport
) -> None:
    service = running.dispatch
    await call(service, "PUT", "/technicians/T-1", PERSON)
    await service.deliver(registered)
    await order_in(service, "offered")
    for step in ("accept", "depart", "arrive"):
        await call(service, "POST", f"/orders/{ORDER}/{step}")
    await call(service, "POST", f"/orders/{ORDER}/complete", report.model_dump(mode="json"))
    await service.deliver(reopened)
    again = await order_in(service, "offered")
    assert (again.visit, [clock.key for clock in again.clocks]) == (
        2,
        ["dispatch-1", "arrival-1", "dispatch-2", "arrival-2"],
    )


async def test_a_beat_is_passed_on_once_and_an_older_one_not_at_all(running: RunningSystem, now: datetime) -> None:
    service = running.dispatch
    for started_at in (now, now, now.replace(hour=1)):
        await service.deliver(IntakeHeartbeat(started_at=started_at))
    await running.quiet()
    beat = await service.get(HeartbeatState, BEAT)
    assert (beat.seen_at, beat.version) == (now, 1)


async def test_what_is_refused_says_why_and_what_is_malformed_is_422(
    running: RunningSystem, registered: RequestRegistered
) -> None:
    service = running.dispatch
    await service.deliver(registered)
    await order_in(service, "waiting")
    refused = await call(service, "POST", f"/orders/{ORDER}/accept", status=409)
    assert refused["code"] == "order.wrong_state"
    assert (await call(service, "GET", "/orders/WO-261123-ZZZZ", status=404))["code"] == "orders.unknown"
    assert (await call(service, "GET", "/technicians/T-9", status=404))["code"] == "technicians.unknown"
    for method, path, body in (
        ("GET", "/orders/wo-1", None),
        ("GET", "/technicians/%20", None),
        ("GET", "/orders?state=lost", None),
        ("PUT", "/technicians/T-1", PERSON | {"licence_until": "2030-01-01T00:00:00"}),
        ("PUT", "/technicians/T-1", PERSON | {"shift": {"zone": "Mars/Olympus"}}),
        ("POST", f"/orders/{ORDER}/complete", {"cause": "worn"}),
        ("POST", f"/orders/{ORDER}/need-part", {"part": "FAN-1", "quantity": 0}),
    ):
        await call(service, method, path, body, status=422)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", 3),
        ("?branch=SH01", 2),
        ("?branch=SH01&state=offered", 1),
        ("?state=waiting", 2),
        ("?technician=T-1", 1),
        ("?technician=T-2", 0),
    ],
)
async def test_orders_are_listed_by_branch_state_and_technician(
    running: RunningSystem, registered: RequestRegistered, where: str, found: int
) -> None:
    service = running.dispatch
    await call(service, "PUT", "/technicians/T-1", PERSON)
    e_bike = registered.product.model_copy(update={"line": "e-bike"})
    variants: list[dict[str, Any]] = [{}, {"product": e_bike}, {"branch": "SH02"}]
    for number, changes in enumerate(variants, 1):
        await service.deliver(registered.model_copy(update={"request": f"SR-261123-000{number}"} | changes))
    await running.quiet()
    page = await call(service, "GET", f"/orders{where}")
    assert len(page["items"]) == found
    assert page["next"] is None


async def test_every_list_stands_on_an_index(running: RunningSystem) -> None:
    mongo = running.dispatch.runtime.mongo
    for kind, where, sort in (
        (WorkOrder, {"branch": "SH01"}, ("-_id",)),
        (WorkOrder, {"branch": "SH01", "state": "waiting"}, ("-_id",)),
        (WorkOrder, {"state": "waiting"}, ("-_id",)),
        (WorkOrder, {"technician": "T-1"}, ("-_id",)),
        (Technician, {"branch": "SH01"}, ()),
    ):
        plan = str(await mongo.explain(kind, where, sort))
        assert "IXSCAN" in plan, (kind, where)
        assert "'stage': 'SORT'" not in plan, (kind, where)
    assert "COLLSCAN" in str(await mongo.explain(WorkOrder, {"fault": "x"})), "the test can tell"
