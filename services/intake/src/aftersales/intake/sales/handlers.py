"""Use cases: products sold (INT-3) and shipped (INT-12), with entitlements (INT-14) and recalls (INT-4).

Rows of sheets are archived in the same way, but conflicts with the archive are errors.
"""

from datetime import date
from typing import TypeVar

from aftersales.common.events.partner import PartnerProductShipped
from aftersales.common.partners import Sender
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import DocumentRefs, DomainError, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.agreements.handlers import grant_entitlements
from aftersales.intake.archive.domain import customer as customers
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.customer import ArchiveCustomer, ContactPoint, Customer
from aftersales.intake.archive.domain.model import Listing
from aftersales.intake.archive.domain.names import rename_customer
from aftersales.intake.archive.domain.product import Owner, Product
from aftersales.intake.archive.domain.standing import ClassWeights
from aftersales.intake.archive.domain.statement import MatchedProduct, NamedProduct, ProductForm, match_product
from aftersales.intake.archive.handlers import find_or_enrol, look_up_model, save_customer
from aftersales.intake.catalogues.store import load_glossary
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.recalls.handlers import hold_against_recalls

from .domain import ImportProduct, Shipment, note_shipment, shipment_id
from .store import preload_caller, preload_product

P = TypeVar("P", bound=NamedProduct)


def _archived(form: ArchiveCustomer) -> DocumentRefs:
    products = (need for product in form.products for need in preload_product(product.serial, product.model))
    return (Branch, form.branch), *map(preload_caller, form.points), *products, *POLICY_LIST


@use_case(preload=_archived)
async def archive_customer(
    work: UnitOfWork,
    form: ArchiveCustomer,
    weights: ClassWeights,
    catalogue: PolicyCatalogue,
    *,
    in_person: bool = True,
) -> Customer:
    """Archive the customer; what somebody says `in_person` is confirmed, and what a sheet says is not (INT-16)."""
    branch = await known_branch(work, form.branch)
    new = not [point for point in form.points if await work.get(ContactPoint, point)]
    known = await find_or_enrol(work, form, branch)
    updated = rename_customer(customers.update_customer(known, form, work.actor, weights), known)
    if in_person:
        updated = customers.confirm_customer(updated, work.actor, work.now)
    customer = await save_customer(work, known, updated, new=new)
    for product in form.products:
        matched = await look_up_product_words(work, product, catalogue)
        await keep_product(work, matched, owner_of(customer, branch.id), branch.day_of(work.now), catalogue)
    return customer


async def look_up_product_words(work: UnitOfWork, form: P, catalogue: PolicyCatalogue) -> MatchedProduct[P]:
    """Return what a form says, in the codes of the catalogues (INT-3)."""
    known = await work.beyond_scope.get(Product, form.serial) if form.serial else None
    listing = await look_up_model(work, form.model) if form.model else Listing()
    named = (await catalogue.policy_index(work)).lines
    return match_product(known.line if known else None, form, listing, await load_glossary(work), named)


def owner_of(customer: Customer, branch: str, request: str | None = None) -> Owner:
    """Return the owner, served in this branch, of a product that is archived with this request."""
    return Owner(customer.id, customer.branch, request, branch)


async def keep_product(
    work: UnitOfWork,
    matched: MatchedProduct[ProductForm],
    owner: Owner,
    today: date,
    catalogue: PolicyCatalogue,
) -> Product:
    """Archive the product, which may be known from another branch; it is shared with the branch that serves it."""
    work = work.beyond_scope
    known = await work.get(Product, matched.form.serial)
    product = products.archive_product(known, matched, owner, today).share(owner.served_in or owner.branch)
    if product == known:
        return product
    await hold_against_recalls(work, product)
    entitled, events = await grant_entitlements(work, known, product, catalogue)
    return work.put(entitled, *events)


@use_case(preload=_archived)
async def import_customer(
    work: UnitOfWork, form: ArchiveCustomer, weights: ClassWeights, catalogue: PolicyCatalogue
) -> Customer:
    customer = await archive_customer(work, form, weights, catalogue, in_person=False)
    for product in form.products:
        _owned(await work.require(Product, product.serial), customer)
    return customer


@use_case(
    preload=lambda form: (
        preload_caller(form.phone) if form.phone else (Customer, str(form.customer)),
        *preload_product(form.serial, form.model),
        *POLICY_LIST,
    )
)
async def import_product(work: UnitOfWork, form: ImportProduct, catalogue: PolicyCatalogue) -> Product:
    """Archive a product of a customer in the archive. Raises `DomainError` when the customer is not there."""
    customer = await _owner(work, form)
    branch = await known_branch(work, customer.branch)
    product = ProductForm(**form.model_dump(include=set(ProductForm.model_fields)))
    matched = await look_up_product_words(work, product, catalogue)
    return _owned(
        await keep_product(work, matched, owner_of(customer, branch.id), branch.day_of(work.now), catalogue), customer
    )


async def _owner(work: UnitOfWork, form: ImportProduct) -> Customer:
    contact = await work.get(ContactPoint, form.phone) if form.phone else None
    if form.phone and contact is None:
        raise DomainError("customer.phone_unknown", phone=form.phone)
    if contact and form.customer not in (None, contact.customer):
        raise DomainError("customer.phone_of_other", phone=form.phone, customer=form.customer)
    return await work.require(Customer, contact.customer if contact else str(form.customer))


async def record_shipment(work: UnitOfWork, event: PartnerProductShipped, sender: Sender) -> bool:
    """Record the parcel, and return whether that changed anything (INT-12).

    Raises `DomainError` for products of a customer that nobody has archived, so that a wrong number is noticed.
    """
    branch = await known_branch(work, event.branch)
    if event.to == "customer":
        unknown = [serial for serial in event.serials if await work.get(Product, serial) is None]
        if unknown:
            raise DomainError("shipment.products_unknown", waybill=event.waybill, serials=", ".join(unknown))
    known = await work.get(Shipment, shipment_id(event.carrier, event.waybill))
    shipment = note_shipment(known, event, sender, branch.day_of(work.now), work.now)
    if shipment == known:
        return False
    work.put(shipment)
    return True


def _owned(product: Product, customer: Customer) -> Product:
    """Return the product. Raises `DomainError` when the archive has another owner for it."""
    if product.customer != customer.id:
        raise DomainError("product.owned_by_other", serial=product.id)
    return product
