"""The most pressing promise of a request, among the clocks of all services (ALL-3). Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

from aftersales.common.events import DueChanged
from aftersales.policy.sla.due import DueAt
from aftersales.values import Value


class DueElsewhere(Value):
    """The next deadline of a work order or a callback, as its service reported it last."""

    service: str
    subject: str
    """The number of the order or callback."""
    revision: int
    stage: str | None
    due_at: datetime | None
    at_risk_at: datetime | None


def note_due(known: tuple[DueElsewhere, ...], event: DueChanged) -> tuple[DueElsewhere, ...]:
    """Replace what is known of the same order or callback, unless that is newer."""
    older = next((one for one in known if one.subject == event.subject), None)
    if older and older.revision >= event.revision:
        return known
    noted = DueElsewhere(service=event.TYPE.partition(".")[0], **event.model_dump(include=_SHARED))
    return (*(one for one in known if one.subject != event.subject), noted)


_SHARED = {"subject", "revision", "stage", "due_at", "at_risk_at"}


def first_due(own: DueAt, elsewhere: Iterable[DueElsewhere]) -> tuple[str | None, DueAt]:
    """Return the service and the promise that is due first; one without a time, because it is paused, comes last."""
    all_due = [("intake", own), *((one.service, DueAt(one.stage, one.due_at, one.at_risk_at)) for one in elsewhere)]
    waiting = [(service, due) for service, due in all_due if due.stage]
    return min(waiting, key=lambda one: one[1].due_at or _NEVER, default=(None, DueAt()))


_NEVER = datetime.max.replace(tzinfo=UTC)


def pressing_key(due_at: datetime | None, *, danger: bool) -> str:
    """Return the sort key of lists: danger first, then the earliest deadline, and at last those without one."""
    at = due_at.astimezone(UTC).isoformat(timespec="milliseconds") if due_at else "~"
    return f"{int(not danger)} {at}"
