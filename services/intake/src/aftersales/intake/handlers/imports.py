"""Rows of sheets: what a desk would do one by one, but nothing that a row says is passed over in silence."""

from aftersales.common.errors import DomainError
from aftersales.common.policies import Library
from aftersales.common.work import Work
from aftersales.intake.domain.customer import ArchiveCustomer, ContactPoint, Customer
from aftersales.intake.domain.imports import ImportProduct
from aftersales.intake.domain.product import Product, ProductForm
from aftersales.intake.settings import Settings

from .archive import archive_customer, keep_product
from .branches import known_branch


async def import_customer(work: Work, form: ArchiveCustomer, settings: Settings, library: Library) -> Customer:
    customer = await archive_customer(work, form, settings, library)
    for product in form.products:
        _owned(await work.need(Product, product.serial), customer)
    return customer


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
