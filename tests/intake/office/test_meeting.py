"""The weekly one-hour meeting, with an agenda of the week's cases (ALL-8)."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.staff import FORM, ask, register, say

from aftersales.common.mongo import Writes
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.network.domain import Branch
from aftersales.intake.office.domain.meeting import (
    AgendaCase,
    MeetingPolicy,
    MinutesForm,
    Topic,
    propose_agenda,
    week_span,
    write_minutes,
)
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.settings import Settings
from aftersales.policy.presets import load_presets
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService, RunningSystem
from aftersales.values import GeoPoint
from aftersales.values.errors import DomainError, Malformed

POLICY = Settings().meeting_policy()
WEEK = "2026-W48"
MONDAY = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def _case(topic: Topic, subject: str = "SR-261123-0001", count: int = 1) -> AgendaCase:
    return AgendaCase(topic=topic, subject=subject, fault="no-cooling", count=count)


def _branch(zone: str = "Asia/Shanghai") -> Branch:
    return Branch(id="BJ01", branch="BJ01", name="北京", zone=zone, location=GeoPoint(lat=39.9, lon=116.4))


def test_a_week_is_from_monday_to_monday_on_the_branch_s_wall() -> None:
    assert week_span(WEEK, _branch()) == (MONDAY, MONDAY + timedelta(days=7))
    assert week_span("2026-W13", _branch("Europe/Berlin"))[1] - week_span("2026-W13", _branch("Europe/Berlin"))[
        0
    ] == timedelta(days=7)
    assert week_span("2026-W53", _branch())[0] == datetime(2026, 12, 27, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("week", ["2025-W53", "2026-W54", "2026-W00"])
def test_a_week_that_the_year_does_not_have_is_malformed(week: str) -> None:
    with pytest.raises(Malformed, match=r"week\.unknown"):
        week_span(week, _branch())


def test_kinds_of_cases_take_turns_so_that_none_crowds_out_the_others() -> None:
    """ALL-8."""
    cases = [_case("complaint", f"SR-{n}") for n in range(20)] + [_case("reopened", "SR-r"), _case("frequent_fault")]
    agenda = propose_agenda("BJ01", WEEK, cases, POLICY).agenda
    assert [item.topic for item in agenda][:4] == ["complaint", "reopened", "frequent_fault", "complaint"]
    assert [item.subject for item in agenda if item.topic == "complaint"] == [f"SR-{n}" for n in range(6)]


CASES = st.lists(st.builds(_case, st.sampled_from(get_args(Topic)), st.text("0123456789", min_size=1, max_size=3)))


@given(CASES, st.integers(0, 90))
def test_an_agenda_fits_into_its_time_and_counts_what_it_leaves_out(cases: list[AgendaCase], minutes: int) -> None:
    """ALL-8: and nothing that would still fit is left out."""
    policy = MeetingPolicy(length=timedelta(minutes=minutes), minutes=POLICY.minutes)
    meeting = propose_agenda("BJ01", WEEK, cases, policy)
    used = sum(item.minutes for item in meeting.agenda)
    assert used <= minutes
    assert len(meeting.agenda) + meeting.left_out == len(cases)
    left = Counter(case.topic for case in cases) - Counter(item.topic for item in meeting.agenda)
    assert all(policy.minutes[topic] > minutes - used for topic in left)


def _minutes(**changes: Any) -> MinutesForm:
    form = {"held_at": "2026-11-27T16:00:00+08:00", "chair": "sup-1", "minutes": "两例压缩机噪音"}
    return MinutesForm.model_validate(form | changes)


def test_minutes_are_of_a_meeting_that_was_held() -> None:
    meeting = propose_agenda("BJ01", WEEK, [_case("complaint")], POLICY)
    friday = MONDAY + timedelta(days=4, hours=17)
    recorded = write_minutes(meeting, _minutes(decisions=[{"what": "查压缩机批次", "who": "sup-1"}]), MONDAY, friday)
    assert (recorded.chair, recorded.agenda, len(recorded.decisions)) == ("sup-1", meeting.agenda, 1)
    for held_at in ("2026-11-27T17:00:01+08:00", "2026-11-22T23:59:59+08:00"):
        with pytest.raises(DomainError, match=r"meeting\.not_held_yet"):
            write_minutes(meeting, _minutes(held_at=held_at), MONDAY, MONDAY + timedelta(days=4, hours=9))


async def test_the_agenda_is_made_from_the_week_s_cases(
    built: RunningSystem, intake: RunningService, say: Any, clock: ManualClock
) -> None:
    """ALL-8, INT-9: complaints, reopened requests, repeated faults, and the faults that came most often."""
    await _last_week(built, intake, say, clock)
    plain = await register(intake, fault="noise", product=_product("RF-0009"))
    repeated = await register(intake)
    await register(intake, fault="noise", product=_product("RF-0010"))
    complaint = await register(intake, fault="no-power", product=_product("RF-0011"))
    await _turn_into_complaint(intake, complaint)
    reopened = await register(intake, fault="leaking", product=_product("RF-0012"))
    await intake.deliver(say["repaired"](request=reopened, product=_ref("RF-0012"), fault="leaking"))
    await intake.deliver(say["dissatisfied"](request=reopened).model_copy(update={"at": clock.now()}))
    await built.quiet()

    meeting = await ask(intake, "/meetings/BJ01/2026-W49")
    assert [(item["topic"], item["subject"], item["count"]) for item in meeting["agenda"]] == [
        ("complaint", complaint, 1),
        ("reopened", reopened, 1),
        ("repeated_fault", repeated, 2),
        ("frequent_fault", "noise", 2),
    ]
    assert (meeting["left_out"], meeting["held_at"]) == (0, None)
    assert plain not in str(meeting)
    assert (await ask(intake, f"/meetings/BJ01/{WEEK}"))["agenda"] == []
    again = {"branch": "BJ01", "visit": {"$gt": 1}, "history": {"$elemMatch": {"state": "reopened", "at": MONDAY}}}
    assert "history.at" in str(await intake.runtime.mongo.explain(ServiceRequest, again))


def _product(serial: str) -> dict[str, Any]:
    return FORM["product"] | {"serial": serial}


def _ref(serial: str) -> Any:
    return {"serial": serial, "model": "BCD-258", "line": "refrigerator"}


async def _last_week(built: RunningSystem, intake: RunningService, events: Any, clock: ManualClock) -> None:
    """RF-0001 was repaired of the same fault."""
    number = await register(intake)
    await intake.deliver(events["repaired"](request=number).model_copy(update={"at": clock.now()}))
    await built.quiet()
    assert len((await intake.get(Product, "RF-0001")).warranty_card) == 1
    clock.advance(days=7)


async def _turn_into_complaint(intake: RunningService, number: str) -> None:
    """As a request of that kind stands in the database."""
    (row,) = await intake.runtime.mongo.rows("requests", {"_id": number})
    await intake.runtime.mongo.commit(
        Writes(replaces={"requests": [(row["_id"], row["version"], row | {"kind": "complaint"})]})
    )


async def test_all_8_what_has_no_fault_is_no_frequent_fault(intake: RunningService) -> None:
    """F23: installations and repairs without a fault code were faults named after their kind."""
    for serial in ("A-1", "A-2"):
        await register(intake, kind="installation", fault=None, product=_product(serial))
        await register(intake, fault=None, description="不知道", product=_product(serial))
    week = f"{intake.runtime.clock.now():%G-W%V}"
    agenda = (await ask(intake, f"/meetings/BJ01/{week}"))["agenda"]
    assert [item for item in agenda if item["topic"] == "frequent_fault"] == []


async def test_all_8_the_meeting_is_as_long_as_the_policy_says(intake: RunningService) -> None:
    """F23: it was a setting, whatever the policy said."""
    appliance = next(policy for policy in load_presets() if policy.name == "appliance")
    policy = appliance.model_dump(mode="json", exclude={"version"}) | {"name": "bj", "scope": {"branches": ["BJ01"]}}
    policy["routines"]["weekly_meeting"]["lasts"] = "PT10M"
    assert (await intake.http.post("/policies", json=policy)).status_code == 201
    for serial in ("A-1", "A-2"):
        await register(intake, kind="complaint", fault=None, description="态度差", product=_product(serial))
    week = f"{intake.runtime.clock.now():%G-W%V}"
    meeting = await ask(intake, f"/meetings/BJ01/{week}")
    assert (len(meeting["agenda"]), meeting["left_out"]) == (1, 1), "eight minutes each"


async def test_minutes_keep_the_agenda_as_it_was(intake: RunningService, clock: ManualClock) -> None:
    """ALL-8."""
    for _ in range(2):
        await register(intake)
    clock.advance(days=4)
    came = [{"person": "T-1", "status": "absent"}]
    form: dict[str, Any] = {"held_at": clock.now().isoformat(), "chair": "sup-1", "attendance": came}
    decision = {"what": "查压缩机批次", "who": "sup-1", "until": "2026-12-04", "subject": "no-cooling"}
    recorded = await say(intake, "PUT", f"/meetings/BJ01/{WEEK}", **form, decisions=[decision])
    await register(intake, fault="noise", product=_product("RF-0009"))
    await register(intake, fault="noise", product=_product("RF-0010"))
    assert await ask(intake, f"/meetings/BJ01/{WEEK}") == recorded
    assert [item["subject"] for item in recorded["agenda"]] == ["no-cooling"]
    corrected = await say(intake, "PUT", f"/meetings/BJ01/{WEEK}", **form, minutes="更正")
    assert (corrected["agenda"], corrected["minutes"]) == (recorded["agenda"], "更正")
    assert await say(intake, "PUT", "/meetings/BJ01/2025-W53", **form, status=422) == "week.unknown"
    assert await say(intake, "PUT", f"/meetings/XX/{WEEK}", **form, status=404) == "branches.unknown"
