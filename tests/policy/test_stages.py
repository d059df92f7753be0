"""What a stage promises (ALL-3) is worked out once for items that are alike: never by another's figures."""

from datetime import UTC, datetime, timedelta

import pytest

from aftersales.policy import sla
from aftersales.policy.calendars import Calendar, SpecialDay, round_the_clock
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import CaseTerms, DueTime, Stage
from aftersales.policy.presets import load_presets
from aftersales.policy.sla import ChangeNote, Clocks, SlaClock
from aftersales.policy.sla.stages import Response, Situation, change_hours, reach_milestone, retarget_stages

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STAGE = "dispatch"
PROPERTY = next(policy for policy in load_presets() if policy.name == "property")


def promised(policy: Policy, response: Response = Response()) -> timedelta:  # noqa: B008 (frozen)
    situation = Situation(policy, round_the_clock("Asia/Shanghai"), priority=4, response=response)
    (clock,) = reach_milestone((), policy.stages[STAGE].starts_on, NOW, (STAGE,), situation)
    return clock.terms.target


def test_a_policy_that_differs_from_another_of_its_name_and_version_keeps_its_own_figures() -> None:
    """A draft and what is published may share both."""
    usual = PROPERTY.stages[STAGE]
    longer = usual.model_copy(update={"target": timedelta(hours=7)})
    draft = PROPERTY.model_copy(update={"stages": PROPERTY.stages | {STAGE: longer}})

    assert hash(draft) == hash(PROPERTY)
    assert [promised(one) for one in (PROPERTY, draft, PROPERTY)] == [usual.target, longer.target, usual.target]


def test_int13_a_contracts_own_target_is_that_customers_alone() -> None:
    usual, agreed = PROPERTY.stages[STAGE].target, timedelta(minutes=5)
    theirs = Response("C-1", ((STAGE, agreed),))

    assert [promised(PROPERTY, one) for one in (Response(), theirs, Response())] == [usual, agreed, usual]


HOUR = timedelta(hours=1)
OFFICE = Calendar(zone="Asia/Shanghai", week=("09:00-18:00",) * 5 + ("", ""))
TYPHOON = OFFICE.model_copy(update={"days": (SpecialDay(day="2026-11-30", why="台风"),)})
FRIDAY = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
"""17:30 in Shanghai."""


def situated(stage: Stage, *cases: str, calendar: Calendar = OFFICE) -> Situation:
    """An item of one stage at the office; an emergency is of priority 1."""
    policy = PROPERTY.model_copy(update={"stages": {STAGE: stage}})
    return Situation(policy, calendar, 1 if cases else 4, cases)  # type: ignore[arg-type]


def begun(situation: Situation) -> Clocks:
    return reach_milestone((), "request_registered", FRIDAY, {STAGE}, situation)


def only(clocks: Clocks) -> SlaClock:
    (clock,) = clocks
    return clock


OFFICE_HOURS = Stage(
    starts_on="request_registered",
    stops_on="technician_assigned",
    target=8 * HOUR,
    calendar="branch",
    cases={"emergency": CaseTerms(target=2 * HOUR, calendar="always")},
)
BY_NOON = OFFICE_HOURS.model_copy(update={"target": None, "due": DueTime(time="12:00", days=1, working=True)})


@pytest.mark.parametrize(
    ("before", "after", "deadline"),
    [
        ((), ("emergency",), datetime(2026, 11, 27, 11, 30, tzinfo=UTC)),
        (("emergency",), (), datetime(2026, 11, 30, 8, 30, tzinfo=UTC)),
    ],
)
def test_int5_another_priority_brings_the_calendar_of_its_case_in_both_directions(
    before: tuple[str, ...], after: tuple[str, ...], deadline: datetime
) -> None:
    """Danger at 17:35 on a Friday is two hours round the clock, not Monday morning; taken back, it is Monday."""
    clocks = begun(situated(OFFICE_HOURS, *before))
    changed = retarget_stages(
        clocks, situated(OFFICE_HOURS, *after), ChangeNote(FRIDAY + HOUR / 12, "desk-7", "danger")
    )
    assert only(changed).deadline == deadline
    sum_ = sla.explain_clock(only(changed), FRIDAY)
    assert sum_.lines[-1].used == only(changed).terms.target
    assert (
        retarget_stages(changed, situated(OFFICE_HOURS, *after), ChangeNote(FRIDAY + HOUR / 6, "desk-7", "again"))
        == changed
    )


