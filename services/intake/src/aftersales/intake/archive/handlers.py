"""Use cases: customers and their contact points, merges, products, models and evidence (INT-3)."""

from datetime import date, datetime

from aftersales.common.policies import PolicySource
from aftersales.common.terms import fold_term
from aftersales.engine import DocumentRefs, DomainError, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.catalogues.domain import require_code
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.policy.choose import Facts
from aftersales.policy.model import Policy
from aftersales.values import uuid7

from .domain import customer as customers
from .domain import merge as merges
from .domain import model as models
from .domain import names, search
from .domain import product as products
from .domain.caller import NamedCaller
from .domain.consent import ConsentForm
from .domain.customer import ChangeCustomer, ContactPoint, Customer
from .domain.erased import must_not_be_erased
from .domain.file import CustomerFile, require_visible
from .domain.merge import Act, Merge, MergeCustomers, Pair, UndoMerge
from .domain.model import NO_MODEL, REGISTER, Listing, Model, ModelForm, ModelRegister
from .domain.product import MarkProduct, Owner, Product, ProductAct, SettleProduct, TransferProduct
from .domain.search import SearchEntry, SearchUpgrade
from .domain.standing import ClassWeights
from .domain.warranty import WarrantyRecord, describe_warranty


@use_case(about=lambda id: (Customer, id), preload=lambda id: ((SearchEntry, id),))
async def change_customer(work: UnitOfWork, id: str, command: ChangeCustomer, weights: ClassWeights) -> Customer:
    known = await need_customer(work, id)
    changed = customers.change_customer(known, command, work.actor, weights)
    if command.confirms:
        changed = customers.confirm_customer(changed, work.actor, work.now)
    return await save_customer(work, known, changed)


@use_case(about=lambda id: (Customer, id), preload=lambda id: ((SearchEntry, id),))
async def confirm_customer(work: UnitOfWork, id: str) -> Customer:
    known = await need_customer(work, id)
    return await save_customer(work, known, customers.confirm_customer(known, work.actor, work.now))


@use_case(about=lambda id: (Customer, id), preload=lambda id: ((SearchEntry, id),))
async def note_consent(work: UnitOfWork, id: str, purpose: str, form: ConsentForm) -> Customer:
    known = await need_customer(work, id)
    return await save_customer(work, known, customers.record_consent(known, purpose, form, work.actor, work.now))


async def find_or_enrol(work: UnitOfWork, caller: NamedCaller, branch: Branch, *, in_person: bool = False) -> Customer:
    """Return the customer with this phone, e-mail address or account, or create one; another name becomes an alias.

    The data of a new customer who gave it `in_person` counts as confirmed (INT-16).
    """
    network = work.beyond_scope  # whoever gives the number of another branch's customer is that customer
    for point in caller.points:
        if contact := await work.get(ContactPoint, point):
            known = await surviving_customer(network, contact.customer)
            return await save_customer(network, known, names.note_caller(known, caller).share(branch.id))
    customer, contacts = customers.enrol_customer(uuid7(), caller, branch.id)
    if in_person:
        customer = customers.confirm_customer(customer, work.actor, work.now)
    for contact in contacts:
        if await work.get(ContactPoint, contact.id) is None:
            work.put(contact)
    work.put(search.search_entry(customer))
    return work.put(customer)


async def need_customer(work: UnitOfWork, id: str) -> Customer:
    """Return the customer. Raises `DomainError` for a merged customer; the surviving one must be changed instead."""
    customer = await work.require(Customer, id)
    if customer.merged_into:
        raise DomainError("customer.merged", customer=id, into=customer.merged_into)
    return must_not_be_erased(customer)


async def save_customer(work: UnitOfWork, before: Customer, after: Customer, *, new: bool = False) -> Customer:
    """Save a changed customer with phone numbers and search tokens, and publish what other services need."""
    if after != before:
        must_not_be_erased(before)
        await _claim(work, before, after)
        await index_customer(work, after)
    events = customers.customer_events(None if new else before, after)
    return work.put(after, *events) if after != before or events else before


UPGRADE_STEP = 200
"""Customers per step of an upgrade of the search."""


