"""Nobody is called in quiet hours, the policy's or the customer's (FBK-1, INT-3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.feedback.followups.domain import Usual, plan_followup, schedule_followup
from aftersales.policy.calendars import Calendar, minutes_taken, outside_hours
from aftersales.policy.model import Policy
from aftersales.policy.presets import load_presets

SHANGHAI = ZoneInfo("Asia/Shanghai")
USUAL = Usual(after=timedelta(hours=3), window=timedelta(hours=1))
PRESETS = {policy.name: policy for policy in load_presets()}


def _repaired(at: datetime, quiet: str = "") -> RepairCompleted:
    about = {"order": "WO-261122-7K3F", "request": "SR-261122-7K3F", "branch": "BJ01", "visit": 1, "technician": "T-9"}
    product = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"}
    return RepairCompleted.model_validate(
        about
        | {"at": at, "product": product, "fault": "x", "cause": "x", "solution": "x", "quiet_hours": quiet}
        | {"calendar": Calendar(zone="Asia/Shanghai").model_dump()}
    )


def _local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("policy", "repaired", "quiet", "due", "deadline"),
    [
        ("e-bike", "2026-11-23T22:00", "", "2026-11-24T09:00", "2026-11-24T10:00"),  # F8: it was due at 01:00
        ("property", "2026-11-23T21:59", "", "2026-11-24T09:00", "2026-11-27T09:00"),
        ("e-bike", "2026-11-23T09:30", "", "2026-11-23T14:00", "2026-11-23T15:00"),  # the noon rest
        ("e-bike", "2026-11-23T17:30", "", "2026-11-23T20:30", "2026-11-24T09:30"),  # half an hour is left
        ("e-bike", "2026-11-23T07:00", "09:00-11:00", "2026-11-23T11:00", "2026-11-23T12:00"),  # the customer's own
        ("e-bike", "2026-11-23T07:00", "", "2026-11-23T10:00", "2026-11-23T11:00"),
    ],
)
def test_fbk_1_a_call_waits_for_the_end_of_the_quiet_hours(
    policy: str, repaired: str, quiet: str, due: str, deadline: str
) -> None:
    event = _repaired(_local(repaired), quiet)
    planned = plan_followup(event, PRESETS[policy], USUAL)
    (clock,) = schedule_followup(event, planned).clocks
    assert (planned.due_at, clock.deadline) == (_local(due), _local(deadline))


times = st.integers(0, 47).map(lambda half: f"{half // 2:02}:{half % 2 * 30:02}")
windows = st.lists(st.tuples(times, times).filter(lambda ends: ends[0] != ends[1]).map("-".join), max_size=3)


@settings(deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 (the zone is added)
    windows.map(" ".join),
    st.sampled_from(sorted(PRESETS)),
)
def test_fbk_1_no_call_is_ever_due_in_quiet_hours(at: datetime, own: str, name: str) -> None:
    policy: Policy = PRESETS[name]
    event = _repaired(at.replace(tzinfo=UTC), own)
    planned = plan_followup(event, policy, USUAL)
    quiet = minutes_taken(f"{policy.callbacks.quiet_hours if policy.callbacks else ''} {own}")
    local = planned.due_at.astimezone(SHANGHAI)
    assert len(quiet) == 24 * 60 or local.hour * 60 + local.minute not in quiet


def test_hours_outside_of_windows_are_the_rest_of_the_day() -> None:
    found: Callable[[str], Any] = lambda quiet: (of := outside_hours(quiet, "UTC")) and of.week[0]  # noqa: E731
    assert found("12:00-14:00 21:00-09:00") == "09:00-12:00 14:00-21:00"
    assert found("00:00-06:30") == "06:30-24:00"
    assert found("") is None
    assert found("00:00-24:00") is None
