"""Events about a service's clocks: thresholds that a change has passed, and the next deadline (ALL-3). Pure."""

from datetime import datetime
from typing import NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import DueChanged, Event, SlaMark, dispatch, feedback, intake
from aftersales.policy import sla
from aftersales.policy.sla.due import DueAt, next_due


class Duty(NamedTuple):
    """The owner of a promise, and whose move it is if not the owner's."""

    owner: str = ""
    mover: str = ""


NOBODY = Duty()


class SlaEventTypes(NamedTuple):
    warned: type[SlaMark]
    breached: type[SlaMark]
    escalated: type[SlaMark]
    withdrawn: type[SlaMark]

    def passed(
        self, before: Aggregate | None, after: Aggregate, now: datetime, *, request: str, duty: Duty = NOBODY
    ) -> tuple[Event, ...]:
        """Return an event for each threshold passed, or taken back, between two states."""
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


DISPATCH_MARKS = SlaEventTypes(
    dispatch.DispatchSlaWarned,
    dispatch.DispatchSlaBreached,
    dispatch.DispatchSlaEscalated,
    dispatch.DispatchSlaWithdrawn,
)
FEEDBACK_MARKS = SlaEventTypes(
    feedback.FeedbackSlaWarned,
    feedback.FeedbackSlaBreached,
    feedback.FeedbackSlaEscalated,
    feedback.FeedbackSlaWithdrawn,
)
INTAKE_MARKS = SlaEventTypes(
    intake.IntakeSlaWarned, intake.IntakeSlaBreached, intake.IntakeSlaEscalated, intake.IntakeSlaWithdrawn
)


def due_changes(
    kind: type[DueChanged], before: Aggregate | None, after: Aggregate, request: str
) -> tuple[DueChanged, ...]:
    """Return the event about the next deadline if it differs from the one before."""
    due = next_due(after.clocks)
    if due == (next_due(before.clocks) if before else DueAt()):
        return ()
    return (kind(subject=after.id, request=request, branch=after.branch, revision=after.version, **due._asdict()),)
