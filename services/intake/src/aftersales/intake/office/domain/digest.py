"""Digests of warnings and escalations per owner and hour, instead of one message per item (ALL-3).

The first mark of an hour is sent immediately. Others wait until a tenth of their promise has passed since the last
message: half a minute for a promise of five minutes, at most until the end of the hour. Marks that wait are sent
together, so a flood of five thousand is a few messages per owner (frappe/helpdesk #2967); the more were sent in the
hour, the longer the next waits. A mark (an SLA event) belongs to the hour in which it is received, however late,
because earlier digests are already sent.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, SlaMark
from aftersales.common.events.intake import DigestItem, SlaDigest
from aftersales.policy.sla import BREACH

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
URGENT = 10
"""A mark waits for the tenth part of its promise."""
MOST_MINUTES = 5
"""The longest wait for which the messages already sent in the hour can be the reason."""
LISTED = 50
"""The most items that a digest names, the worst first; all are counted."""
WORST = ("escalated", "breached", "warned", "withdrawn")


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
    withdrawn: int = 0
    """Breaches and escalations that turned out to be none, because the work was done in time and reported late."""
    items: tuple[DigestItem, ...] = ()
    told: int = 0
    """The number of messages sent."""
    told_at: datetime | None = None
    """The time of the last one."""


def kind_of(mark: SlaMark) -> str:
    """Return one of the four kinds: `dispatch.sla_warned.v1` -> `warned`."""
    return mark.TYPE.split(".")[1].removeprefix("sla_")


def find_addressee(mark: SlaMark) -> str:
    """Return the recipient: the level's role at the branch, else the item's owner, else the branch."""
    if mark.mark not in {"", BREACH} and kind_of(mark) in {"escalated", "withdrawn"}:
        return f"{mark.mark}@{mark.branch}"
    return mark.owner or mark.branch


def digest_of(mark: SlaMark, heard_at: datetime) -> Digest:
    """Return a new digest for the mark's recipient and hour."""
    owner, hour = find_addressee(mark), heard_at.replace(minute=0, second=0, microsecond=0)
    return Digest(id=f"{owner}|{hour:%Y%m%dT%H}", branch=mark.branch, owner=owner, hour=hour)


def gather_mark(digest: Digest, mark: SlaMark, now: datetime) -> tuple[Digest, tuple[Event, ...]]:
    """Add a mark, and send it now or within a tenth of its promise. Of the marks of one promise the worst is listed.

    A withdrawal takes the place of what was listed.
    """
    kind = kind_of(mark)
    item = DigestItem(
        kind=kind,
        **mark.model_dump(include={"subject", "request", "stage", "deadline", "mark"}),
        mover=mark.mover or mark.owner or mark.branch,
    )
    counted = {kind: getattr(digest, kind) + 1}
    listed: dict[tuple[str, str], DigestItem] = {}
    over = {(mark.subject, mark.stage)} if kind == "withdrawn" else set()
    kept = [one for one in digest.items if (one.subject, one.stage) not in over]
    for one in sorted((item, *kept), key=_weight):
        listed.setdefault((one.subject, one.stage), one)
    gathered = digest.but(**counted, items=tuple(listed.values())[:LISTED], waiting=digest.waiting + 1)
    due = _due(digest, mark)
    if due <= now:
        return _told(gathered, now)
    return gathered.but(wake_at=min(due, digest.wake_at or due)), ()


def _weight(item: DigestItem) -> int:
    return WORST.index(item.kind)


def _due(digest: Digest, mark: SlaMark) -> datetime:
    """Return when the mark must be sent; the end of the hour if the length of its promise is unknown."""
    if digest.told_at is None:
        return digest.hour
    end = digest.hour + HOUR
    busy = MINUTE * min(digest.told, MOST_MINUTES)
    return min(digest.told_at + max(mark.target / URGENT, busy), end) if mark.target else end


def send_waiting(digest: Digest, now: datetime) -> tuple[Digest, tuple[Event, ...]]:
    """Send the marks gathered since the last message, if any."""
    if not digest.waiting:
        return digest.but(wake_at=None), ()
    return _told(digest, now)


def _told(digest: Digest, now: datetime) -> tuple[Digest, tuple[Event, ...]]:
    event = SlaDigest(
        owner=digest.owner,
        branch=digest.branch,
        hour=digest.hour,
        **digest.model_dump(include=set(WORST)),
        items=digest.items,
        new=digest.waiting,
    )
    return digest.but(waiting=0, told=digest.told + 1, told_at=now, wake_at=None), (event,)