def test_int5_a_moment_that_is_due_and_a_target_take_each_others_place() -> None:
    plain, danger = situated(BY_NOON), situated(BY_NOON, "emergency")
    clocks = begun(plain)
    assert only(clocks).deadline == datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
    changed = retarget_stages(clocks, danger, ChangeNote(FRIDAY + HOUR, "desk-7", "danger"))
    assert only(changed).deadline == FRIDAY + 2 * HOUR
    back = retarget_stages(changed, plain, ChangeNote(FRIDAY + 1.5 * HOUR, "desk-7", "no danger"))
    assert only(back).deadline == only(clocks).deadline


def test_int5_a_moment_that_was_agreed_with_the_customer_stands_in_an_emergency() -> None:
    stage = OFFICE_HOURS.model_copy(update={"target": None, "agreed_in": "appointment"})
    agreed = situated(stage)._replace(agreed=FRIDAY + 24 * HOUR)
    danger = situated(stage, "emergency")._replace(agreed=agreed.agreed)
    clocks = begun(agreed)
    assert only(clocks).deadline == agreed.agreed
    assert retarget_stages(clocks, danger, ChangeNote(FRIDAY + HOUR, "desk-7", "danger")) == clocks
    assert only(begun(danger)).deadline == FRIDAY + 2 * HOUR, "otherwise it would be this"


@pytest.mark.parametrize(("stage", "later"), [(OFFICE_HOURS, timedelta(days=1)), (BY_NOON, timedelta(days=1))])
def test_all3_a_closure_entered_today_moves_what_is_promised_for_after_it(stage: Stage, later: timedelta) -> None:
    clocks = begun(situated(stage))
    shut = situated(stage, calendar=TYPHOON)
    moved = change_hours(clocks, shut, ChangeNote(FRIDAY + HOUR, "boston", "hours"))
    assert only(moved).deadline == only(clocks).deadline + later  # type: ignore[operator]
    assert only(moved).warn_at > only(clocks).warn_at  # type: ignore[operator]
    assert sla.next_wake(moved) > sla.next_wake(clocks)  # type: ignore[operator]
    counted = [line for line in sla.explain_clock(only(moved), FRIDAY).lines if line.kind == "counted"]
    if stage is OFFICE_HOURS:
        assert all(line.start.date() != TYPHOON.days[0].day for line in counted)


def test_all3_hours_that_were_longer_than_was_known_put_no_moment_into_the_past() -> None:
    saturday = OFFICE.model_copy(update={"days": (SpecialDay(day="2026-11-28", hours="09:00-18:00", why="加班"),)})
    clocks = begun(situated(BY_NOON))
    monday = ChangeNote(datetime(2026, 11, 30, 1, 0, tzinfo=UTC), "boston", "hours")
    assert change_hours(clocks, situated(BY_NOON, calendar=saturday), monday) == clocks


def test_int13_a_contracts_target_for_a_stage_that_the_policy_lacks_has_a_clock_round_the_clock() -> None:
    theirs = situated(OFFICE_HOURS)._replace(response=Response("CT-1", (("resolve", 4 * HOUR),)))
    clocks = reach_milestone((), "request_registered", FRIDAY, {"resolve"}, theirs)
    assert [(clock.stage, clock.deadline, clock.terms.policy) for clock in clocks] == [
        ("resolve", FRIDAY + 4 * HOUR, "CT-1")
    ]
    assert only(reach_milestone(clocks, "request_resolved", FRIDAY + HOUR, {"resolve"}, theirs)).outcome == "met"
