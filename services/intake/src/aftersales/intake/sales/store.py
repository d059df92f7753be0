"""Parcels, and preloads: a caller with contracts, and a product with everything that a sale reads."""

from collections.abc import Iterable

from aftersales.common.events.partner import PartnerProductShipped
from aftersales.engine import Aggregate, Document, DocumentRef, DocumentRefs, Index
from aftersales.intake.agreements.domain.contract import Contract
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.domain.customer import ContactPoint, Customer
from aftersales.intake.archive.domain.model import REGISTER, Model, ModelRegister
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.catalogues.store import TERMS
from aftersales.intake.network.domain import Branch
from aftersales.intake.recalls.domain import Recall

from .domain import Shipment, shipment_id

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Shipment: (
        Index("waybill", "-_id"),
        Index("serials", "-_id"),
        Index("order_number", "-_id", partial={"order_number": {"$gt": ""}}),
        Index("branch", "-_id"),
    ),
}


def waybill_filter(word: str) -> Document:
    """Return the filter for parcels with this waybill, in any case (INT-12)."""
    return {"waybill": word.strip().upper()}


def preload_shipment(event: PartnerProductShipped) -> DocumentRefs:
    products = ((Product, serial) for serial in event.serials)
    return (Branch, event.branch), (Shipment, shipment_id(event.carrier, event.waybill)), *products


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
