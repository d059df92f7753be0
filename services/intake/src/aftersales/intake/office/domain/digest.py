"""Digests of warnings and escalations per owner and hour, instead of one message per item (ALL-3).

The first mark of an hour is sent immediately; the others are sent together at its end. So a flood of five thousand
becomes two messages per owner (frappe/helpdesk #2967). A mark (an SLA event) belongs to the hour in which it is
received, however late, because earlier digests are already sent.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, SlaMark
from aftersales.common.events.intake import DigestItem, SlaDigest

HOUR = timedelta(hours=1)
LISTED = 50
"""The most items that a digest names, the worst first; all are counted."""
WORST = ("escalated", "breached", "warned")


class Digest(Aggregate):
    """The digest of one owner and hour; its id is `<owner>|<hour>`."""

    COLLECTION: ClassVar[str] = "digests"
    AUDITED: ClassVar[bool] = False

    owner: str
    hour: datetime
    waiting: int = 0
    """Marks that have not been sent yet."""
    warned: int = 0
    breached: int = 0
    escalated: int = 0
    items: tuple[DigestItem, ...] = ()
    told: int = 0
    """The number of messages sent."""


def kind_of(mark: SlaMark) -> str:
    """Return one of the three kinds: `dispatch.sla_warned.v1` -> `warned`."""
    return mark.TYPE.split(".")[1].removeprefix("sla_")


def find_addressee(mark: SlaMark) -> str:
    """Return the recipient: the level's role at the branch, else the item's owner, else the branch."""
    if kind_of(mark) == "escalated":
        return f"{mark.mark}@{mark.branch}"
    return mark.owner or mark.branch


def digest_of(mark: SlaMark, heard_at: datetime) -> Digest:
    """Return a new digest for the mark's recipient and hour."""
    owner, hour = find_addressee(mark), heard_at.replace(minute=0, second=0, microsecond=0)
    return Digest(id=f"{owner}|{hour:%Y%m%dT%H}", branch=mark.branch, owner=owner, hour=hour)


def gather_mark(digest: Digest, mark: SlaMark) -> tuple[Digest, tuple[Event, ...]]:
    """Add a mark; the first one of the hour is sent immediately."""
    kind = kind_of(mark)
    item = DigestItem(subject=mark.subject, request=mark.request, stage=mark.stage, kind=kind, deadline=mark.deadline)
    counted = {kind: getattr(digest, kind) + 1}
    items = sorted((*digest.items, item), key=lambda item: WORST.index(item.kind))
    gathered = digest.but(**counted, items=tuple(items[:LISTED]), waiting=digest.waiting + 1)
    if digest.told:
        return gathered.but(wake_at=digest.hour + HOUR), ()
    return _told(gathered)


def close_digest(digest: Digest) -> tuple[Digest, tuple[Event, ...]]:
    """Send the marks gathered since the first message of the hour, if any."""
    if not digest.waiting:
        return digest.but(wake_at=None), ()
    return _told(digest)


def _told(digest: Digest) -> tuple[Digest, tuple[Event, ...]]:
    event = SlaDigest(
        owner=digest.owner,
        branch=digest.branch,
        hour=digest.hour,
        **digest.model_dump(include={"warned", "breached", "escalated"}),
        items=digest.items,
        new=digest.waiting,
    )
    return digest.but(waiting=0, told=digest.told + 1, wake_at=None), (event,)
