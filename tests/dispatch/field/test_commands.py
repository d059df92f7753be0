"""Deeds that are reported late, and the commands of a phone that was offline (ADR 18)."""

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest

from aftersales.common.deeds import Deed, DeedForm
from aftersales.common.events.intake import RequestRegistered
from aftersales.dispatch.field.domain import FieldCommand, OrderCommand
from aftersales.dispatch.orders.domain.assignment import assign_technician
from aftersales.dispatch.orders.domain.deeds import note_deed, take_deed
from aftersales.dispatch.orders.domain.order import OrderPolicy, Step, WorkOrder, open_order
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.orders.domain.waits import tick_order
from aftersales.dispatch.visits import domain as visit
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

ORDER = "WO-261123-0001"
PERSON = {"name": "李师傅", "branch": "SH01", "skills": ["refrigerator"], "licence_until": "2030-01-01T00:00:00Z"}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def call(service: RunningService, method: str, path: str, body: Any = None, **headers: str) -> Any:
    answer = await service.http.request(method, path, json=body, headers={"X-Actor": "T-1", **headers})
    return answer.json()


async def send(service: RunningService, *commands: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = (await call(service, "POST", "/orders/batch", {"commands": commands}, **headers))[
        "answers"
    ]
    return answers


def command(id: str, name: str, at: datetime, **body: Any) -> dict[str, Any]:
    return {"id": id, "order": ORDER, "command": name, "body": {"at": at.isoformat(), **body}}


@pytest.fixture
async def service(running: RunningSystem, registered: RequestRegistered) -> RunningService:
    await call(running.dispatch, "PUT", "/technicians/T-1", PERSON)
    await running.dispatch.deliver(registered)

    async def offered() -> bool:
        order = await running.dispatch.get(WorkOrder, ORDER)
        return order is not None and order.state == "offered"

    await eventually(offered)
    return running.dispatch


def test_dsp_3_an_arrival_in_time_that_is_reported_late_takes_the_breach_back(
    on_the_way: WorkOrder, now: datetime, policy: OrderPolicy
) -> None:
    late, told = tick_order(on_the_way, now + 3 * HOUR)
    assert "dispatch.sla_breached.v1" in [event.TYPE for event in told]
    form = DeedForm(at=now + HOUR)
    deed = take_deed(late, "arrive", form, now + 4 * HOUR, "T1")
    order, events = note_deed(late, visit.arrive_at_visit(late, deed.at, deed.by, policy), deed)
    assert [(one.stage, one.outcome) for one in order.clocks] == [("dispatch", "met"), ("arrival", "met")]
    assert [event.TYPE.split(".")[1] for event in events] == ["technician_arrived", "sla_withdrawn"]
    arrived = events[0].model_dump()
    assert (arrived["at"], arrived["claimed"], arrived["on_time"]) == (now + HOUR, True, True)
    assert arrived["received_at"] == now + 4 * HOUR
    assert (order.history[-1].at, order.history[-1].claimed) == (now + HOUR, True)


def test_a_deed_counts_after_the_last_deed_and_after_the_assignment(offered: WorkOrder, now: datetime) -> None:
    early = take_deed(offered, "accept", DeedForm(at=now - HOUR), now + HOUR, "T1")
    assert (early.at, early.stated_at) == (now, now - HOUR)
    paused = Deed(what="pause", at=now + 10 * MINUTE, received_at=now + HOUR, by="T1", found=1)
    after = take_deed(offered.but(deeds=(paused,)), "accept", DeedForm(at=now), now + HOUR, "T1")
    assert after.at == now + 10 * MINUTE


def test_int_2_a_visit_that_was_arranged_on_paper_counts_from_its_own_times(
    registered: RequestRegistered, technician: Any, now: datetime, policy: OrderPolicy
) -> None:
    """The order is entered and planned five hours after the call; the technician was sent by telephone at once."""
    entered = now + 5 * HOUR
    event = registered.model_copy(update={"entered_at": entered})
    order = open_order(ORDER, event, entered, "intake", policy)[0]
    order = assign_technician(order, [technician()], entered, "dispatch", policy)[1][0]
    assert [(one.stage, one.outcome) for one in order.clocks] == [("dispatch", "breached"), ("arrival", "open")]
    early = take_deed(order, "accept", DeedForm(at=now - HOUR), entered, "T1")
    assert early.at == now, "nobody is sent before the call"
    deed = take_deed(order, "accept", DeedForm(at=now + 6 * MINUTE), entered + HOUR, "T1")
    accepted, events = visit.accept_visit(order, deed.at, deed.by, policy)
    sent, arrival = accepted.clocks
    assert (sent.outcome, sent.ended_at, arrival.started_at) == ("met", deed.at, deed.at)
    assert (arrival.deadline, arrival.terms.until) == (order.clocks[1].deadline, order.appointment_end)
    assert [event.TYPE for event in events] == ["dispatch.assignment_accepted.v1", "dispatch.sla_withdrawn.v1"]
    on_the_way = visit.depart_for_visit(accepted, now + 20 * MINUTE, "T1")[0]
    moved = on_the_way.but(history=(*on_the_way.history, Step(state="waiting_for_parts", at=entered, by="inventory")))
    assert take_deed(moved, "arrive", DeedForm(at=now + HOUR), entered + HOUR, "T1").at == entered
    again = visit.accept_visit(order, entered + MINUTE, "T1", policy)[0]
    assert again.clocks == order.clocks, "an acceptance after the assignment moves nothing"


def test_all_3_a_breach_counts_once_when_the_acceptance_moves_the_start_of_its_clock(
    registered: RequestRegistered, technician: Any, now: datetime, policy: OrderPolicy
) -> None:
    """The promise was broken before the acceptance was reported; it stays broken, and is not broken again."""
    entered = now + 5 * HOUR
    order = open_order(ORDER, registered.model_copy(update={"entered_at": entered}), entered, "intake", policy)[0]
    order = assign_technician(order, [technician()], entered, "dispatch", policy)[1][0]
    assert order.appointment_end
    late = order.appointment_end + MINUTE
    broken = tick_order(order, late)[0]
    accepted = visit.accept_visit(broken, now + 6 * MINUTE, "T1", policy)[0]
    ticked = tick_order(accepted, late + MINUTE)[0]
    assert [one.clocks[1].outcome for one in (broken, accepted, ticked)] == ["breached"] * 3
    tallies = [*accepted.tallies(broken), *ticked.tallies(accepted)]
    assert [one for one in tallies if {("outcome", "breached"), ("stage", "arrival")} <= {*one.labels}] == []


async def test_a_phone_that_was_offline_reports_its_day_and_every_command_has_its_own_answer(
    service: RunningService, clock: ManualClock, now: datetime, report: ServiceReport
) -> None:
    clock.advance(hours=5)
    commands = (
        command("1", "accept", now + 5 * MINUTE, decided_on=2),
        command("2", "depart", now + 10 * MINUTE),
        command("3", "complete", now + 20 * MINUTE, **report.model_dump(mode="json")),
        command("4", "arrive", now + 40 * MINUTE, position={"lat": 31.2, "lon": 121.4}),
        command("5", "diagnose", now + 50 * MINUTE),
        {**command("6", "arrive", now), "order": "WO-261123-9999"},
        command("7", "pause", now + 55 * MINUTE, reason="waiting_customer"),
        command("8", "resume", now + 75 * MINUTE, reason="waiting_customer"),
        command("9", "complete", now + 95 * MINUTE, **report.model_dump(mode="json")),
    )
    answers = await send(service, *commands)
    assert [(one["id"], one["status"]) for one in answers] == [
        ("1", 200),
        ("2", 200),
        ("3", 409),
        ("4", 200),
        ("5", 422),
        ("6", 404),
        ("7", 200),
        ("8", 200),
        ("9", 200),
    ]
    assert (answers[2]["problem"]["code"], answers[2]["body"]) == ("order.wrong_state", None)
    assert answers[4]["problem"]["params"]["errors"][0]["field"] == "body.cause"
    done = answers[8]["body"]
    times = {step["state"]: datetime.fromisoformat(step["at"]) - now for step in done["history"]}
    assert times["on_the_way"] == 10 * MINUTE
    assert times["completed"] == 95 * MINUTE
    assert {clock["outcome"] for clock in done["clocks"]} == {"met"}
    assert [(one["what"], one["claimed"], one["found"]) for one in done["deeds"]][:2] == [
        ("accept", True, 1),
        ("depart", True, 2),
    ]
    again = await send(service, *commands)
    assert [one["repeated"] for one in again] == [True, True, True, True, False, True, True, True, True]
    assert [one | {"repeated": None} for one in again] == [one | {"repeated": None} for one in answers]


async def test_a_command_counts_once_for_two_weeks_and_another_one_under_its_id_is_refused(
    service: RunningService, clock: ManualClock, now: datetime
) -> None:
    assert (await send(service, command("1", "accept", now)))[0]["status"] == 200
    clock.advance(days=13)
    assert (await send(service, command("1", "accept", now)))[0]["repeated"]
    (other,) = await send(service, command("1", "depart", now))
    assert (other["status"], other["problem"]["code"]) == (422, "idempotency_key.reused")
    (chinese,) = await send(service, command("2", "accept", now), **{"Accept-Language": "zh-CN"})
    assert "派工单" in chinese["problem"]["detail"] or "工单" in chinese["problem"]["detail"]


async def test_a_time_in_the_future_is_refused_with_the_time_here(service: RunningService, now: datetime) -> None:
    (ahead,) = await send(service, command("1", "accept", now + 6 * MINUTE))
    assert (ahead["status"], ahead["problem"]["code"]) == (422, "deed.in_future")
    assert ahead["problem"]["params"]["now"].startswith(now.isoformat()[:16])
    single = await call(service, "POST", f"/orders/{ORDER}/accept", {"at": (now + 4 * MINUTE).isoformat()})
    assert (single["state"], single["deeds"][0]["claimed"]) == ("accepted", False)


async def test_every_command_is_done_as_by_its_own_route(service: RunningService, now: datetime) -> None:
    """A command that the table of handlers lacked would answer 500; these are refused by rules, or done."""
    bodies: dict[str, dict[str, Any]] = {
        "decline": {"reason": "x"},
        "diagnose": {"cause": "x"},
        "need-part": {"part": "P-1"},
        "move": {"start": (now + HOUR).isoformat(), "asked_by": "us", "why": "x"},
        "pause": {"reason": "waiting_customer"},
        "resume": {"reason": "waiting_customer"},
        "take-unit": {"promised_at": (now + HOUR).isoformat()},
        "complete": {"cause": "x", "solution": "x", "tested": True, "signed_by": "x"},
    }
    names = [name for kind in kinds() for name in get_args(kind.model_fields["command"].annotation)]
    paths = {route.path.rpartition("/")[2] for route in routes(service) if route.path.startswith("/orders/{number}/")}
    assert set(names) == paths, "every step of a technician can be sent later"
    answers = await send(service, *(command(name, name, now, **bodies.get(name, {})) for name in names))
    assert {one["status"] for one in answers} <= {200, 409}


def kinds() -> tuple[type[OrderCommand], ...]:
    return get_args(get_args(FieldCommand)[0])


def routes(service: RunningService) -> Any:
    return service.runtime.service.router.routes
