"""Branches (ALL-2)."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events.intake import BranchRegistered
from aftersales.intake.network.domain import Branch, BranchForm, register_branch
from aftersales.policy.calendars import Calendar, Hours, round_the_clock

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
PLACE: dict[str, Any] = {"name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}


def _form(**changes: Any) -> BranchForm:
    return BranchForm.model_validate(PLACE | changes)


def test_a_branch_that_opens_is_told() -> None:
    branch, events = register_branch(None, "BJ01", _form(), "desk-7", NOW)
    assert (branch.id, branch.branch, branch.name) == ("BJ01", "BJ01", "北京")
    place = {"branch": "BJ01", "name": "北京", "zone": "Asia/Shanghai", "location": branch.location}
    assert events == (BranchRegistered(**place, hours=Hours(), hours_since=NOW, hours_by="desk-7"),)


def test_a_branch_that_moves_is_told_with_all_particulars() -> None:
    branch, _ = register_branch(None, "BJ01", _form(), "desk-7", NOW)
    moved, events = register_branch(branch, "BJ01", _form(location={"lat": 40, "lon": 116}), "boss", LATER)
    assert moved.location.lat == 40
    assert len(events) == 1


def test_saying_the_same_again_tells_nothing() -> None:
    branch, _ = register_branch(None, "BJ01", _form(), "desk-7", NOW)
    assert register_branch(branch, "BJ01", _form(), "boss", LATER) == (branch, ())


def test_all_3_a_branch_never_closes_until_it_says_when() -> None:
    branch, _ = register_branch(None, "BJ01", _form(), "desk-7", NOW)
    assert branch.calendar == round_the_clock("Asia/Shanghai")
    office = Hours(week=("09:00-18:00",) * 5 + ("", ""), holidays="CN")
    changed, (events,) = register_branch(branch, "BJ01", _form(hours=office), "boss", LATER)
    assert changed.calendar == Calendar(zone="Asia/Shanghai", week=office.week, holidays="CN")
    assert events == BranchRegistered(**PLACE | {"branch": "BJ01"}, hours=office, hours_since=LATER, hours_by="boss")


def test_all_3_particulars_that_leave_the_hours_out_leave_them_as_they_are() -> None:
    office = Hours(week=("09:00-18:00",) * 5 + ("", ""))
    branch, _ = register_branch(None, "BJ01", _form(hours=office), "desk-7", NOW)
    renamed, (events,) = register_branch(branch, "BJ01", _form(name="北京朝阳"), "boss", LATER)
    assert (renamed.name, renamed.hours) == ("北京朝阳", office)
    assert isinstance(events, BranchRegistered)
    assert (events.hours_since, events.hours_by) == (NOW, "desk-7"), "the hours are as old as they were"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Asia", "../etc/passwd", "", "Asia/Shanghai\0", "zone.tab", "x" * 65])
def test_a_zone_that_no_clock_knows_is_malformed(zone: str) -> None:
    with pytest.raises(ValidationError):
        _form(zone=zone)


@pytest.mark.parametrize(
    ("zone", "today"), [("Asia/Shanghai", date(2026, 11, 23)), ("America/New_York", date(2026, 11, 22))]
)
def test_today_is_what_the_branch_has_on_its_wall(zone: str, today: date) -> None:
    branch = Branch(id="X", branch="X", **_form(zone=zone).model_dump(exclude_none=True))
    assert branch.day_of(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == today
