"""Shift handover: what is open is listed for the next shift, which settles or takes over every line by noon (ALL-7)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from intake.staff import ask, data, overheard, register, say, staff
from pydantic import ValidationError

from aftersales.common.events.intake import IntakeSlaBreached, IntakeSlaEscalated, IntakeSlaWarned
from aftersales.intake.network.domain import Branch, Person
from aftersales.intake.office.domain.handover import (
    Closing,
    HandoverForm,
    OpenRequest,
    ShiftHandover,
    close_line,
    hand_over,
    tick_handover,
)
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.policy.choose import Facts, fallback_policy
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService
from aftersales.values import GeoPoint
from aftersales.values.errors import DomainError

NUMBER = "SH-261122-4TQ2"
EVENING = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
"""22:00 in Beijing."""
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "shift": "晚班",
    "ends_at": "2026-11-22T22:00:00+08:00",
    "from_person": "desk-7",
    "to_person": "desk-8",
}


def _ground(zone: str = "Asia/Shanghai") -> Ground:
    branch = Branch(id="BJ01", branch="BJ01", name="北京", zone=zone, location=GeoPoint(lat=39.9, lon=116.4))
    return Ground(branch, fallback_policy(Facts("BJ01", "", "", "", NOON.date())))


def _requests(number: int = 2) -> list[OpenRequest]:
    return [OpenRequest(f"SR-261122-{n:04}", "registered", "desk-7") for n in range(number)]


def _handover(number: int = 2, now: datetime = EVENING, **changes: Any) -> ShiftHandover:
    return hand_over(NUMBER, HandoverForm.model_validate(FORM | changes), _ground(), _requests(number), now)


def _due(ends_at: datetime, zone: str = "Asia/Shanghai") -> datetime | None:
    form = HandoverForm.model_validate(FORM | {"ends_at": ends_at})
    return hand_over(NUMBER, form, _ground(zone), _requests(), ends_at).due_at


def _closing(by: str = "desk-8", at: datetime = NOON) -> Closing:
    return Closing("settled", by, at, "已答复")


@pytest.mark.parametrize(
    ("ends_at", "noon"),
    [
        ("2026-11-22T22:00+08:00", "2026-11-23T12:00+08:00"),
        ("2026-11-22T14:00+08:00", "2026-11-23T12:00+08:00"),
        ("2026-11-22T12:00+08:00", "2026-11-23T12:00+08:00"),
        ("2026-11-23T00:00+08:00", "2026-11-23T12:00+08:00"),
        ("2026-11-23T07:30+08:00", "2026-11-23T12:00+08:00"),
    ],
)
def test_noon_is_the_next_day_s_and_after_a_night_shift_that_day_s(ends_at: str, noon: str) -> None:
    """ALL-7."""
    assert _due(datetime.fromisoformat(ends_at)) == datetime.fromisoformat(noon)


def test_noon_is_on_the_branch_s_wall_when_the_clocks_change() -> None:
    saturday = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    assert _due(saturday, "Europe/Berlin") == datetime(2026, 10, 25, 11, 0, tzinfo=UTC)


def test_a_handover_freezes_what_is_open_with_its_notes() -> None:
    """ALL-7."""
    handover = _handover(notes=[{"request": "SR-261122-0001", "note": "客户要求上午回电"}])
    assert [(line.request, line.owner, line.note) for line in handover.lines] == [
        ("SR-261122-0000", "desk-7", ""),
        ("SR-261122-0001", "desk-7", "客户要求上午回电"),
    ]
    assert (handover.due_at, handover.open, handover.left) == (NOON, True, ("SR-261122-0000", "SR-261122-0001"))


def test_a_shift_that_leaves_nothing_open_owes_nothing() -> None:
    handover = _handover(0)
    assert (handover.open, handover.clocks, handover.wake_at, handover.due_at) == (False, (), None, None)


def test_a_policy_without_the_stage_promises_nothing() -> None:
    """ALL-1: by when is the branch's own affair."""
    ground = _ground()
    stages = {name: stage for name, stage in ground.policy.stages.items() if name != "handover"}
    ground = replace(ground, policy=ground.policy.model_copy(update={"stages": stages}))
    handover = hand_over(NUMBER, HandoverForm.model_validate(FORM), ground, _requests(), EVENING)
    assert (handover.open, handover.due_at, handover.wake_at) == (True, None, None)


