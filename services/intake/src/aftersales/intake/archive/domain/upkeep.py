"""Upkeep of customer data (INT-16): membership (会员), and when the data was last confirmed. Pure."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from aftersales.common.events.intake import MembershipTerm
from aftersales.common.fields import shared_fields
from aftersales.values import Day, ForgivingForm, drop_blanks
from aftersales.values.errors import Malformed

from .contact import Short


class Membership(ForgivingForm):
    """A customer's membership (会员)."""

    level: Short = ""
    """The level in the business's own words, such as 金卡 or gold."""
    number: Short = ""
    """The number of the member's card; the search finds the customer by it."""
    since: Day | None = None
    """The first day; null: not known."""
    until: Day | None = None
    """The last day; null: until further notice."""

    @property
    def term(self) -> MembershipTerm:
        """The part that other services may know; the number stays in intake (ALL-6)."""
        return MembershipTerm(**shared_fields(self, MembershipTerm))

    def covers(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def must_be_in_order(membership: Membership) -> None:
    """Raise `Malformed` for a membership that ends before it begins."""
    since, until = membership.since, membership.until
    if since and until and until < since:
        raise Malformed("membership.ends_before_it_begins", since=since.isoformat(), until=until.isoformat())


def _said(given: Any) -> Any:
    """Return None for a membership of which everything was left blank, which is none."""
    left = drop_blanks(given)
    blank = isinstance(left, dict) and all(said is None for said in left.values())
    return None if blank else given


GivenMembership = Annotated[Membership | None, BeforeValidator(_said)]
"""A membership; one of which everything is blank is none."""


def is_confirmation_due(confirmed_at: datetime | None, now: datetime, every: timedelta) -> bool:
    """Return whether data that was confirmed then, or never, must be confirmed again (定期更新)."""
    return confirmed_at is None or confirmed_at < now - every
