"""Entitlements (INT-14): granted with a purchase, brought to mind, used up."""

from aftersales.common.errors import DomainError
from aftersales.common.events import Event
from aftersales.common.work import Work
from aftersales.intake.domain import entitlement as entitlements
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.entitlement import Entitlement, Grants, UseEntitlement
from aftersales.intake.domain.product import Product
from aftersales.intake.domain.request import ServiceRequest


async def grant(work: Work, known: Product | None, product: Product, grants: Grants) -> tuple[Event, ...]:
    """Grant what comes with a purchase, once: when its day becomes known. The events to be kept with the product."""
    day = product.purchased_on
    if day is None or (known and known.purchased_on):
        return ()
    branch = await work.need(Branch, product.branch)
    granted, news = entitlements.sell(product, day, grants, branch, work.now)
    for entitlement in granted:
        work.put(entitlement)
    return news


async def use_entitlement(work: Work, id: str, form: UseEntitlement) -> Entitlement:
    known = await work.need(Entitlement, id)
    request = await work.need(ServiceRequest, form.request)
    if request.product.serial != known.product:
        raise DomainError("entitlement.of_another_product", entitlement=id, serial=request.product.serial)
    used = entitlements.use(known, form.request, work.actor, work.now)
    return used if used == known else work.put(used)


async def wake_entitlement(work: Work, id: str) -> None:
    known = await work.get(Entitlement, id)
    if known and known.wake_at and known.wake_at <= work.now:
        woken, news = entitlements.wake(known, work.now)
        work.put(woken, *news)