@pytest.mark.parametrize(
    ("changes", "number", "code"),
    [
        ({}, 2001, "handover.too_many_lines"),
        ({"notes": [{"request": "SR-261122-9999", "note": "?"}]}, 2, "handover.note_without_line"),
        ({"ends_at": "2026-11-24T00:00:00+08:00"}, 2, "handover.another_day"),
    ],
)
def test_a_handover_that_cannot_be_meant_is_refused(changes: dict[str, Any], number: int, code: str) -> None:
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        _handover(number, **changes)


@pytest.mark.parametrize("to", [{"to_role": "information_clerk"}, {"to_person": None}])
def test_a_handover_is_to_a_person_or_to_a_role(to: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"handover\.to_person_or_role"):
        HandoverForm.model_validate(FORM | to)


def _clerk(branch: str = "BJ01", role: str = "information_clerk") -> Person:
    return Person(id="desk-9", branch=branch, name="孙", roles=(role,))


def test_only_the_next_shift_deals_with_its_lines() -> None:
    """ALL-7: the person named, or whoever has the role in the branch."""
    request = "SR-261122-0000"
    assert close_line(_handover(), request, _closing(), None)[0].left == ("SR-261122-0001",)
    to_role = _handover(to_person=None, to_role="information_clerk")
    assert close_line(to_role, request, _closing("desk-9"), _clerk())[0].left == ("SR-261122-0001",)
    for handover, person in (
        (_handover(), _clerk()),
        (to_role, None),
        (to_role, _clerk("SH01")),
        (to_role, _clerk(role="finance")),
    ):
        with pytest.raises(DomainError, match=r"handover\.for_somebody_else"):
            close_line(handover, request, _closing("desk-9"), person)


def test_a_line_is_dealt_with_once() -> None:
    closed, _ = close_line(_handover(), "SR-261122-0000", _closing(), None)
    for request, code in (("SR-261122-0000", "line_closed"), ("SR-261122-7777", "no_such_line")):
        with pytest.raises(DomainError, match=rf"handover\.{code}"):
            close_line(closed, request, _closing(), None)


def test_the_clock_stops_with_the_last_line() -> None:
    """ALL-7."""
    handover = _handover()
    for request in handover.left:
        handover, events = close_line(handover, request, _closing(at=NOON + timedelta(seconds=1)), None)
    (clock,) = handover.clocks
    assert (clock.outcome, handover.open, handover.wake_at) == ("breached", False, None)
    early = _handover()
    for request in early.left:
        early, events = close_line(early, request, _closing(at=EVENING + timedelta(hours=6)), None)
        assert events == ()
    assert early.clocks[0].outcome == "met"


def test_what_is_late_is_told_with_the_lines_left() -> None:
    """ALL-7, ALL-3."""
    handover = _handover()
    assert handover.wake_at is not None
    handover, (warned,) = tick_handover(handover, handover.wake_at)
    assert isinstance(warned, IntakeSlaWarned)
    handover, _ = close_line(handover, "SR-261122-0000", _closing(at=NOON - timedelta(minutes=30)), None)
    late, (breached, owner) = tick_handover(handover, NOON)
    assert isinstance(breached, IntakeSlaBreached)
    assert (warned.left, breached.left) == (("SR-261122-0000", "SR-261122-0001"), ("SR-261122-0001",))
    assert (breached.subject, breached.stage, breached.deadline) == (NUMBER, "handover", NOON)
    _, (supervisor,) = tick_handover(late, NOON + timedelta(minutes=30))
    assert [mark.mark for mark in (owner, supervisor) if isinstance(mark, IntakeSlaEscalated)] == [
        "owner",
        "supervisor",
    ]


async def test_the_next_shift_takes_over_and_settles_every_line(intake: RunningService, clock: ManualClock) -> None:
    """ALL-7, INT-7: taking a line is the acceptance, and the request changes hands."""
    await staff(intake)
    async with overheard(intake) as heard:
        numbers = sorted([await register(intake) for _ in range(3)])
        form = FORM | {"ends_at": clock.now().isoformat()}
        handover = await say(intake, "POST", "/handovers", status=201, **form)
        path = f"/handovers/{handover['id']}"
        assert [line["request"] for line in handover["lines"]] == numbers
        assert handover["due_at"] == "2026-11-23T04:00:00Z"
        assert await say(intake, "POST", f"{path}/lines/{numbers[0]}/take", status=409) == "handover.for_somebody_else"
        await say(intake, "POST", f"{path}/lines/{numbers[0]}/take", by="desk-8")
        await say(intake, "POST", f"{path}/lines/{numbers[1]}/settle", by="desk-8", note="客户已取消")
        assert [item["id"] for item in (await ask(intake, "/handovers", branch="BJ01", open=True))["items"]]
        clock.advance(hours=3)
        await eventually(lambda: _told(heard, "sla_breached"))
        done = await say(intake, "POST", f"{path}/lines/{numbers[2]}/take", by="desk-8")
    assert [line["outcome"] for line in done["lines"]] == ["taken", "settled", "taken"]
    assert [(await intake.get(ServiceRequest, number)).owner for number in numbers] == ["desk-8", "desk-7", "desk-8"]
    assert (await ask(intake, "/handovers", branch="BJ01", open=True))["items"] == []
    assert [told["left"] for told in data(heard, "sla_breached")] == [[numbers[2]]]
    moved = data(heard, "request_handed_over")[0]
    assert (moved["from_owner"], moved["to_owner"], moved["reason"]) == ("desk-7", "desk-8", "shift_handover")
    metrics = await intake.metrics()
    late = 'aftersales_sla_deadlines_total{branch="BJ01",outcome="breached",stage="handover"} 1.0'
    assert late in metrics


