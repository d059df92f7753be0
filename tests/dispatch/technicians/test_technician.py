"""Who may be sent: shifts and licences (DSP-1, DSP-12)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aftersales.common.terms import Terms
from aftersales.dispatch.technicians.domain import (
    KnownLines,
    RegisterTechnician,
    Shift,
    Technician,
    register_technician,
)

LINES = KnownLines(Terms(()))
Maker = Callable[..., Technician]


@given(start=st.integers(0, 1439), end=st.integers(0, 1439), minute=st.integers(0, 1439))
def test_a_shift_and_its_complement_share_the_day_dsp_12(start: int, end: int, minute: int) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minute)
    on, off = Shift(start=start, end=end, zone="UTC"), Shift(start=end, end=start, zone="UTC")
    assert (on.covers(at) and off.covers(at)) == (start == end)
    assert on.covers(at) or off.covers(at)


def test_a_shift_is_read_on_the_branchs_own_clock_also_when_it_changes() -> None:
    shift = Shift(start=8 * 60, end=16 * 60, zone="Europe/Berlin")
    assert shift.covers(datetime(2026, 10, 24, 6, 30, tzinfo=UTC))  # summer: 8:30
    assert not shift.covers(datetime(2026, 10, 26, 6, 30, tzinfo=UTC))  # winter: 7:30


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime"])
def test_a_zone_that_nobody_knows_is_malformed(zone: str) -> None:
    with pytest.raises(ValidationError):
        Shift(zone=zone)


def test_a_licence_until_no_time_that_can_be_told_is_malformed() -> None:
    form = {"name": "Li", "branch": "SH01", "licence_until": "0001-01-01T00:00:00+08:00"}
    with pytest.raises(ValidationError):
        RegisterTechnician.model_validate(form)


def test_new_particulars_leave_the_load_alone(technician: Maker, now: datetime) -> None:
    busy = technician(open_orders=("WO-1",))
    form = RegisterTechnician(name="Li", branch="SH02", licence_until=now)
    changed = register_technician(busy, "T1", form, LINES)
    assert (changed.name, changed.branch, changed.open_orders) == ("Li", "SH02", ("WO-1",))
    assert register_technician(None, "T1", form, LINES).open_orders == ()


@given(start=st.integers(0, 1439), length=st.integers(1, 1439), minutes=st.integers(0, 60 * 24 * 366))
def test_a_shift_covers_its_next_start_which_is_within_a_day_dsp_12(start: int, length: int, minutes: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    shift = Shift(start=start, end=(start + length) % 1440)
    begin = shift.next_start(at)
    assert at <= begin < at + timedelta(days=1)
    assert shift.covers(begin)
