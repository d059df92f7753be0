"""Customers, found again by their phone (INT-3). Personal data stays in this service (ALL-6)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.values import Code, Line, Phone, Value

from .product import ProductForm

CustomerClass = Literal["A", "B", "C", "VIP", "key"]
"""INT-3: by weight, or named: VIP and key customers have terms of their own (INT-8)."""


class Caller(Value):
    """Who makes contact, as they say it (INT-2)."""

    name: Line
    phone: Phone
    address: Line


class ArchiveCustomer(Caller):
    """Somebody to archive, with what they own, from the day of purchase (INT-3)."""

    branch: Code
    customer_class: CustomerClass | None = None
    """None keeps the class that is known, and is C for a new customer."""
    products: Annotated[tuple[ProductForm, ...], Field(max_length=100)] = ()


class Customer(Aggregate):
    """A customer in the archive."""

    COLLECTION: ClassVar[str] = "customers"

    name: str
    phone: str
    address: str
    customer_class: CustomerClass = "C"


class ContactPoint(Aggregate):
    """Whose phone this is. The number is the document's id, so nobody is archived twice."""

    COLLECTION: ClassVar[str] = "contact_points"

    customer: str


def enrol(customer: str, caller: Caller, branch: str) -> tuple[Customer, ContactPoint]:
    """Archive somebody who calls for the first time, under the id `customer`."""
    contact = ContactPoint(id=caller.phone, branch=branch, customer=customer)
    return Customer(id=customer, branch=branch, name=caller.name, phone=caller.phone, address=caller.address), contact


def update(customer: Customer, caller: Caller, customer_class: CustomerClass | None) -> Customer:
    """Change the particulars; the class stays when none is named."""
    kept = customer_class or customer.customer_class
    return customer.but(name=caller.name, address=caller.address, customer_class=kept)
