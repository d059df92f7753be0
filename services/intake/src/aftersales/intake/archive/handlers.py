"""The customer archive (INT-3): who is known and how they are reached, merges, products, models, evidence."""

from datetime import date, datetime

from aftersales.common.policies import Source
from aftersales.engine import DomainError, Library, Needs, Work, use_case
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.policy.choose import Facts
from aftersales.policy.model import Policy
from aftersales.values import uuid7

from .domain import customer as customers
from .domain import merge as merges
from .domain import model as models
from .domain import product as products
from .domain import search
from .domain.customer import Caller, ChangeCustomer, ClassWeights, ConsentForm, ContactPoint, Customer
from .domain.file import CustomerFile, shown
from .domain.merge import Act, Merge, MergeCustomers, Pair, UndoMerge
from .domain.model import REGISTER, Listing, Model, ModelForm, ModelRegister
from .domain.product import Done, MarkProduct, Owner, Product, SettleProduct, TransferProduct
from .domain.search import SearchEntry
from .domain.warranty import WarrantyRecord, record


@use_case(about=lambda id: (Customer, id), preload=lambda id: ((SearchEntry, id),))
async def change_customer(work: Work, id: str, command: ChangeCustomer, weights: ClassWeights) -> Customer:
    known = await need_customer(work, id)
    return await keep(work, known, customers.change(known, command, work.actor, weights))


@use_case(about=lambda id: (Customer, id), preload=lambda id: ((SearchEntry, id),))
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


@use_case(
    about=lambda id: (Customer, id),
    preload=lambda id, command: (
        (Customer, command.other, lambda loser: [(ContactPoint, number) for number in customers.numbers(loser)]),
        (Product, {"customer": command.other}),
        (SearchEntry, id),
        (SearchEntry, command.other),
    ),
)
async def merge_customers(work: Work, id: str, command: MergeCustomers) -> Merge:
    pair = Pair(await need_customer(work, id), await need_customer(work, command.other))
    products = await work.find(Product, customer=command.other)
    after, record = merges.merge(uuid7(), pair, products, Act(work.actor, work.now, command.why))
    await _lead(work, record, pair.winner.id)
    for product in products:
        work.put(product.but(customer=pair.winner.id))
    await _keep_both(work, pair, after)
    return work.put(record)


@use_case(about=lambda id: (Merge, id, _moved))
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


def _moved(record: Merge) -> Needs:
    """Everything that goes back."""
    both = [(kind, id) for kind in (Customer, SearchEntry) for id in (record.winner, record.loser)]
    numbers = [(ContactPoint, number) for number in record.numbers]
    return [*both, *numbers, *((Product, serial) for serial in record.products)]


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


@use_case(about=lambda code: (Model, code), preload=lambda: ((ModelRegister, REGISTER),))
async def enter_model(work: Work, code: str, form: ModelForm) -> Model:
    if await work.get(ModelRegister, REGISTER) is None:
        work.put(ModelRegister())
    known = await work.get(Model, code)
    model = models.enter(known, code, form)
    return model if model == known else work.put(model)


async def look_up(work: Work, code: str) -> Listing:
    """Ask the register about a model; while it is empty, no model is unknown."""
    model = await work.get(Model, code)
    return Listing(model, kept=bool(model or await work.get(ModelRegister, REGISTER)))


@use_case(about=lambda serial: (Product, serial), preload=lambda command: ((Customer, command.to),))
async def transfer_product(work: Work, serial: str, command: TransferProduct) -> Product:
    product = await work.need(Product, serial)
    customer = await need_customer(work, command.to)
    owner = Owner(customer.id, customer.branch)
    return work.put(products.transfer(product, command, owner, await _done(work, product)))


@use_case(about=lambda serial: (Product, serial))
async def settle_product(work: Work, serial: str, command: SettleProduct) -> Product:
    product = await work.need(Product, serial)
    listing = await look_up(work, command.model or product.model)
    return work.put(products.settle(product, command, listing, await _done(work, product)))


@use_case(about=lambda serial: (Product, serial))
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