async def upgrade_search(work: UnitOfWork, id: str) -> None:
    """Write the search tokens of the next customers by the present rules, until all are done."""
    upgrade = await work.get(SearchUpgrade, id)
    if upgrade is None or upgrade.wake_at is None:
        return
    page = await work.page(Customer, {"_id": {"$gt": upgrade.after}}, UPGRADE_STEP)
    for customer in page:
        await index_customer(work, customer)
    more = len(page) == UPGRADE_STEP
    work.put(upgrade.but(after=page[-1].id if page else upgrade.after, wake_at=work.now if more else None))


async def index_customer(work: UnitOfWork, customer: Customer) -> None:
    """Update the search tokens of the customer; a merged customer is removed from the search."""
    known = await work.get(SearchEntry, customer.id)
    if customer.merged_into:
        if known:
            work.delete(known)
        return
    entry = search.search_entry(customer)
    fresh = known.but(tokens=entry.tokens, shared_with=entry.shared_with) if known else entry
    if fresh != known:
        work.put(fresh)


async def _claim(work: UnitOfWork, before: Customer, after: Customer) -> None:
    """Assign new numbers to the customer and release dropped ones. Raises `DomainError` for a number in use."""
    old, new = customers.contact_points(before), customers.contact_points(after)
    for number in new:
        contact = await work.get(ContactPoint, number)
        if contact is None:
            work.put(ContactPoint(id=number, branch=after.branch, customer=after.id))
        elif contact.customer != after.id and ":" not in number:
            raise DomainError("phone.taken", ending=number[-search.TAIL :], customer=contact.customer)
    for number in set(old) - set(new):
        contact = await work.get(ContactPoint, number)
        if contact and contact.customer == after.id:
            work.delete(contact)


async def surviving_customer(work: UnitOfWork, id: str) -> Customer:
    """Return the customer, or the one they were merged into."""
    customer = await work.require(Customer, id)
    while customer.merged_into:
        customer = await work.require(Customer, customer.merged_into)
    return customer


async def policy_of(source: PolicySource, product: Product, day: date, catalogue: PolicyCatalogue) -> Policy:
    """Return the policy for a repair on that day."""
    owner = await source.get(Customer, product.customer) if product.customer else None
    known_as, member = (owner.known_as, owner.is_member(day)) if owner else ("", False)
    facts = Facts(product.branch, product.line, "repair", known_as, day, member)
    return await catalogue.choose(source, facts)


async def must_be_theirs(work: UnitOfWork, id: str | None, owner: str | None) -> None:
    """Check a file named as evidence. Raises `NotFound`, or `DomainError` when it belongs to another customer."""
    if id is None or owner is None:
        return
    file, customer = require_visible(await work.require(CustomerFile, id)), await surviving_customer(work, owner)
    if file.customer not in {customer.id, *customer.also}:
        raise DomainError("file.of_another_customer", file=id)


@use_case(
    about=lambda id: (Customer, id),
    preload=lambda id, command: (
        (Customer, command.other, lambda loser: [(ContactPoint, number) for number in customers.contact_points(loser)]),
        (Product, {"customer": command.other}),
        (SearchEntry, id),
        (SearchEntry, command.other),
    ),
)
async def merge_customers(work: UnitOfWork, id: str, command: MergeCustomers) -> Merge:
    pair = Pair(await need_customer(work, id), await need_customer(work, command.other))
    products = await work.find(Product, customer=command.other)
    after, record = merges.merge_customers(uuid7(), pair, products, Act(work.actor, work.now, command.why))
    await _lead(work, record, pair.winner.id)
    for product in products:
        work.put(product.but(customer=pair.winner.id))
    await _keep_both(work, pair, after)
    return work.put(record)


@use_case(about=lambda id: (Merge, id, _moved))
async def undo_merge(work: UnitOfWork, id: str, command: UndoMerge) -> Merge:
    record = await work.require(Merge, id)
    pair = Pair(await need_customer(work, record.winner), await work.require(Customer, record.loser))
    products = [await work.require(Product, serial) for serial in record.products]
    numbers = [number for number in record.numbers if ":" not in number]
    contacts = [contact for number in numbers if (contact := await work.get(ContactPoint, number))]
    after, done = merges.undo_merge(record, pair, [*products, *contacts], Act(work.actor, work.now, command.why))
    await _lead(work, record, pair.loser.id)
    for product in products:
        work.put(product.but(customer=pair.loser.id))
    await _keep_both(work, pair, after)
    return work.put(done)


