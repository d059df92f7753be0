"""Products change hands, leave quarantine, are scrapped or come back (INT-3); the warranty record (INT-6)."""

from datetime import datetime

from aftersales.common.policies import Library, Source
from aftersales.common.work import Work
from aftersales.intake.domain import product as products
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.product import Done, MarkProduct, Owner, Product, SettleProduct, TransferProduct
from aftersales.intake.domain.warranty import WarrantyRecord, record

from .archive import need_customer, policy_of
from .branches import known_branch
from .models import look_up


async def transfer_product(work: Work, serial: str, command: TransferProduct) -> Product:
    product = await work.need(Product, serial)
    customer = await need_customer(work, command.to)
    owner = Owner(customer.id, customer.branch)
    return work.put(products.transfer(product, command, owner, await _done(work, product)))


async def settle_product(work: Work, serial: str, command: SettleProduct) -> Product:
    product = await work.need(Product, serial)
    listing = await look_up(work, command.model or product.model)
    return work.put(products.settle(product, command, listing, await _done(work, product)))


async def mark_product(work: Work, serial: str, command: MarkProduct) -> Product:
    product = await work.need(Product, serial)
    marked = products.mark(product, command, await _done(work, product))
    return product if marked == product else work.put(marked)


async def warranty_record(
    source: Source, product: Product, now: datetime, library: Library, locale: str
) -> WarrantyRecord:
    """How the warranty stands today, by the policy that would hold for a repair."""
    today = (await known_branch(source, product.branch)).day_of(now)
    return record(product, await policy_of(source, product, today, library), today, locale)


async def _done(work: Work, product: Product) -> Done:
    branch = await work.need(Branch, product.branch)
    return Done(by=work.actor, today=branch.day_of(work.now))
