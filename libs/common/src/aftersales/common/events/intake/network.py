"""Branches, policies, people and notices, which concern the whole network (ALL-1, ALL-2, ALL-8, ALL-9)."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import ConfigDict

from aftersales.common.events import Event, Part
from aftersales.policy.calendars import Hours, SpecialDay
from aftersales.values import GeoPoint

NoticeKind = Literal["new_rule", "shipment", "design_change", "other"]
"""`design_change` names replaced parts; `shipment` announces goods; `new_rule` changes how work is done."""
_OPEN = ConfigDict(extra="ignore", from_attributes=True)


class OpenDay(SpecialDay):
    """A special day in an event."""

    model_config = _OPEN


class OpenHours(Hours):
    """Working hours in an event: unknown fields are ignored, as in the rest of it. `Hours` are accepted as well."""

    model_config = _OPEN
    days: tuple[OpenDay, ...] = ()


class BranchRegistered(Event):
    """A branch was opened, or its data changed (ALL-2)."""

    TYPE = "intake.branch_registered.v1"
    branch: str
    name: str
    zone: str
    location: GeoPoint
    hours: OpenHours | None = None
    """Its opening hours (ALL-3). None, in old events without hours, means round the clock."""
    hours_since: datetime | None = None
    """The time of the last change of its hours; from then on open clocks count by them."""
    hours_by: str = ""
    """The person who changed them."""


class PolicyPublished(Event):
    """A service policy takes effect; open items keep the version with which they started (ALL-1)."""

    TYPE = "intake.policy_published.v1"
    name: str
    version: int
    effective_from: date
    policy: dict[str, Any]
    """The whole policy, described in docs/policies.md."""
    published_at: datetime
    published_by: str


class CatalogueChanged(Event):
    """An entry of a catalogue and the words that mean it (ALL-1). At the start each entry is published once."""

    TYPE = "intake.catalogue_changed.v1"
    catalogue: str
    """`lines`, `faults`, `causes` or `reasons`."""
    code: str
    names: dict[str, str]
    """What people read, by language."""
    synonyms: tuple[str, ...] = ()
    """Other words for it, in any language."""
    symptoms: tuple[str, ...] = ()
    """What customers say of a fault."""
    lines: tuple[str, ...] = ()
    """The product lines that have this fault; empty means all."""
    under: str | None = None
    """The more general entry of which this is a case."""
    replaced_by: str | None = None
    """The entry to use instead; this code and its words then mean that one."""
    revision: int
    """The version of the catalogue; of two events about an entry, the higher one holds."""
    removed: bool = False
    """The catalogue no longer has the entry."""


class PersonChanged(Event):
    """A person joined, left, or changed roles or branch (ALL-8)."""

    TYPE = "intake.person_changed.v1"
    person: str
    branch: str
    roles: tuple[str, ...]
    active: bool
    branches: tuple[str, ...] = ()
    """Further branches in which the person works."""
    subject: str = ""
    """The subject of the person's tokens at the sign-in server; empty: they cannot sign in."""
    since: datetime | None = None
    """The beginning of their service."""
    until: datetime | None = None
    """The end of their service."""
    changed_at: datetime | None = None


class NoticePublished(Event):
    """Named readers have something to acknowledge (ALL-9)."""

    TYPE = "intake.notice_published.v1"
    notice: str
    kind: NoticeKind
    readers: int
    """The number of people who must acknowledge it."""
    due_at: datetime | None = None
    published_at: datetime


class NoticeOverdue(Event):
    """A notice is overdue, because not all readers acknowledged it by its day (ALL-9)."""

    TYPE = "intake.notice_overdue.v1"
    notice: str
    kind: NoticeKind
    readers: int
    acknowledged: int
    unread_by: tuple[str, ...]
    """Codes of the readers who have not acknowledged it, at most 1000."""
    due_at: datetime


class Supersession(Part):
    """A part that is replaced by another one."""

    old: str
    new: str
    valid_from: date


class DesignChanged(Event):
    """A design change, with the days from which the new parts are used (ALL-9, INV-1)."""

    TYPE = "intake.design_changed.v1"
    notice: str
    supersessions: tuple[Supersession, ...]
    published_at: datetime
