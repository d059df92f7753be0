"""Business time: the common case and the longest, on a calendar with a lunch break, holidays and special days."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aftersales.policy.business_time import add_open_time, open_time_between
from aftersales.policy.calendars import Calendar, SpecialDay

OFFICE = Calendar(
    zone="Asia/Shanghai",
    week=("09:00-12:00 13:30-18:00",) * 5 + ("09:00-12:00", ""),
    holidays="CN",
    days=tuple(SpecialDay(day=date(2026, 1 + month, 28), why="stocktake") for month in range(12)),
)
START = datetime(2026, 3, 5, 1, tzinfo=UTC)
TEN_YEARS = timedelta(days=3652)


def race(count: int) -> dict[str, float]:
    """Microseconds: ten years of tables, made once, then the average of `count` calls, each from another moment."""
    open_time_between(OFFICE.model_copy(update={"week": ("",) * 7}), START, START + TEN_YEARS)  # the holidays are found
    began = time.perf_counter()
    work = open_time_between(OFFICE, START, START + TEN_YEARS)
    made = (time.perf_counter() - began) * 1e6
    same = OFFICE.model_copy(deep=True)  # as a service has it, which reads the branch anew for every request
    return {
        "the tables of ten years made, once": made,
        "8 h of work added": _average(count, lambda at: add_open_time(same, at, timedelta(hours=8))),
        "10 years of work added": _average(count, lambda at: add_open_time(same, at, work)),
        "open time in a day": _average(count, lambda at: open_time_between(same, at, at + timedelta(days=1))),
        "open time in 10 years": _average(count, lambda at: open_time_between(same, at, at + TEN_YEARS)),
    }


def _average(count: int, ask: Callable[[datetime], Any]) -> float:
    began = time.perf_counter()
    for minute in range(count):
        ask(START + timedelta(minutes=minute))
    return (time.perf_counter() - began) / count * 1e6
