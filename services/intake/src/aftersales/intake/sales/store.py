"""What is loaded together: a caller with their contracts, a product with all that a sale looks at."""

from collections.abc import Iterable

from aftersales.engine import DocumentRef
from aftersales.intake.agreements.domain.contract import Contract
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.domain.customer import ContactPoint, Customer
from aftersales.intake.archive.domain.model import REGISTER, Model, ModelRegister
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.recalls.domain import Recall


def preload_caller(phone: str) -> DocumentRef:
    """Whoever this phone belongs to, with their contracts."""
    return ContactPoint, phone, lambda contact: ((Customer, contact.customer, preload_contracts),)


def preload_contracts(customer: Customer) -> Iterable[DocumentRef]:
    """A customer's contracts."""
    return ((Contract, number) for number in customer.contracts)


def preload_entitlements(product: Product) -> Iterable[DocumentRef]:
    """What came with a purchase."""
    return ((Entitlement, id) for id in product.entitled)


def preload_product(serial: str, model: str) -> tuple[DocumentRef, ...]:
    """A product with its entitlements, what the register says of its model, and the recalls that it may fall under."""
    return (
        (Product, serial, preload_entitlements),
        (Model, model),
        (ModelRegister, REGISTER),
        (Recall, {"state": "open"}),
    )
