"""Events about a service's clocks: one for each threshold that a change has passed (ALL-3). Pure."""

from datetime import datetime
from typing import NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, SlaMark
from aftersales.policy import sla


class Duty(NamedTuple):
    """The owner of a promise, and whose move it is if not the owner's."""

    owner: str = ""
    mover: str = ""


NOBODY = Duty()


class SlaEventTypes(NamedTuple):
    warned: type[SlaMark]
    breached: type[SlaMark]
    escalated: type[SlaMark]

    def passed(
        self, before: Aggregate | None, after: Aggregate, now: datetime, *, request: str, duty: Duty = NOBODY
    ) -> tuple[Event, ...]:
        """Return an event for each threshold passed between two states."""
        about = {"subject": after.id, "request": request, "branch": after.branch, "at": now, **duty._asdict()}
        return tuple(
            getattr(self, threshold.kind)(
                **about,
                stage=threshold.clock.stage,
                deadline=threshold.clock.deadline,
                mark=threshold.mark,
                target=threshold.clock.terms.target,
            )
            for threshold in sla.thresholds_passed(before.clocks if before else (), after.clocks)
        )
