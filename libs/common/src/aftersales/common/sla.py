"""SLA clocks (ALL-3), in their simplest form: round the clock, warned once, breached once. Pure."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

WARN_AT = 0.8
"""The share of the target after which a warning fires."""

Outcome = Literal["open", "met", "breached", "waived"]


class SlaClock(BaseModel):
    """One promise: a stage that began and must end by `deadline`.

    It is in exactly one outcome; once it is not `open` it stays as it is. `ended_at` is when the work
    was done (a breached one may still be waiting for it).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    stage: str
    started_at: datetime
    deadline: datetime
    warn_at: datetime
    warned: bool = False
    outcome: Outcome = "open"
    ended_at: datetime | None = None


Clocks = tuple[SlaClock, ...]
Mark = tuple[Literal["warned", "breached"], SlaClock]


def start(clocks: Clocks, stage: str, key: str, now: datetime, target: timedelta) -> Clocks:
    """Start the clock `key` unless it was started before; `target` is how long the stage may take."""
    if find(clocks, key):
        return clocks
    warn_at = now + target * WARN_AT
    return (*clocks, SlaClock(key=key, stage=stage, started_at=now, deadline=now + target, warn_at=warn_at))


def find(clocks: Clocks, key: str) -> SlaClock | None:
    return next((clock for clock in clocks if clock.key == key), None)


def stop(clocks: Clocks, key: str, now: datetime) -> Clocks:
    """The work is done: met, or breached when it is late and no timer has said so yet."""
    return tuple(_stopped(clock, now) if clock.key == key else clock for clock in clocks)


def waive(clocks: Clocks, now: datetime) -> Clocks:
    """Nobody waits for these any more (the request was cancelled): open ones are waived, all end."""
    return tuple(_waived(clock, now) for clock in clocks)


def retarget(clocks: Clocks, key: str, deadline: datetime) -> Clocks:
    """Agree a new deadline while the clock is open; the warning moves along."""
    return tuple(_retargeted(clock, deadline) if clock.key == key else clock for clock in clocks)


def tick(clocks: Clocks, now: datetime) -> tuple[Clocks, tuple[Mark, ...]]:
    """What has become due by `now`: the clocks after it and each mark that fires, once."""
    marks: list[Mark] = []
    ticked = []
    for clock in clocks:
        after = clock
        if after.outcome == "open" and not after.warned and now >= after.warn_at:
            after = after.model_copy(update={"warned": True})
            marks.append(("warned", after))
        if after.outcome == "open" and now >= after.deadline:
            after = after.model_copy(update={"outcome": "breached"})
            marks.append(("breached", after))
        ticked.append(after)
    return tuple(ticked), tuple(marks)


def next_wake(clocks: Clocks) -> datetime | None:
    """The next moment at which `tick` has something to say."""
    waits = [clock.deadline if clock.warned else clock.warn_at for clock in clocks if clock.outcome == "open"]
    return min(waits, default=None)


def _stopped(clock: SlaClock, now: datetime) -> SlaClock:
    if clock.ended_at:
        return clock
    outcome = clock.outcome if clock.outcome != "open" else "met" if now <= clock.deadline else "breached"
    return clock.model_copy(update={"outcome": outcome, "ended_at": now})


def _waived(clock: SlaClock, now: datetime) -> SlaClock:
    if clock.ended_at:
        return clock
    return clock.model_copy(update={"outcome": "waived" if clock.outcome == "open" else clock.outcome, "ended_at": now})


def _retargeted(clock: SlaClock, deadline: datetime) -> SlaClock:
    if clock.outcome != "open":
        return clock
    warn_at = clock.started_at + (deadline - clock.started_at) * WARN_AT
    return clock.model_copy(update={"deadline": deadline, "warn_at": warn_at, "warned": False})
