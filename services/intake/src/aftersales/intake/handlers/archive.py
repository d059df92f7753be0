"""The customer archive: who is known, how they are reached, and what they own (INT-3)."""

from datetime import date

from aftersales.common.errors import DomainError
from aftersales.common.policies import Library, Source
from aftersales.common.policy.choose import Facts
from aftersales.common.policy.model import Policy
from aftersales.common.values import uuid7
from aftersales.common.work import Work
from aftersales.intake.domain import customer as customers
from aftersales.intake.domain import search
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.customer import (
    Caller,
    ChangeCustomer,
    ClassWeights,
    ConsentForm,
    ContactPoint,
    Customer,
)
from aftersales.intake.domain.file import CustomerFile, shown
from aftersales.intake.domain.product import Product
from aftersales.intake.domain.search import SearchEntry


async def change_customer(work: Work, id: str, command: ChangeCustomer, weights: ClassWeights) -> Customer:
    known = await need_customer(work, id)
    return await keep(work, known, customers.change(known, command, work.actor, weights))


async def note_consent(work: Work, id: str, purpose: str, form: ConsentForm) -> Customer:
    known = await need_customer(work, id)
    return await keep(work, known, customers.consent(known, purpose, form, work.actor, work.now))


async def find_or_enrol(work: Work, caller: Caller, branch: Branch) -> Customer:
    """Find the customer by phone, or archive them."""
    contact = await work.get(ContactPoint, caller.phone)
    if contact:
        return await living(work, contact.customer)
    customer, contact = customers.enrol(uuid7(), caller, branch.id)
    work.put(contact)
    work.put(search.entry(customer))
    return work.put(customer)


async def need_customer(work: Work, id: str) -> Customer:
    """Give the customer. Raises `DomainError` for one who was merged into another: change that one."""
    customer = await work.need(Customer, id)
    if customer.merged_into:
        raise DomainError("customer.merged", customer=id, into=customer.merged_into)
    return customer


async def keep(work: Work, before: Customer, after: Customer, *, new: bool = False) -> Customer:
    """Store what changed, with the phones and words that lead there, and tell others what they need to know."""
    if after != before:
        await _claim(work, before, after)
        await index(work, after)
    news = customers.news(None if new else before, after)
    return work.put(after, *news) if after != before or news else before


async def index(work: Work, customer: Customer) -> None:
    """Let searches find the customer as they are now; one who was merged into another is not found."""
    known = await work.get(SearchEntry, customer.id)
    if customer.merged_into:
        if known:
            work.delete(known)
        return
    entry = search.entry(customer)
    if known is None or known.tokens != entry.tokens:
        work.put(known.but(tokens=entry.tokens) if known else entry)


async def _claim(work: Work, before: Customer, after: Customer) -> None:
    """Each number leads to one customer: take the new ones, let go of the others."""
    old, new = customers.numbers(before), customers.numbers(after)
    for number in new:
        contact = await work.get(ContactPoint, number)
        if contact is None:
            work.put(ContactPoint(id=number, branch=after.branch, customer=after.id))
        elif contact.customer != after.id:
            raise DomainError("phone.taken", ending=number[-search.TAIL :], customer=contact.customer)
    for number in set(old) - set(new):
        if contact := await work.get(ContactPoint, number):
            work.delete(contact)


async def living(work: Work, id: str) -> Customer:
    """Give the customer who stands for this one."""
    customer = await work.need(Customer, id)
    while customer.merged_into:
        customer = await work.need(Customer, customer.merged_into)
    return customer


async def policy_of(source: Source, product: Product, day: date, library: Library) -> Policy:
    """What would hold for a repair on that day."""
    owner = await source.get(Customer, product.customer) if product.customer else None
    facts = Facts(product.branch, product.line, "repair", owner.known_as if owner else "", day)
    return await library.choose(source, facts)


async def must_be_theirs(work: Work, id: str | None, owner: str | None) -> None:
    """Look for a file that is named as evidence. Raises `NotFound`, or `DomainError` for somebody else's."""
    if id is None or owner is None:
        return
    file, customer = shown(await work.need(CustomerFile, id)), await living(work, owner)
    if file.customer not in {customer.id, *customer.also}:
        raise DomainError("file.of_another_customer", file=id)
