"""Service requests: registered, resolved, asked about, reopened or closed (INT-1, INT-2, INT-5, INT-7).

Events of one request arrive in any order. `visit` tells rounds apart; each fact waits for the one it builds on.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.due import Due, next_due
from aftersales.common.errors import DomainError, NotYet
from aftersales.common.events import Event
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.intake import (
    Kind,
    ProductRef,
    RequestCancelled,
    RequestClosed,
    RequestRegistered,
    RequestReopened,
    RequestResolved,
)
from aftersales.common.values import Code, GeoPoint, Line, Moment, Value, Words

from .customer import Caller, Customer, CustomerClass
from .product import Product, ProductForm

Channel = Literal[
    "phone",
    "email",
    "web",
    "letter",
    "walk_in",
    "on_site",
    "chat",
    "message",
    "social",
    "suggestion_box",
    "partner",
]
"""INT-1; `message` is SMS or WeChat."""
State = Literal["registered", "resolved", "reopened", "closed", "cancelled"]
OPEN: tuple[State, ...] = ("registered", "reopened")
"""Somebody must still do something about it."""
Urgency = Annotated[int, Field(ge=1, le=3, strict=True)]
"""1 can wait, 3 is pressing."""


class RegisterRequest(Value):
    """The request form (顾客服务需求表, INT-2)."""

    branch: Code
    channel: Channel
    customer: Caller
    product: ProductForm
    kind: Kind = "repair"
    fault: Code
    description: Words = ""
    urgency: Urgency = 2
    wanted_at: Moment | None = None
    location: GeoPoint | None = None
    owner: Code | None = None
    """Who took the contact and owns it to the end (INT-7); by default whoever asks."""


class CancelRequest(Value):
    reason: Line


class Policy(Value):
    """The figures of INT-5."""

    importance: dict[CustomerClass, int]
    """What a customer of each class weighs."""
    priority_from: tuple[int, int, int]
    """The least importance x urgency for priority 1, 2 and 3; below it is 4."""

    def priority(self, customer_class: CustomerClass, urgency: int) -> int:
        """1 (at once) to 4 (whenever)."""
        score = self.importance[customer_class] * urgency
        return next((rank for rank, least in enumerate(self.priority_from, 1) if score >= least), 4)


class Taken(NamedTuple):
    """Who took the contact, and when (INT-7)."""

    by: str
    at: datetime


class Archive(NamedTuple):
    """Who calls about what, as the customer archive knows them (INT-3)."""

    customer: Customer
    product: Product


class Step(Value):
    """One change of state (ALL-5)."""

    state: State
    at: datetime
    by: str
    why: str = ""


class Resolution(Value):
    visit: int
    at: datetime
    cause: str
    solution: str
    technician: str


class ServiceRequest(Aggregate):
    """A customer's fault or wish; its id is its number (`SR-…`)."""

    COLLECTION: ClassVar[str] = "requests"
    OF_CONTACT: ClassVar[bool] = True

    channel: Channel
    customer: str
    address: str
    """Where to go, as it was said this time; the archive may know another one."""
    product: ProductRef
    kind: Kind
    fault: str
    description: str
    urgency: int
    priority: int
    owner: str
    wanted_at: datetime | None = None
    location: GeoPoint | None = None
    registered_at: datetime
    state: State = "registered"
    visit: int = 1
    """Which visit is under way or was the last."""
    resolution: Resolution | None = None
    history: tuple[Step, ...] = ()
    open: bool = True
    stage: str | None = None
    """What is due next, of its clocks; `due_at` is None while that is paused."""
    due_at: datetime | None = None
    at_risk_at: datetime | None = None
    tail: str = ""
    """The end of the number, by which people ask for it."""

    def derived(self) -> dict[str, Any]:
        """What lists and boards ask for (`store.py` has their indexes)."""
        is_open = self.state in OPEN
        due = next_due(self.clocks) if is_open else Due()
        return {"open": is_open, "tail": self.id[-4:], **due._asdict()}


