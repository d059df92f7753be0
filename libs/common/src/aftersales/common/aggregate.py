"""The aggregate: a document with one owner, its clocks, and the tallies of its changes. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from aftersales.common.events import Event
from aftersales.policy.sla import BREACH, SlaClock
from aftersales.values import Value


class Tally(Value):
    """A counter that changes in the same transaction as the state that it counts."""

    name: str
    labels: tuple[tuple[str, str], ...]
    amount: float = 1


DURATION_EDGES = (60, 300, 900, 1800, 3600, 7200, 10800, 14400, 28800, 86400, 172800, 604800)
"""Bucket edges of stage durations in seconds; the targets of the policies are among them."""


class Aggregate(BaseModel):
    """A document with one owner, changed only by rules that return a new one.

    `version` counts its changes from 1 and is the `sequence` of its events; `wake_at` is when its timer is due (ADR 3).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    COLLECTION: ClassVar[str]
    AUDITED: ClassVar[bool] = True
    NETWORK_WIDE: ClassVar[bool] = False
    """Whether callers of every branch may see it, although it has a branch (`common.scope`)."""
    HINTED: ClassVar[bool] = True
    """Whether `GET /live` reports its changes, if the API lists or shows it."""
    OF_CONTACT: ClassVar[bool] = False
    """Whether it belongs to one customer contact, whose correlation id it has permanently."""

    id: str
    """The number, code or id by which it is found."""
    version: int = 0
    """Counts its changes from 1; the `ETag`."""
    branch: str
    """The code of the branch it belongs to; `-`: to none."""
    correlation: str = ""
    """The correlation id of its contact; empty if it belongs to none."""
    wake_at: datetime | None = None
    """The time at which its timer runs next; null: never."""
    clocks: tuple[SlaClock, ...] = ()
    """Its deadlines, running and ended."""

    def but(self, **changes: Any) -> Self:
        """Return this aggregate with some fields replaced (validated only when it is stored again)."""
        return self.model_copy(update=changes)

    def derived(self) -> dict[str, Any]:
        """Return fields that follow from the others; `UnitOfWork.put` sets them, so that no rule can forget it."""
        return {}

    def derived_events(self, before: "Aggregate | None") -> Iterable[Event]:  # noqa: ARG002 (subclasses compare it)
        """Yield events that follow from the whole change, in addition to those of its rules."""
        return ()

    def tallies(self, before: "Aggregate | None") -> Iterable[Tally]:
        """Yield the tallies of this change: each deadline that was just met, breached or waived.

        A counter never falls: a breach that was taken back is counted as `withdrawn`, beside its first count.
        """
        if not self.clocks:
            return
        old = {clock.key: clock for clock in before.clocks} if before else {}
        for clock in self.clocks:
            was = old.get(clock.key)
            withdrawn = _breaches_taken_back(clock) - (_breaches_taken_back(was) if was else 0)
            decided = int(clock.outcome != "open" and (was is None or was.outcome != clock.outcome or withdrawn > 0))
            for outcome, amount in (("withdrawn", withdrawn), (clock.outcome, decided)):
                labels = (("branch", self.branch), ("outcome", outcome), ("stage", clock.stage))
                if amount:
                    yield Tally(name="sla_deadlines", labels=labels, amount=amount)
            if clock.ended_at and clock.outcome != "waived" and (was is None or was.ended_at is None):
                lasted = clock.ended_at - clock.started_at
                seconds = max(lasted.total_seconds(), 0.0)  # a callback may be made before it is due
                edge = next((edge for edge in DURATION_EDGES if seconds <= edge), float("inf"))
                yield Tally(name="stage_bucket", labels=(("le", str(edge)), ("stage", clock.stage)))
                yield Tally(name="stage_seconds", labels=(("stage", clock.stage),), amount=seconds)


def _breaches_taken_back(clock: SlaClock) -> int:
    return sum(fired.mark == BREACH for fired in clock.taken_back)
