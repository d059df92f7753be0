"""The customer archive: people and what they own (INT-3)."""

from datetime import date

from aftersales.common.values import uuid7
from aftersales.common.work import Work
from aftersales.intake.domain import customer as customers
from aftersales.intake.domain import product as products
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.customer import ArchiveCustomer, Caller, ContactPoint, Customer
from aftersales.intake.domain.entitlement import Grants
from aftersales.intake.domain.product import Owner, Product, ProductForm

from .branches import known_branch
from .entitlements import grant
from .recalls import hold_against_recalls


async def archive_customer(work: Work, form: ArchiveCustomer, grants: Grants) -> Customer:
    branch = await known_branch(work, form.branch)
    known = await find_or_enrol(work, form, branch)
    customer = customers.update(known, form, form.customer_class)
    if customer != known:
        customer = work.put(customer)
    for product in form.products:
        await keep_product(work, product, customer, branch.today(work.now), grants)
    return customer


async def find_or_enrol(work: Work, caller: Caller, branch: Branch) -> Customer:
    """Find the customer by phone, or archive them."""
    contact = await work.get(ContactPoint, caller.phone)
    if contact:
        return await work.need(Customer, contact.customer)
    customer, contact = customers.enrol(uuid7(), caller, branch.id)
    work.put(contact)
    return work.put(customer)


async def keep_product(work: Work, form: ProductForm, customer: Customer, today: date, grants: Grants) -> Product:
    known = await work.get(Product, form.serial)
    product = products.archive(known, form, Owner(customer.id, customer.branch), today)
    if product == known:
        return product
    await hold_against_recalls(work, product)
    return work.put(product, *await grant(work, known, product, grants))
