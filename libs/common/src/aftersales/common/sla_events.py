"""What a service tells of its clocks: one event for each mark that a change has passed (ALL-3). Pure."""

from datetime import datetime
from typing import NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, SlaMark
from aftersales.policy import sla


class SlaEventTypes(NamedTuple):
    """A service's own three event types."""

    warned: type[SlaMark]
    breached: type[SlaMark]
    escalated: type[SlaMark]

    def passed(
        self, before: Aggregate | None, after: Aggregate, now: datetime, *, request: str, owner: str = ""
    ) -> tuple[Event, ...]:
        """Compare the clocks of two states; `owner` is whose promise it is, `request` what it is about."""
        about = {"subject": after.id, "request": request, "branch": after.branch, "at": now, "owner": owner}
        return tuple(
            getattr(self, threshold.kind)(
                **about, stage=threshold.clock.stage, deadline=threshold.clock.deadline, mark=threshold.mark
            )
            for threshold in sla.thresholds_passed(before.clocks if before else (), after.clocks)
        )
