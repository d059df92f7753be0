"""Contracts (INT-13): covered products, included services and promised dates."""

from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.terms import Term
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.vocabulary import RequestNumber
from aftersales.policy.model.stages import StageName
from aftersales.policy.sla.model import Seconds
from aftersales.policy.sla.stages import USUAL
from aftersales.values import Code, Day, Line, Serial, Value, Words
from aftersales.values.errors import DomainError


def _some_time(span: timedelta) -> timedelta:
    if not timedelta() < span <= timedelta(days=366):
        raise ValueError("contract.target_out_of_range")
    return span


def _with_a_clock(stage: str) -> str:
    if stage not in USUAL:
        raise ValueError("contract.stage_without_clock")
    return stage


StageTarget = Annotated[
    Seconds,
    AfterValidator(_some_time),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "duration"}, {"type": "number"}]}, mode="validation"),
]
"""The target of a stage: accepted as an ISO 8601 duration or in seconds, returned in seconds."""
TrainingHours = Annotated[float, Field(ge=0.25, le=10_000, multiple_of=0.25, strict=True)]
Pays = Literal["free", "cost", "list"]
"""The price for the customer: nothing, the cost price, or the list price."""


class Covers(Value):
    parts: Pays = "list"
    labour: Pays = "list"
    travel: Pays = "list"


class Included(Value):
    """A kind of service that the contract includes, with the number of times."""

    kind: Code
    """`maintenance`, `training`, `commissioning`, `repair` …"""
    count: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    """The number of times."""


class ContractForm(Value):
    """The terms of a contract."""

    customer: CustomerId
    """The id of the customer."""
    branch: Code
    serials: Annotated[tuple[Serial, ...], Field(max_length=2000)] = ()
    """Serial numbers that are covered."""
    models: Annotated[tuple[Term, ...], Field(max_length=200)] = ()
    """Models that are covered, as far as the customer owns them."""
    lines: Annotated[tuple[Term, ...], Field(max_length=200)] = ()
    """Product lines that are covered, as far as the customer owns them."""
    valid_from: Day
    """The first day."""
    valid_until: Day
    """The last day."""
    commissioning_due: Day | None = None
    """The last day on which everything must run, and the customer's staff be trained."""
    training_hours: TrainingHours | None = None
    """Hours of training promised to the customer's staff, until the day of commissioning, else within the contract."""
    services: Annotated[tuple[Included, ...], Field(max_length=50)] = ()
    """Services that are included."""
    covers: Covers = Covers()
    """The prices of parts, labour and travel for the customer."""
    response: Annotated[
        dict[Annotated[StageName, AfterValidator(_with_a_clock)], StageTarget], Field(max_length=20)
    ] = Field(default_factory=dict)
    """Targets by stage that replace the policy's; stages that the policy lacks run round the clock.

    Only stages with a clock for requests are accepted, because nothing watches others.
    """

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.valid_until < self.valid_from:
            raise ValueError("contract.ends_before_it_begins")
        if not (self.serials or self.models or self.lines):
            raise ValueError("contract.covers_nothing")
        if len({service.kind for service in self.services}) < len(self.services):
            raise ValueError("contract.service_twice")
        return self


class UseService(Value):
    request: RequestNumber
    """The request for which the service is used."""
    kind: Code
    """The kind of service, as in the contract."""


class Commission(Value):
    day: Day
    """The day on which everything ran."""
    report: Words
    """The result, in words."""


class Train(Value):
    """A training session for the customer's staff."""

    day: Day
    """The day of the session."""
    hours: TrainingHours
    """Its length in hours, in steps of a quarter."""
    people: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    """The number of people who were trained."""
    subject: Line


class Use(Value):
    """One use of an included service or of an entitlement, for a request."""

    request: str
    at: datetime
    by: str


class Allowance(Included):
    used: tuple[Use, ...] = ()

    @property
    def left(self) -> int:
        return self.count - len(self.used)


class Commissioned(Commission):
    at: datetime
    by: str


class TrainingGiven(Train):
    at: datetime
    by: str


class Contract(Aggregate):
    """A contract; its id is its number, the customer's own or ours (`CT-…`)."""

    COLLECTION: ClassVar[str] = "contracts"

    customer: str
    serials: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    valid_from: Day
    valid_until: Day
    commissioning_due: Day | None = None
    commissioned: Commissioned | None = None
    training_hours: float | None = None
    training_done: float = 0
    sessions: tuple[TrainingGiven, ...] = ()
    services: tuple[Allowance, ...] = ()
    covers: Covers = Covers()
    response: dict[StageName, StageTarget] = Field(default_factory=dict)

    def includes(self, kind: str, request: str) -> bool:
        """Return whether a service of this kind is left for the request, or is already used for it."""
        return any(
            service.left > 0 or any(used.request == request for used in service.used)
            for service in self.services
            if service.kind == kind
        )


def consume_service(contract: Contract, form: UseService, today: date, by: str, now: datetime) -> Contract:
    """Use one included service for a request; repeating it changes nothing."""
    service = next((service for service in contract.services if service.kind == form.kind), None)
    if service and any(used.request == form.request for used in service.used):
        return contract
    if not contract.valid_from <= today <= contract.valid_until:
        raise DomainError("contract.not_valid", contract=contract.id, day=today.isoformat())
    if service is None or service.left < 1:
        raise DomainError("contract.none_left", contract=contract.id, kind=form.kind)
    after = service.model_copy(update={"used": (*service.used, Use(request=form.request, at=now, by=by))})
    return contract.but(services=tuple(after if s.kind == form.kind else s for s in contract.services))


def return_service(contract: Contract, request: str) -> Contract:
    """Return services used for a request that needs none any more."""
    services = [
        service.model_copy(update={"used": tuple(one for one in service.used if one.request != request)})
        for service in contract.services
    ]
    return contract.but(services=tuple(services))
