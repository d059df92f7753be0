"""Products sold (INT-3): kept in the archive, with what comes with them (INT-14), and held against recalls (INT-4).

The rows of sheets are archived the same way, but nothing that a row says is passed over in silence.
"""

from datetime import date

from aftersales.common.policies import LIST
from aftersales.engine import DomainError, Library, Needs, Work, use_case
from aftersales.intake.agreements.handlers import grant
from aftersales.intake.archive.domain import customer as customers
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.customer import ArchiveCustomer, ClassWeights, ContactPoint, Customer
from aftersales.intake.archive.domain.product import Owner, Product, ProductForm
from aftersales.intake.archive.handlers import find_or_enrol, keep, look_up
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.recalls.handlers import hold_against_recalls

from .domain import ImportProduct
from .store import caller, owned


def _archived(form: ArchiveCustomer) -> Needs:
    products = (need for product in form.products for need in owned(product.serial, product.model))
    return (Branch, form.branch), caller(form.phone), *products, *LIST


@use_case(preload=_archived)
async def archive_customer(work: Work, form: ArchiveCustomer, weights: ClassWeights, library: Library) -> Customer:
    branch = await known_branch(work, form.branch)
    new = await work.get(ContactPoint, form.phone) is None
    known = await find_or_enrol(work, form, branch)
    customer = await keep(work, known, customers.update(known, form, work.actor, weights), new=new)
    for product in form.products:
        await keep_product(work, product, customer, branch.day_of(work.now), library)
    return customer


async def keep_product(work: Work, form: ProductForm, customer: Customer, today: date, library: Library) -> Product:
    known = await work.get(Product, form.serial)
    listing = await look_up(work, form.model)
    product = products.archive(known, form, Owner(customer.id, customer.branch), today, listing)
    if product == known:
        return product
    await hold_against_recalls(work, product)
    entitled, news = await grant(work, known, product, library)
    return work.put(entitled, *news)


@use_case(preload=_archived)
async def import_customer(work: Work, form: ArchiveCustomer, weights: ClassWeights, library: Library) -> Customer:
    customer = await archive_customer(work, form, weights, library)
    for product in form.products:
        _owned(await work.need(Product, product.serial), customer)
    return customer


@use_case(
    preload=lambda form: (
        caller(form.phone) if form.phone else (Customer, str(form.customer)),
        *owned(form.serial, form.model),
        *LIST,
    )
)
async def import_product(work: Work, form: ImportProduct, library: Library) -> Product:
    """Keep the product of a customer who is in the archive. Raises `DomainError` when they are not."""
    customer = await _owner(work, form)
    branch = await known_branch(work, customer.branch)
    product = ProductForm(**form.model_dump(include=set(ProductForm.model_fields)))
    return _owned(await keep_product(work, product, customer, branch.day_of(work.now), library), customer)


async def _owner(work: Work, form: ImportProduct) -> Customer:
    contact = await work.get(ContactPoint, form.phone) if form.phone else None
    if form.phone and contact is None:
        raise DomainError("customer.phone_unknown", phone=form.phone)
    if contact and form.customer not in (None, contact.customer):
        raise DomainError("customer.phone_of_other", phone=form.phone, customer=form.customer)
    return await work.need(Customer, contact.customer if contact else str(form.customer))


def _owned(product: Product, customer: Customer) -> Product:
    """Raises `DomainError` for what the archive keeps as somebody else's."""
    if product.customer != customer.id:
        raise DomainError("product.owned_by_other", serial=product.id)
    return product
