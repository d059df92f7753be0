"""The next deadline among clocks, and what a changed clock keeps of its former calendar (ALL-3)."""

from datetime import UTC, date, datetime, timedelta

from policy.promised import HOUR, MONDAY, begun

from aftersales.policy import sla
from aftersales.policy.calendars import Calendar, SpecialDay
from aftersales.policy.sla import ChangeNote, Terms
from aftersales.policy.sla.due import DueAt, next_due


def test_the_earliest_deadline_of_what_still_runs_is_next():
    """ALL-3."""
    clocks = begun()
    clocks = sla.start_clock(clocks, "review", "r-2", MONDAY, Terms(target=HOUR))
    assert (next_due(clocks).stage, next_due(clocks).due_at) == ("review", MONDAY + HOUR)
    ended = sla.stop_clock(clocks, "r-2", MONDAY)
    assert next_due(ended).due_at == begun()[0].deadline
    assert next_due(()) == DueAt(None, None, None)


def test_a_changed_clock_keeps_the_closed_day_on_which_it_began():
    """S2-5: 02:00 UTC is the evening before in Los Angeles, which was closed; the explanation needs that day."""
    start = datetime(2026, 6, 2, 2, tzinfo=UTC)
    evening, before = date(2026, 6, 1), date(2026, 5, 31)
    shut = tuple(SpecialDay(day=day, why="typhoon") for day in (before, evening))
    calendar = Calendar(zone="America/Los_Angeles", days=shut)
    clocks = sla.start_clock((), "repair", "r", start, Terms(target=8 * HOUR, calendar=calendar))
    wanted = Terms(target=8 * HOUR, calendar=Calendar(zone="America/Los_Angeles"))
    (clock,) = sla.retarget_clock(clocks, "r", wanted, ChangeNote(start + timedelta(hours=1), "x", "y"))
    kept = clock.retargets[-1].calendar
    assert isinstance(kept, Calendar)
    assert [special.day for special in kept.days] == [evening]