Decision = tuple[ServiceRequest, tuple[Event, ...]]


def register(number: str, form: RegisterRequest, archive: Archive, taken: Taken, policy: Policy) -> Decision:
    """Record the contact: who took it owns it to the end, unless the form names somebody (INT-7)."""
    customer, product = archive
    owner = form.owner or taken.by
    shared = {
        "branch": form.branch,
        "channel": form.channel,
        "customer": customer.id,
        "product": ProductRef(serial=product.id, model=product.model, line=product.line),
        "kind": form.kind,
        "fault": form.fault,
        "priority": policy.priority(customer.customer_class, form.urgency),
        "owner": owner,
        "registered_at": taken.at,
        "wanted_at": form.wanted_at,
        "location": form.location,
    }
    request = ServiceRequest(
        id=number,
        address=form.customer.address,
        description=form.description,
        urgency=form.urgency,
        history=(Step(state="registered", at=taken.at, by=owner),),
        **shared,
    )
    return request, (RequestRegistered(request=number, **shared),)


def cancel(request: ServiceRequest, command: CancelRequest, by: str, now: datetime) -> Decision:
    """Let go of what the customer does not need any more."""
    if request.state in ("resolved", "closed", "cancelled"):
        raise DomainError(f"request.already_{request.state}", request=request.id)
    event = RequestCancelled(request=request.id, branch=request.branch, reason=command.reason, cancelled_at=now)
    return _moved(request, Step(state="cancelled", at=now, by=by, why=command.reason)), (event,)


def resolve(request: ServiceRequest, repair: RepairCompleted) -> Decision:
    """Take note that the repair of this visit is done. Raises `NotYet` when an earlier round is still open."""
    if not _is_next(request, repair.visit, resolved=False):
        return request, ()
    resolution = Resolution(
        visit=repair.visit,
        at=repair.at,
        cause=repair.cause,
        solution=repair.solution,
        technician=repair.technician,
    )
    resolved = _moved(request, Step(state="resolved", at=repair.at, by=repair.technician, why=repair.cause))
    event = RequestResolved(request=request.id, branch=request.branch, visit=repair.visit, resolved_at=repair.at)
    return resolved.but(resolution=resolution), (event,)


def reopen(request: ServiceRequest, raised: DissatisfactionRaised) -> Decision:
    """Want another visit: the customer is not satisfied (FBK-2). Raises `NotYet` before that repair is known."""
    if not _is_next(request, raised.visit, resolved=True):
        return request, ()
    visit = request.visit + 1
    event = RequestReopened(
        request=request.id, branch=request.branch, visit=visit, reason="dissatisfied", reopened_at=raised.at
    )
    reopened = _moved(request, Step(state="reopened", at=raised.at, by="feedback", why="dissatisfied"))
    return reopened.but(visit=visit, resolution=None), (event,)


def close(request: ServiceRequest, answered: SurveyAnswered) -> Decision:
    """End it: the customer was asked and is satisfied. Raises `NotYet` before that repair is known."""
    if not answered.satisfied or not _is_next(request, answered.visit, resolved=True):
        return request, ()
    event = RequestClosed(request=request.id, branch=request.branch, closed_at=answered.at)
    return _moved(request, Step(state="closed", at=answered.at, by="feedback", why="satisfied")), (event,)


def _is_next(request: ServiceRequest, visit: int, *, resolved: bool) -> bool:
    """Tell whether a fact that builds on this visit (and its repair, if `resolved`) is the one waited for.

    False when it is old news or the request has ended; raises `NotYet` when what it builds on is missing.
    """
    if request.state in ("closed", "cancelled"):
        return False
    here, base = (request.visit, request.state == "resolved"), (visit, resolved)
    if here < base:
        raise NotYet("request.earlier_step_missing", request=request.id, visit=visit)
    return here == base


def _moved(request: ServiceRequest, step: Step) -> ServiceRequest:
    return request.but(state=step.state, history=(*request.history, step))
