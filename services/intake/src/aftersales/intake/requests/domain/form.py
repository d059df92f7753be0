"""The request form (顾客服务需求表, INT-2), with the fields that each kind of request needs (INT-4). Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from aftersales.common.events.intake import Kind, RecallKind
from aftersales.common.fields import shared_fields
from aftersales.common.terms import Term
from aftersales.intake.archive.domain.caller import NamedCaller
from aftersales.intake.archive.domain.contact import CustomerId, NumberUser, Relation, Short, missing_field
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.statement import NamedProduct
from aftersales.intake.vocabulary import OF_AN_ORDER, Channel, ProblemClass, RequestKind, Urgency
from aftersales.values import (
    ChatId,
    Code,
    Email,
    ForgivingForm,
    GeoPoint,
    Line,
    Moment,
    Phone,
    Reason,
    Value,
    Words,
    drop_blanks,
)
from aftersales.values.errors import Malformed
from aftersales.values.personal import refuse_masked

FIELDS: dict[RequestKind, tuple[str, ...]] = {
    "repair": ("description",),
    "training": ("topic",),
    "consultation": ("description",),
    "return": ("reason",),
    "exchange": ("reason",),
    "compensation": ("reason",),
    "complaint": ("description",),
    "recall": ("recall",),
    "upgrade": ("recall",),
    **dict.fromkeys(OF_AN_ORDER, ("order_number",)),
    "address_change": ("order_number", "new_address"),
}
"""Required fields in addition to the customer, in the form itself or in its `details`. A fault code can replace the
description. A kind with a visit also needs a product line and an address, unless the archive has them."""
OrderWord = Annotated[Line, StringConstraints(max_length=64)]
Details = Annotated[dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,40}$")], Line], Field(max_length=30)]
UNSPECIFIED = "unspecified"
"""The fault of a repair without a fault code."""
VISITS: dict[RequestKind, Kind] = {
    "repair": "repair",
    "installation": "installation",
    "commissioning": "installation",
    "maintenance": "maintenance",
    "training": "consultation",
    "recall": "repair",
    "upgrade": "repair",
}
"""Kinds that need a visit, mapped to the kinds of `request_registered.v1`; other kinds are handled at the desk."""


def recall_of(kind: RequestKind, details: Mapping[str, str]) -> tuple[str, RecallKind] | None:
    """Return the number and kind of the recall that a request is about, if it is about one (INT-4)."""
    return (details["recall"].upper(), kind) if kind in {"recall", "upgrade"} and "recall" in details else None


class OrderReference(ForgivingForm):
    """The order of an online shop that a contact is about (INT-15)."""

    platform: Annotated[Line, StringConstraints(max_length=50)] | None = None
    """The shop or platform, such as `taobao`, `jd` or `shopify`."""
    number: OrderWord | None = None
    """The order number there."""
    account: OrderWord | None = None
    """The buyer's account there, such as a Wangwang id (旺旺)."""

    @property
    def known_by(self) -> str | None:
        """The number, or what else the order can be found by."""
        return self.number or self.account


def fault_of(kind: RequestKind, fault: str | None) -> str:
    return fault or (UNSPECIFIED if kind == "repair" else kind)


def has_field(name: str, said: BaseModel, fault: str | None) -> bool:
    """Return whether a required field is filled in, in the form itself or in its `details`."""
    form: Any = said
    if name == "order_number":
        return bool(form.order and form.order.known_by)
    return bool(getattr(form, name, None) or form.details.get(name) or (name == "description" and fault))


def _places(name: str) -> tuple[str, ...]:
    """Return where a required field stands: in the form itself, in its order, or in its details."""
    if name == "order_number":
        return ("order", "number")
    return (name,) if name == "description" else ("details", name)


