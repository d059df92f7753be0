"""Events that partner systems publish (INT-12)."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from aftersales.common.events import Event
from aftersales.common.events.intake import Kind
from aftersales.values import ChatId, Code, Day, Email, GeoPoint, Line, Moment, Phone, Serial, Words
from aftersales.values.serials import GivenSerial

Waybill = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{3,39}$")
]
"""The number of a parcel at its carrier, in capital letters."""


class PartnerServiceRequest(Event):
    """A dealer's or a shop's system reports a customer's fault. Unknown fields are refused, with the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE = "partner.service_request.v1"
    branch: Code
    customer_name: Line | None = None
    """The customer's name, compulsory unless `unreachable` gives a reason."""
    phone: Phone | None = None
    """A phone, an e-mail address, a chat account or an address must be given, or a reason as `unreachable`."""
    email: Email | None = None
    chat_id: ChatId | None = None
    """The customer's account in a chat or on a platform."""
    unreachable: Line | None = None
    """The reason why nobody can be reached, such as an anonymous letter."""
    address: Line | None = None
    """May be left out if the customer's address is known."""
    serial: GivenSerial = None
    model: Line | None = None
    line: Line | None = None
    """The product line in any word of the catalogue, such as `refrigerator` or 冰箱; of a known product or model it may
    be left out."""
    purchased_on: Day | None = None
    kind: Kind = "repair"
    fault: Line | None = None
    """The fault in any word of the catalogue, such as `no-power` or 不通电; without one, `description` says it."""
    description: Words = ""
    urgency: Annotated[int, Field(ge=1, le=3, strict=True)] = 2
    """From 1 (can wait) to 3 (urgent)."""
    danger: bool | None = None
    """Whether somebody may be hurt (INT-5); null: the words of the description decide."""
    rush: bool = False
    """Whether it is ordered as rush work (ALL-10)."""
    wanted_at: Moment | None = None
    location: GeoPoint | None = None


class PartnerProductSold(Event):
    """A dealer's or a shop's system reports a sale (INT-12, INT-3). Unknown fields are refused, with the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE = "partner.product_sold.v1"
    branch: Code
    customer_name: Line
    phone: Phone | None = None
    """Leads to the buyer in the archive, as do e-mail address and chat account of somebody without a phone."""
    email: Email | None = None
    chat_id: ChatId | None = None
    """The buyer's account in a chat or on a platform."""
    address: Line
    serial: Serial
    model: Line
    line: Line
    """The product line in any word of the catalogue."""
    batch: Code | None = None
    purchased_on: Day


class PartnerRequestCancelled(Event):
    """A partner cancels a request of its own, as long as nothing is repaired (INT-12). Unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE = "partner.request_cancelled.v1"
    request: Line
    """Our number of the request, from the receipt of the event that created it."""
    reason: Line
    """The reason, as the desk reads it."""


class PartnerProductShipped(Event):
    """A dealer's or a shop's system reports a parcel to a customer or to a branch (INT-12).

    The same waybill again corrects its days. Unknown fields are refused, with the reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE = "partner.product_shipped.v1"
    branch: Code
    """The customer's branch, or the branch that receives the parcel."""
    to: Literal["customer", "branch"] = "customer"
    """The receiver. Products for a customer must be archived, by their sale or a request; a branch's need not be."""
    waybill: Waybill
    """The number of the parcel at the carrier."""
    carrier: Annotated[Line, StringConstraints(max_length=50)]
    """The carrier, such as `SF` or 顺丰."""
    serials: Annotated[tuple[Serial, ...], Field(min_length=1, max_length=100)]
    """The serial numbers of the products in the parcel."""
    order_number: Annotated[Line, StringConstraints(max_length=64)] | None = None
    """The order of the online shop that the parcel belongs to."""
    shipped_on: Day
    """The day on which the carrier took it."""
    expected_on: Day | None = None
    """The day on which it should arrive."""


PRODUCES = (PartnerServiceRequest, PartnerProductSold, PartnerProductShipped, PartnerRequestCancelled)
