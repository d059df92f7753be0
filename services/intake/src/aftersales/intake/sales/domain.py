"""Products of sheets with their owners, and parcels on the way to customers and branches (INT-12). Pure."""

from datetime import date, datetime
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.partner import PartnerProductShipped
from aftersales.common.fields import shared_fields
from aftersales.common.partners import Sender
from aftersales.common.terms import fold_term
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.domain.statement import ProductForm
from aftersales.values import Day, Phone
from aftersales.values.errors import DomainError


class ImportProduct(ProductForm):
    """A product of a customer in the archive, found by phone or by id (INT-3)."""

    phone: Phone | None = None
    customer: CustomerId | None = None

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if not (self.phone or self.customer):
            raise ValueError("product.owner_missing")
        return self


class Shipment(Aggregate):
    """A parcel with products on the way to a customer or a branch; its id is carrier and waybill."""

    COLLECTION: ClassVar[str] = "shipments"

    waybill: str
    carrier: str
    to: Literal["customer", "branch"]
    serials: tuple[str, ...]
    order_number: str | None = None
    shipped_on: Day
    expected_on: Day | None = None
    """The day on which it should arrive."""
    earlier_expected: tuple[Day, ...] = ()
    """The days on which it should have arrived, as reported before."""
    partner: str
    """The RabbitMQ user who reported it."""
    source: str
    reference: str
    """The partner's own reference: the event's `subject`, or its id."""
    reported_at: datetime


def shipment_id(carrier: str, waybill: str) -> str:
    """Return the id of a parcel: carriers number their own parcels, and write their names in any case."""
    return f"{fold_term(carrier)}|{waybill}"


def note_shipment(
    known: Shipment | None, event: PartnerProductShipped, sender: Sender, today: date, at: datetime
) -> Shipment:
    """Record the parcel, or new days of a known one.

    Raises `DomainError` for impossible days, another partner's waybill, or other products under a known one.
    """
    _must_be_possible(event, today)
    if known is None:
        said = shared_fields(event, Shipment) | {"serials": tuple(dict.fromkeys(event.serials))}
        sent_by = {"partner": sender.user, "source": sender.source, "reference": sender.reference}
        return Shipment(id=shipment_id(event.carrier, event.waybill), reported_at=at, **said, **sent_by)
    about = {"waybill": event.waybill, "carrier": event.carrier}
    if known.partner != sender.user:
        raise DomainError("shipment.waybill_of_another", **about)
    if {*known.serials} != {*event.serials}:
        raise DomainError("shipment.other_products", **about, serials=", ".join(known.serials))
    if (known.branch, known.to) != (event.branch, event.to):
        raise DomainError("shipment.other_receiver", **about, branch=known.branch)
    expected = event.expected_on or known.expected_on
    moved = (known.expected_on,) if known.expected_on and known.expected_on != expected else ()
    return known.but(
        shipped_on=event.shipped_on,
        expected_on=expected,
        earlier_expected=known.earlier_expected + moved,
        order_number=event.order_number or known.order_number,
    )


def _must_be_possible(event: PartnerProductShipped, today: date) -> None:
    about = {"waybill": event.waybill, "carrier": event.carrier, "shipped_on": event.shipped_on.isoformat()}
    if event.shipped_on > today:
        raise DomainError("shipment.in_future", **about)
    if event.expected_on and event.expected_on < event.shipped_on:
        raise DomainError("shipment.arrives_before_it_leaves", **about, expected_on=event.expected_on.isoformat())
