"""The request form (顾客服务需求表, INT-2): what is asked for each kind of request (INT-4). Pure."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from aftersales.common.events.intake import Kind
from aftersales.common.fields import shared_fields
from aftersales.intake.archive.domain.customer import Caller
from aftersales.intake.archive.domain.product import ProductForm
from aftersales.intake.vocabulary import Channel, ProblemClass, RequestKind, Urgency
from aftersales.values import Code, GeoPoint, Line, Moment, Value, Words

FIELDS: dict[RequestKind, tuple[str, ...]] = {
    "repair": ("fault",),
    "training": ("topic",),
    "consultation": ("description",),
    "return": ("reason",),
    "exchange": ("reason",),
    "compensation": ("reason",),
    "complaint": ("description",),
    "recall": ("recall",),
    "upgrade": ("recall",),
}
"""What must be filled in, besides customer and product; of the form itself or of its `details`."""
VISITS: dict[RequestKind, Kind] = {
    "repair": "repair",
    "installation": "installation",
    "commissioning": "installation",
    "maintenance": "maintenance",
    "training": "consultation",
    "recall": "repair",
    "upgrade": "repair",
}
"""The kinds that somebody is sent for, in the words of `request_registered.v1`; the others are answered here."""


class FormSubject(Value):
    """What the contact is about: one product, and what is wanted."""

    product: ProductForm
    kind: RequestKind = "repair"
    problem_class: ProblemClass | None = None
    fault: Code | None = None
    """The code of the fault; needed for a repair."""
    description: Words = ""
    details: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,40}$")], Line] = Field(
        default_factory=dict, max_length=30
    )
    """What this kind of request asks for besides: see `GET /forms`."""
    urgency: Urgency = 2
    danger: bool = False
    """Somebody may be hurt: answered at once (INT-5)."""
    rush: bool = False
    """Ordered as rush work (ALL-10)."""
    wanted_at: Moment | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in FIELDS.get(self.kind, ()):
            if not (getattr(self, name, None) or self.details.get(name)):
                raise ValueError(f"request.{name}_missing")
        return self


class RegisterRequest(FormSubject):
    """The request form: one customer, one product."""

    branch: Code
    channel: Channel
    customer: Caller
    location: GeoPoint | None = None
    owner: Code | None = None
    """Who took the contact and owns it to the end (INT-7); by default whoever asks."""


class RegisterContact(Value):
    """One contact about several products: each becomes a request of its own."""

    branch: Code
    channel: Channel
    customer: Caller
    location: GeoPoint | None = None
    owner: Code | None = None
    subjects: Annotated[tuple[FormSubject, ...], Field(min_length=1, max_length=50)]

    def forms(self) -> tuple[RegisterRequest, ...]:
        shared = shared_fields(self, RegisterRequest)
        return tuple(RegisterRequest.model_construct(**shared, **dict(one)) for one in self.subjects)


class CancelRequest(Value):
    reason: Line
