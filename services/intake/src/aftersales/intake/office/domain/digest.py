"""Warnings and escalations for people: gathered per owner and hour, never one message an item (ALL-3).

The first mark of an hour is told at once; what follows waits for the end of the hour and is told together.
So a flood of five thousand is two messages an owner (frappe/helpdesk #2967). A mark belongs to the hour in which it is
heard, however late that is: an hour that was told is over.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, SlaMark
from aftersales.common.events.intake import DigestItem, SlaDigest

HOUR = timedelta(hours=1)
LISTED = 50
"""How many items a digest names, the worst first; all are counted."""
WORST = ("escalated", "breached", "warned")


class Digest(Aggregate):
    """What one owner is told of one hour; its id is `<owner>|<hour>`."""

    COLLECTION: ClassVar[str] = "digests"
    AUDITED: ClassVar[bool] = False

    owner: str
    hour: datetime
    waiting: int = 0
    """How many marks have not been told yet."""
    warned: int = 0
    breached: int = 0
    escalated: int = 0
    items: tuple[DigestItem, ...] = ()
    told: int = 0
    """How many messages went out."""


def kind_of(mark: SlaMark) -> str:
    """Which of the three: `dispatch.sla_warned.v1` -> `warned`."""
    return mark.TYPE.split(".")[1].removeprefix("sla_")


def find_addressee(mark: SlaMark) -> str:
    """Whose message it is: the level's role at the branch, else the item's owner, else the branch."""
    if kind_of(mark) == "escalated":
        return f"{mark.mark}@{mark.branch}"
    return mark.owner or mark.branch


def digest_of(mark: SlaMark, heard_at: datetime) -> Digest:
    """The digest that the mark belongs to, as it begins."""
    owner, hour = find_addressee(mark), heard_at.replace(minute=0, second=0, microsecond=0)
    return Digest(id=f"{owner}|{hour:%Y%m%dT%H}", branch=mark.branch, owner=owner, hour=hour)


def gather_mark(digest: Digest, mark: SlaMark) -> tuple[Digest, tuple[Event, ...]]:
    """Add a mark; the first one of the hour is told at once."""
    kind = kind_of(mark)
    item = DigestItem(subject=mark.subject, request=mark.request, stage=mark.stage, kind=kind, deadline=mark.deadline)
    counted = {kind: getattr(digest, kind) + 1}
    items = sorted((*digest.items, item), key=lambda item: WORST.index(item.kind))
    gathered = digest.but(**counted, items=tuple(items[:LISTED]), waiting=digest.waiting + 1)
    if digest.told:
        return gathered.but(wake_at=digest.hour + HOUR), ()
    return _told(gathered)


def close_digest(digest: Digest) -> tuple[Digest, tuple[Event, ...]]:
    """The hour is over: tell what gathered since the first message, if anything did."""
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
