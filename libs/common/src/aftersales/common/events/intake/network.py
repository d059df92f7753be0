"""Branches, policies, people and notices: what the whole network goes by (ALL-1, ALL-2, ALL-8, ALL-9)."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import ConfigDict

from aftersales.common.events import Event, Part
from aftersales.policy.calendars import Hours, SpecialDay
from aftersales.values import GeoPoint

NoticeKind = Literal["new_rule", "shipment", "design_change", "other"]
_OPEN = ConfigDict(extra="ignore", from_attributes=True)


class OpenDay(SpecialDay):
    """A special day in an event."""

    model_config = _OPEN


class OpenHours(Hours):
    """Working hours in an event: like the rest of it, they ignore what they do not know. `Hours` are taken as well."""

    model_config = _OPEN
    days: tuple[OpenDay, ...] = ()


class BranchRegistered(Event):
    """A branch opened or changed its particulars (ALL-2)."""

    TYPE = "intake.branch_registered.v1"
    branch: str
    name: str
    zone: str
    location: GeoPoint
    hours: OpenHours | None = None
    """When it is open (ALL-3); None, from before branches had hours: round the clock."""
    hours_since: datetime | None = None
    """When its hours were last changed; open clocks count by them from then on."""
    hours_by: str = ""
    """Who changed them."""


class PolicyPublished(Event):
    """A service policy takes effect; items under way keep the version they started with (ALL-1)."""

    TYPE = "intake.policy_published.v1"
    name: str
    version: int
    effective_from: date
    policy: dict[str, Any]
    """All of it, as docs/policies.md describes it."""
    published_at: datetime
    published_by: str


class PersonChanged(Event):
    """Somebody came, left, or has other roles or another branch (ALL-8)."""

    TYPE = "intake.person_changed.v1"
    person: str
    branch: str
    roles: tuple[str, ...]
    active: bool


class NoticePublished(Event):
    """Named readers have something to acknowledge (ALL-9)."""

    TYPE = "intake.notice_published.v1"
    notice: str
    kind: NoticeKind
    readers: int
    """How many must acknowledge it."""
    due_at: datetime | None = None
    published_at: datetime


class NoticeOverdue(Event):
    """The day came by which everybody should have acknowledged it, and somebody has not (ALL-9)."""

    TYPE = "intake.notice_overdue.v1"
    notice: str
    kind: NoticeKind
    readers: int
    acknowledged: int
    unread_by: tuple[str, ...]
    """Codes of those who have not; the first 1000 where there are more."""
    due_at: datetime


class Supersession(Part):
    """A part that another one takes the place of."""

    old: str
    new: str
    valid_from: date


class DesignChanged(Event):
    """A design change: from these days on the new parts are used (ALL-9, INV-1)."""

    TYPE = "intake.design_changed.v1"
    notice: str
    supersessions: tuple[Supersession, ...]
    published_at: datetime
