"""Entitlements (INT-14): granted with a purchase, brought to mind, used up."""

from aftersales.common.events import Event
from aftersales.common.policies import Library
from aftersales.common.work import Work
from aftersales.intake.domain import entitlement as entitlements
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.entitlement import Entitlement
from aftersales.intake.domain.product import Product

from .archive import policy_of


async def grant(
    work: Work, known: Product | None, product: Product, library: Library
) -> tuple[Product, tuple[Event, ...]]:
    """Grant what comes with a purchase, once: when its day becomes known. The product, and events to keep with it.

    By the policy of the day on which it is recorded: a purchase may be older than any policy.
    """
    day = product.purchased_on
    if day is None or (known and known.purchased_on):
        return product, ()
    branch = await work.need(Branch, product.branch)
    policy = await policy_of(work, product, branch.day_of(work.now), library)
    granted, news = entitlements.sell(product, day, policy, branch, work.now)
    for entitlement in granted:
        work.put(entitlement)
    return product.but(entitled=tuple(one.id for one in granted)), news


async def wake_entitlement(work: Work, id: str) -> None:
    known = await work.get(Entitlement, id)
    if known and known.wake_at and known.wake_at <= work.now:
        woken, news = entitlements.wake(known, work.now)
        work.put(woken, *news)
