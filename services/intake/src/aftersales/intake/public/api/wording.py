"""Times and technicians in the words of the public page."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aftersales.intake.public.domain.own import PromiseDue, short_name

PageTexts = Mapping[str, str]
"""The texts of the page in one language."""


class LocalTime(NamedTuple):
    """The zone of a branch, and the present time."""

    zone: str
    now: datetime


def time_words(said: PageTexts, at: datetime, zone: str, until: datetime | None = None) -> str:
    """Return a time, or the span until a later one, in the branch's zone: `Tue 24 Nov, 09:00-11:00`."""
    begin, end = at.astimezone(ZoneInfo(zone)), (until or at).astimezone(ZoneInfo(zone))
    clock = f"{begin:%H:%M}"
    if begin.date() != end.date():
        return f"{_at(said, begin, clock)} – {_at(said, end, f'{end:%H:%M}')}"  # noqa: RUF001 (a span)
    return _at(said, begin, clock if begin == end else f"{clock}–{end:%H:%M}")  # noqa: RUF001 (a span)


def _at(said: PageTexts, day: datetime, clock: str) -> str:
    weekday, month = said["time.weekdays"].split()[day.weekday()], said["time.months"].split()[day.month - 1]
    return said["time.at"].format(weekday=weekday, month=month, day=day.day, clock=clock)


def promise_words(said: PageTexts, promise: PromiseDue | None, here: LocalTime) -> str | None:
    """Return the promised time, with an apology if it has passed."""
    if promise is None or promise.due_at is None:
        return None
    words = time_words(said, promise.due_at, here.zone)
    return said["promise.late"].format(time=words) if promise.due_at < here.now else words


def technician_words(said: PageTexts, name: str) -> str:
    """Return how a technician is called to a customer: the short name, or only the role."""
    short = short_name(name)
    return said["technician.named"].format(name=short) if short else said["technician.role"]
