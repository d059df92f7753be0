"""Events that partner systems send in (INT-12)."""

from datetime import datetime

from pydantic import ConfigDict

from aftersales.common.events import Event
from aftersales.common.events.intake import Kind
from aftersales.common.values import Code, Day, GeoPoint, Line, Phone, Serial, Words


class PartnerServiceRequest(Event):
    """A dealer's or a shop's system passes on a customer's fault. Strict: a partner must read what is wrong."""

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
    urgency: int = 2
    wanted_at: datetime | None = None
    location: GeoPoint | None = None


class PartnerProductSold(Event):
    """A dealer's or a shop's system tells of a sale (INT-12), so that every buyer is archived (INT-3). Strict."""

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