async def _told(heard: list[dict[str, Any]], kind: str) -> bool:
    return bool(data(heard, kind))


async def test_only_what_is_open_and_if_asked_only_ones_own_is_handed_over(
    intake: RunningService, clock: ManualClock
) -> None:
    await staff(intake)
    own, other, gone = [await register(intake, owner=owner) for owner in ("desk-7", "desk-8", "desk-7")]
    await say(intake, "POST", f"/requests/{gone}/cancel", reason="不修了")
    form = FORM | {"ends_at": clock.now().isoformat()}
    every = await say(intake, "POST", "/handovers", status=201, **form)
    assert [line["request"] for line in every["lines"]] == sorted([own, other])
    mine = await say(intake, "POST", "/handovers", status=201, **form, only_own=True)
    assert [line["request"] for line in mine["lines"]] == [own]
    for changes, code in (
        ({"branch": "XX"}, "branch.unknown"),
        ({"to_person": "nobody"}, "person.unknown"),
        ({"to_person": None, "to_role": "pilot"}, "role.unknown"),
    ):
        assert await say(intake, "POST", "/handovers", status=409, **form | changes) == code
    await say(intake, "POST", f"/requests/{own}/cancel", reason="不修了")
    line = f"/handovers/{mine['id']}/lines/{own}"
    assert await say(intake, "POST", f"{line}/take", by="desk-8", status=409) == "request.ended"
    assert (await say(intake, "POST", f"{line}/settle", by="desk-8", note="已取消"))["open"] is False


async def test_two_who_take_a_line_at_once_do_not_both_get_it(intake: RunningService, clock: ManualClock) -> None:
    """ALL-7, INT-7."""
    await staff(intake)
    number = await register(intake)
    form = FORM | {"ends_at": clock.now().isoformat(), "to_person": None, "to_role": "information_clerk"}
    handover = await say(intake, "POST", "/handovers", status=201, **form)
    path = f"/handovers/{handover['id']}/lines/{number}/take"
    answers = await asyncio.gather(
        *(intake.http.post(path, headers={"X-Actor": by}) for by in ("desk-8", "desk-7", "desk-8"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_all_7_a_line_says_who_the_customer_is_and_what_it_is_about(intake: RunningService) -> None:
    """F18: before, twenty lines were forty calls more."""
    await staff(intake)
    await register(intake, description="冷藏室不制冷")
    form = FORM | {"ends_at": intake.runtime.clock.now().isoformat()}
    handover = await say(intake, "POST", "/handovers", status=201, **form)
    (line,) = await ask(intake, f"/handovers/{handover['id']}/lines")
    shown = {name: line[name] for name in ("customer", "line", "kind", "fault", "description", "state")}
    assert shown == {
        "customer": "王芳",
        "line": "refrigerator",
        "kind": "repair",
        "fault": "no-cooling",
        "description": "冷藏室不制冷",
        "state": "registered",
    }


async def test_lists_of_handovers_run_on_an_index(intake: RunningService) -> None:
    explain = intake.runtime.mongo.explain
    for where in ({"branch": "BJ01"}, {"open": True}, {"branch": "BJ01", "open": True}, {}):
        plan = str(await explain(ShiftHandover, where, sort=("-_id",)))
        assert "IXSCAN" in plan, where
        assert "'SORT'" not in plan, where
    open_ones = {"branch": "BJ01", "owner": "desk-7", "state": {"$in": ["registered", "reopened"]}}
    assert "IXSCAN" in str(await explain(ServiceRequest, open_ones))