def _moved(record: Merge) -> DocumentRefs:
    """List the documents to restore."""
    both = [(kind, id) for kind in (Customer, SearchEntry) for id in (record.winner, record.loser)]
    numbers = [(ContactPoint, number) for number in record.numbers]
    return [*both, *numbers, *((Product, serial) for serial in record.products)]


async def _lead(work: UnitOfWork, record: Merge, customer: str) -> None:
    """Assign the loser's numbers to this customer, including those released meanwhile."""
    for number in record.numbers:
        contact = await work.get(ContactPoint, number)
        if contact and ":" in number and contact.customer not in {record.winner, record.loser}:
            continue
        new = ContactPoint(id=number, branch=record.branch, customer=customer)
        work.put(contact.but(customer=customer) if contact else new)


async def _keep_both(work: UnitOfWork, before: Pair, after: Pair) -> None:
    for old, new in zip(before, after, strict=True):
        await index_customer(work, new)
        work.put(new, *customers.customer_events(old, new))


@use_case(about=lambda code: (Model, code), preload=lambda: ((ModelRegister, REGISTER), *TERMS))
async def enter_model(work: UnitOfWork, code: str, form: ModelForm) -> Model:
    """Save a model of a known product line. Raises `Malformed` for another."""
    form = form.model_copy(update={"line": await _known_line(work, form.line)})
    if await work.get(ModelRegister, REGISTER) is None:
        work.put(ModelRegister())
    known = await work.get(Model, code)
    model = models.enter_model(known, code, form)
    return model if model == known else work.put(model)


async def look_up_model(work: UnitOfWork, word: str) -> Listing:
    """Look up a model by code, title or synonym; while the register is empty, no model is unknown."""
    if word == NO_MODEL:
        return Listing()
    model = await work.get(Model, word)
    kept = bool(model or await work.get(ModelRegister, REGISTER))
    if kept and model is None:
        found = await work.find(Model, keys=fold_term(word))
        model = found[0] if len(found) == 1 else None
    while model and model.replaced_by:
        model = await work.require(Model, model.replaced_by)
    return Listing(model, kept)


@use_case(about=lambda serial: (Product, serial), preload=lambda command: ((Customer, command.to),))
async def transfer_product(work: UnitOfWork, serial: str, command: TransferProduct) -> Product:
    product = await work.require(Product, serial)
    customer = await need_customer(work, command.to)
    owner = Owner(customer.id, customer.branch)
    return work.put(products.transfer_product(product, command, owner, await _done(work, product)))


async def _known_line(work: UnitOfWork, word: str) -> str:
    return require_code((await load_glossary(work)).lines, "lines", word)


@use_case(about=lambda serial: (Product, serial), preload=lambda: TERMS)
async def settle_product(work: UnitOfWork, serial: str, command: SettleProduct) -> Product:
    product = await work.require(Product, serial)
    if command.line:
        command = command.model_copy(update={"line": await _known_line(work, command.line)})
    listing = await look_up_model(work, command.model or product.model)
    return work.put(products.settle_product(product, command, listing, await _done(work, product)))


@use_case(about=lambda serial: (Product, serial))
async def mark_product(work: UnitOfWork, serial: str, command: MarkProduct) -> Product:
    product = await work.require(Product, serial)
    marked = products.mark_product(product, command, await _done(work, product))
    return product if marked == product else work.put(marked)


async def warranty_record(
    source: PolicySource, product: Product, now: datetime, catalogue: PolicyCatalogue, locale: str
) -> WarrantyRecord:
    """Return today's record, by the policy for a repair."""
    today = (await known_branch(source, product.branch)).day_of(now)
    return describe_warranty(product, await policy_of(source, product, today, catalogue), today, locale)


async def _done(work: UnitOfWork, product: Product) -> ProductAct:
    branch = await work.require(Branch, product.branch)
    return ProductAct(by=work.actor, today=branch.day_of(work.now))
