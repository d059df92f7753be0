"""Events that partner systems publish (INT-12)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from aftersales.common.events import Event
from aftersales.common.events.intake import Kind
from aftersales.values import Code, Day, GeoPoint, Line, Moment, Phone, Serial, Words


class PartnerServiceRequest(Event):
    """A dealer's or a shop's system reports a customer's fault. Unknown fields are refused, with the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    TYPE = "partner.service_request.v1"
    branch: Code
    customer_name: Line
    phone: Phone
    address: Line
    serial: Serial
    model: Code
    line: Code
    purchased_on: Day | None = None
    kind: Kind = "repair"
    fault: Code
    description: Words = ""
    urgency: Annotated[int, Field(ge=1, le=3, strict=True)] = 2
    """From 1 (can wait) to 3 (urgent)."""
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
    model: Code
    line: Code
    batch: Code | None = None
    purchased_on: Day


PRODUCES = (PartnerServiceRequest, PartnerProductSold)
