"""Entitlements that come with a purchase (INT-14), such as one free running-in service (走合保养)."""

from datetime import date, datetime, timedelta
from typing import ClassVar

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import EntitlementDue, Granted, ProductSold
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.network.domain import Branch
from aftersales.intake.vocabulary import RequestNumber
from aftersales.policy.model import Policy, cover
from aftersales.policy.model.figures import Texts
from aftersales.policy.sla.stages import policy_id
from aftersales.values import Day, Value
from aftersales.values.errors import DomainError

from .contract import Use


class UseEntitlement(Value):
    request: RequestNumber
    """The request for which the unit is used."""


class Entitlement(Aggregate):
    """A number of free services for one product; its id is `<serial>|<kind>`."""

    COLLECTION: ClassVar[str] = "entitlements"

    product: str
    kind: str
    """The policy's code of the entitlement."""
    work: str = "maintenance"
    """The kind of work that it pays for (INT-6)."""
    name: Texts = Field(default_factory=dict)
    policy: str = ""
    """The policy version that granted it."""
    customer: str
    granted_on: Day
    count: int
    used: tuple[Use, ...] = ()
    remind_at: datetime
    expires_on: Day
    """The last day."""
    expires_at: datetime
    reminded: bool = False
    due: bool = False
    """Whether to remind the customer: the time has come, some is left, and it has not expired."""

    def is_left(self, at: datetime) -> bool:
        """Return whether one can be used at that time."""
        return at < self.expires_at and len(self.used) < self.count


_REMIND_AFTER = 2 / 3
"""The part of `remind_within` after which the reminder is due: early enough to use the service within the period."""


def derive_entitlements(
    product: Product, day: date, policy: Policy, branch: Branch, now: datetime
) -> tuple[tuple[Entitlement, ...], tuple[Event, ...]]:
    """Grant the entitlements of a purchase on that day that have not expired."""
    grants = [grant for grant in policy.entitlements if not grant.lines or product.line in grant.lines]
    possible = [_granted(product, grant, day, branch).but(policy=policy_id(policy)) for grant in grants]
    granted = tuple(entitlement for entitlement in possible if now < entitlement.expires_at)
    sold = ProductSold(
        serial=product.id,
        model=product.model,
        line=product.line,
        batch=product.batch,
        branch=product.branch,
        purchased_on=day,
        entitlements=tuple(Granted(kind=e.kind, count=e.count, expires_on=e.expires_on) for e in granted),
    )
    return granted, (sold,)


def _granted(product: Product, grant: cover.Grant, day: date, branch: Branch) -> Entitlement:
    remind_at = branch.begins(day + grant.remind_within * _REMIND_AFTER)
    last = day + grant.expires_within
    return Entitlement(
        id=f"{product.id}|{grant.code}",
        branch=product.branch,
        product=product.id,
        kind=grant.code,
        work=grant.work,
        name=grant.name,
        customer=str(product.customer),
        granted_on=day,
        count=grant.count,
        remind_at=remind_at,
        expires_on=last,
        expires_at=branch.begins(last + timedelta(days=1)),
        wake_at=remind_at,
    )


def wake_entitlement(entitlement: Entitlement, now: datetime) -> tuple[Entitlement, tuple[Event, ...]]:
    """Remind once, and stop reminding after expiry."""
    if now >= entitlement.expires_at:
        return entitlement.but(due=False, wake_at=None), ()
    if entitlement.reminded or now < entitlement.remind_at:
        return entitlement, ()
    event = EntitlementDue(
        entitlement=entitlement.id,
        serial=entitlement.product,
        kind=entitlement.kind,
        customer=entitlement.customer,
        branch=entitlement.branch,
        expires_on=entitlement.expires_on,
        at=now,
    )
    return entitlement.but(reminded=True, due=True, wake_at=entitlement.expires_at), (event,)


def consume_entitlement(entitlement: Entitlement, request: str, by: str, now: datetime) -> Entitlement:
    """Use one unit for a request; repeating it changes nothing."""
    if any(used.request == request for used in entitlement.used):
        return entitlement
    if now >= entitlement.expires_at:
        raise DomainError(
            "entitlement.expired", entitlement=entitlement.id, expires_on=entitlement.expires_on.isoformat()
        )
    if len(entitlement.used) >= entitlement.count:
        raise DomainError("entitlement.used_up", entitlement=entitlement.id, count=entitlement.count)
    used = entitlement.but(used=(*entitlement.used, Use(request=request, at=now, by=by)))
    return used.but(due=False, wake_at=None) if len(used.used) == used.count else used


def return_entitlement(entitlement: Entitlement, request: str) -> Entitlement:
    """Return the unit used for a request that needs none any more."""
    used = tuple(one for one in entitlement.used if one.request != request)
    if used == entitlement.used:
        return entitlement
    told = entitlement.reminded
    return entitlement.but(used=used, due=told, wake_at=entitlement.expires_at if told else entitlement.remind_at)
