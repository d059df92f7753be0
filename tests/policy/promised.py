"""Clocks for tests: one promise of eight hours that began on a Monday morning, and what became of it."""

from datetime import UTC, datetime, timedelta

from aftersales.policy import sla
from aftersales.policy.calendars import Calendar, SpecialDay
from aftersales.policy.sla import LadderStep, SlaClock, Terms

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai, a working Monday."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = Calendar(zone="Asia/Shanghai", week=("09:00-12:00 13:00-18:00",) * 5 + ("", ""), holidays="CN")
SHUT = OFFICE.model_copy(update={"days": (SpecialDay(day="2026-11-24", why="台风"),)})
LADDER = (
    LadderStep(role="supervisor"),
    LadderStep(role="centre", after=HOUR),
    LadderStep(role="headquarters", after=3 * HOUR),
)


def begun(target=8 * HOUR, calendar=None, pauses=("waiting_part", "waiting_customer"), **terms):
    wanted = Terms(target=target, calendar=calendar, pauses=pauses, **({"warn_at": (0.5, 0.8)} | terms))
    return sla.start_clock((), "repair", "repair-1", MONDAY, wanted)


def only(clocks) -> SlaClock:
    (clock,) = clocks
    return clock


def retargeted(clocks, target, said):
    """The same terms with another target."""
    clock = only(clocks)
    return sla.retarget_clock(clocks, clock.key, clock.terms.model_copy(update={"target": target, "until": None}), said)


def told(before, after):
    return [(events.kind, events.mark) for events in sla.thresholds_passed(before, after)]
