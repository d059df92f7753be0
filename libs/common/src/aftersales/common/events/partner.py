"""Events that partner systems publish (INT-12)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from aftersales.common.events import Event
from aftersales.common.events.intake import Kind
from aftersales.values import Code, Day, GeoPoint, Line, Moment, Phone, Serial, Words
from aftersales.values.serials import GivenSerial


class PartnerServiceRequest(Event):
    """A dealer's or a shop's system reports a customer's fault. Unknown fields are refused, with the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE = "partner.service_request.v1"
    branch: Code
    customer_name: Line
    phone: Phone
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
    phone: Phone
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


PRODUCES = (PartnerServiceRequest, PartnerProductSold, PartnerRequestCancelled)
