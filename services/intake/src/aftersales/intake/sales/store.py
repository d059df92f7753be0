"""Preloads: a caller with contracts, and a product with everything that a sale reads."""

from collections.abc import Iterable

from aftersales.engine import DocumentRef
from aftersales.intake.agreements.domain.contract import Contract
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.domain.customer import ContactPoint, Customer
from aftersales.intake.archive.domain.model import REGISTER, Model, ModelRegister
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.catalogues.store import TERMS
from aftersales.intake.recalls.domain import Recall


def preload_caller(phone: str) -> DocumentRef:
    """Load the customer with this phone, and their contracts."""
    return ContactPoint, phone, lambda contact: ((Customer, contact.customer, preload_contracts),)


def preload_contracts(customer: Customer) -> Iterable[DocumentRef]:
    return ((Contract, number) for number in customer.contracts)


def preload_entitlements(product: Product) -> Iterable[DocumentRef]:
    return ((Entitlement, id) for id in product.entitled)


def preload_product(serial: str | None, model: str | None) -> tuple[DocumentRef, ...]:
    """Load a product with entitlements, its model in the register, the catalogues, and the open recalls."""
    return (
        *([(Product, serial, preload_entitlements)] if serial else []),
        *([(Model, model)] if model else []),
        (ModelRegister, REGISTER),
        *TERMS,
        (Recall, {"state": "open"}),
    )