class FormSubject(ForgivingForm):
    """One product that the contact is about, and what the customer wants."""

    product: NamedProduct = NamedProduct()
    """What is known of the product; empty for a general question."""
    kind: RequestKind = "repair"
    """The customer's wish: `repair`, `installation`, `consultation` …; see `GET /forms` for the fields of each."""
    problem_class: ProblemClass | None = None
    """The class of the problem: `technical`, `quality` or `usage`."""
    fault: Term | None = None
    """The fault, if known: its code or any other word of the catalogue."""
    description: Words = ""
    """The problem or question, in the customer's own words."""
    order: OrderReference | None = None
    """The order that it is about, if it came from an online shop; requests are found by it."""
    details: Details = Field(default_factory=dict)
    """Additional fields of this kind of request; see `GET /forms`."""
    urgency: Urgency = 2
    """Urgency in the customer's eyes: 1 can wait, 2 is normal, 3 is pressing."""
    danger: bool = False
    """Whether somebody may be hurt, which needs an immediate answer (INT-5)."""
    rush: bool = False
    """Whether it is ordered as rush work (ALL-10)."""
    major: bool = False
    """Whether it is a major fault, for which the policy may allow more time (DSP-8)."""
    far: bool | None = None
    """Whether the place is far away (DSP-3); by default, whether the address names a far district of the branch."""
    wanted_at: Moment | None = None
    """The time at which the customer wants the visit, with its offset."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        errors = []
        for name in FIELDS.get(self.kind, ()):
            if not has_field(name, self, self.fault):
                errors.append(missing_field(ValueError(f"request.{name}_missing"), *_places(name)))  # noqa: PERF401 (tests look codes up in loops)
        if errors:
            raise ValidationError.from_exception_data("request", errors)
        return self

    @property
    def says_danger(self) -> bool:
        """Whether somebody has decided about danger; if not, words of the description can raise it (INT-5)."""
        return "danger" in self.model_fields_set

    @property
    def fault_code(self) -> str:
        """The fault for comparison with other requests (INT-9); for kinds other than repairs, the kind."""
        return fault_of(self.kind, self.fault)


class Caller(ForgivingForm):
    """The caller: name and a way to reach them, or the id of a known customer, whose data need not be repeated.

    Somebody who cannot be reached, such as the writer of an anonymous letter, has the reason as `unreachable` instead.
    """

    id: CustomerId | None = None
    """A customer in the archive; then a name is only needed if somebody else calls, and no phone is."""
    name: Annotated[Line, AfterValidator(refuse_masked)] | None = None
    phone: Phone | None = None
    email: Annotated[Email, AfterValidator(refuse_masked)] | None = None
    chat_id: Annotated[ChatId, AfterValidator(refuse_masked)] | None = None
    """Their account in a chat or on a platform, such as a Wangwang id (旺旺)."""
    address: Line | None = None
    """Null if it is known or not needed."""
    unreachable: Line | None = None
    """The reason why nobody can be reached, such as an anonymous letter; then a name is not needed either."""
    relation: Relation | None = None
    """How somebody else than the customer shares the number: as a `household`, a `company`, or `shared` otherwise."""
    role: Short = ""
    """What the caller is to the customer, or how they use the number, such as wife, 店里电话 or caretaker."""

    @model_validator(mode="before")
    @classmethod
    def _name_somebody(cls, given: Any) -> Any:
        """Refuse a caller without id whose name or every way to reach them is missing."""
        given = drop_blanks(given)
        if not isinstance(given, dict) or given.get("id") or given.get("unreachable"):
            return given
        errors = []
        if given.get("name") is None:
            errors.append(InitErrorDetails(type="missing", loc=("name",), input=given))
        if not any(given.get(way) for way in ("phone", "email", "chat_id", "address")):
            errors.append(missing_field(ValueError("request.no_way_to_reach"), "phone"))
        if errors:
            raise ValidationError.from_exception_data(cls.__name__, errors)
        return given

    def caller_of(self, known: Customer | None) -> NamedCaller:
        """Return the caller as the archive notes one: a known customer, unless another name is said."""
        name, phone = (known.name, known.phone) if known else ("", self.phone or "")
        return NamedCaller.model_construct(
            name=self.name or name, phone=phone, address=self.address, email=self.email, chat_id=self.chat_id
        )

    @property
    def user(self) -> NumberUser | None:
        """The caller as a user of the customer's number, if that is said."""
        if not self.name or not (self.relation or self.role):
            return None
        return NumberUser(name=self.name, relation=self.relation or "household", role=self.role, number=self.phone)

    @property
    def points(self) -> tuple[str, ...]:
        """The ids of the contact points that lead to the customer."""
        return self.caller_of(None).points

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.id and self.phone:
            raise ValueError("request.phone_of_known_customer")
        return self


class RegisterRequest(FormSubject):
    """The request form for one customer and one product."""

    branch: Code
    """The code of the branch that is responsible."""
    channel: Channel
    """The channel on which the customer contacted us."""
    customer: Caller
    """The caller. The phone number leads to the customer in the archive."""
    location: GeoPoint | None = None
    """The place of the visit, for the choice of a technician."""
    owner: Code | None = None
    """The person who owns the request to the end (INT-7); the default is the caller of this service."""
    at: Moment | None = None
    """The time of the contact, if it is entered later; clamped between the policy's `late_entry` ago and now."""

    @property
    def needs_visit(self) -> bool:
        return self.kind in VISITS


class Elsewhere(ForgivingForm):
    """The request in the system that it comes from (`aftersales import requests`)."""

    number: Line | None = None
    """Its number there."""
    state: Literal["open", "closed", "cancelled"] | None = None
    registered_at: Moment | None = None
    closed_at: Moment | None = None


class ImportRequest(RegisterRequest):
    """A row of a sheet. A request that is closed elsewhere becomes history; another one is registered now."""

    elsewhere: Elsewhere | None = None

    @property
    def is_past(self) -> bool:
        known = self.elsewhere
        return known is not None and (known.state in {"closed", "cancelled"} or known.closed_at is not None)

    @property
    def needs_visit(self) -> bool:
        return super().needs_visit and not self.is_past


class RegisterContact(ForgivingForm):
    """One contact about several products; each product gets its own request."""

    branch: Code
    """The code of the branch that is responsible."""
    channel: Channel
    """The channel on which the customer contacted us."""
    customer: Caller
    """The caller. The phone number leads to the customer in the archive."""
    location: GeoPoint | None = None
    """The place of the visits."""
    owner: Code | None = None
    """The owner of the requests; the default is the caller of this service."""
    at: Moment | None = None
    """The time of the contact, if it is entered later; clamped between the policy's `late_entry` ago and now."""
    subjects: Annotated[tuple[FormSubject, ...], Field(min_length=1, max_length=50)]
    """The subjects of the contact: one entry for each product or question."""

    def forms(self) -> tuple[RegisterRequest, ...]:
        shared = shared_fields(self, RegisterRequest)
        return tuple(
            RegisterRequest.model_construct({*shared, *one.model_fields_set}, **shared, **dict(one))
            for one in self.subjects
        )


def must_be_complete(kind: RequestKind, said: BaseModel, fault: str | None) -> None:
    """Raise `Malformed` for a corrected request that lacks what its kind needs."""
    for name in FIELDS.get(kind, ()):
        if not has_field(name, said, fault):
            raise Malformed(f"request.{name}_missing")


class CancelRequest(Value):
    reason: Reason
