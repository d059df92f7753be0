"""Customers who turn out to be one are merged, and parted again when that was wrong (INT-3)."""

from aftersales.common.values import uuid7
from aftersales.common.work import Work
from aftersales.intake.domain import customer as customers
from aftersales.intake.domain import merge as merges
from aftersales.intake.domain.customer import ContactPoint, Customer
from aftersales.intake.domain.merge import Act, Merge, MergeCustomers, Pair, UndoMerge
from aftersales.intake.domain.product import Product

from .archive import index, need_customer


async def merge_customers(work: Work, id: str, command: MergeCustomers) -> Merge:
    pair = Pair(await need_customer(work, id), await need_customer(work, command.other))
    products = await work.find(Product, customer=command.other)
    after, record = merges.merge(uuid7(), pair, products, Act(work.actor, work.now, command.why))
    await _lead(work, record, pair.winner.id)
    for product in products:
        work.put(product.but(customer=pair.winner.id))
    await _keep_both(work, pair, after)
    return work.put(record)


async def undo_merge(work: Work, id: str, command: UndoMerge) -> Merge:
    record = await work.need(Merge, id)
    pair = Pair(await need_customer(work, record.winner), await work.need(Customer, record.loser))
    products = [await work.need(Product, serial) for serial in record.products]
    contacts = [contact for number in record.numbers if (contact := await work.get(ContactPoint, number))]
    after, done = merges.undo(record, pair, [*products, *contacts], Act(work.actor, work.now, command.why))
    await _lead(work, record, pair.loser.id)
    for product in products:
        work.put(product.but(customer=pair.loser.id))
    await _keep_both(work, pair, after)
    return work.put(done)


async def _lead(work: Work, record: Merge, customer: str) -> None:
    """Let the loser's numbers lead to this customer; one that was given up meanwhile is theirs again."""
    for number in record.numbers:
        contact = await work.get(ContactPoint, number)
        new = ContactPoint(id=number, branch=record.branch, customer=customer)
        work.put(contact.but(customer=customer) if contact else new)


async def _keep_both(work: Work, before: Pair, after: Pair) -> None:
    for old, new in zip(before, after, strict=True):
        await index(work, new)
        work.put(new, *customers.news(old, new))
