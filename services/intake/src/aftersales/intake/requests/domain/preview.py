"""The preview of a request before it is saved (INT-2): known customer and product, and the result of saving. Pure."""

from datetime import datetime
from typing import Annotated, NamedTuple

from aftersales.common.events.intake import RecallKind
from aftersales.common.terms import UnclearTerm
from aftersales.intake.archive.domain.card import CardEntry
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.names import is_known_name
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.standing import CustomerClass
from aftersales.intake.archive.domain.statement import NamedProduct
from aftersales.intake.recalls.domain import Recall
from aftersales.policy.model.stages import SpecialCase
from aftersales.policy.sla.stages import reach_milestone, stages_of
from aftersales.values import Day, Value
from aftersales.values.personal import MASKED_NAME

from .coverage import Coverage
from .form import VISITS, Caller, RegisterRequest
from .request import STAGES, Ground, ServiceRequest, sla_situation
from .similar import Similar


class KnownCustomer(Value):
    """The phone's owner."""

    id: str
    name: Annotated[str, MASKED_NAME]
    customer_class: CustomerClass
    differs: tuple[str, ...] = ()
    """Fields of the caller that the archive has otherwise: `name`, `address`."""


class KnownProduct(Value):
    """The product as the archive has it."""

    model: str
    line: str
    purchased_on: Day | None
    somebody_elses: bool
    differs: tuple[str, ...]
    """The fields that the form states differently."""


class OpenRecall(Value):
    """A recall that is not settled for the product yet (INT-4)."""

    id: str
    kind: RecallKind
    title: str
    remedy: str
    safety: bool


class Promise(Value):
    """A promise to the customer: a stage and its deadline."""

    stage: str
    """The stage."""
    deadline: datetime
    """Its deadline."""


class Preview(Value):
    """The preview; nothing of it is stored."""

    customer: KnownCustomer | None
    """The customer that the phone number leads to; null: a new one."""
    product: KnownProduct | None
    """The product that the serial number leads to; null: a new one."""
    duplicates: tuple[Similar, ...]
    """Open requests that may be the same."""
    repeats: CardEntry | None
    """The earlier repair that failed (INT-9)."""
    recalls: tuple[OpenRecall, ...]
    """Recalls that affect the product."""
    fault: str
    """The code of the fault; of another kind than a repair, the kind."""
    unclear: tuple[UnclearTerm, ...] = ()
    """Words for product line and fault that no catalogue has, with suggestions."""
    policy: str
    """The policy that would apply, such as `e-bike@3`."""
    policy_is_general: bool = False
    """Whether the policy applies only because no policy names the product line or the branch (ALL-1)."""
    priority: int
    """From 1 (immediately) to 4 (any time)."""
    cases: tuple[SpecialCase, ...]
    """Special cases that would apply."""
    danger_words: tuple[str, ...] = ()
    """Words of danger in the description, which raise the priority unless the form says `danger` (INT-5)."""
    coverage: Coverage
    """The payer of each component, with the reason."""
    promises: tuple[Promise, ...]
    """The deadlines that would run."""


class Known(NamedTuple):
    """The customer and the product as they are in the archive before the form is saved."""

    customer: Customer | None
    product: Product | None
    said: NamedProduct
    """What the form says of the product, in the codes of the catalogues."""


class Saved(NamedTuple):
    """The documents that saving the form would create."""

    request: ServiceRequest
    product: Product
    recalls: tuple[Recall, ...]
    """The recalls that are not settled for the product yet."""


def preview_request(form: RegisterRequest, known: Known, saved: Saved, ground: Ground) -> Preview:
    """Return what saving the form would do, and what is already known."""
    request, customer = saved.request, known.customer
    card = saved.product.warranty_card
    return Preview(
        customer=customer and _known_customer(customer, form.customer),
        product=known.product and _known(known.product, known.said, request.customer),
        duplicates=(),
        repeats=next((entry for entry in card if entry.request == request.repeats), None),
        recalls=tuple(OpenRecall.model_validate(one.model_dump(include=_OF_A_RECALL)) for one in saved.recalls),
        coverage=request.coverage,
        promises=_promises(request, ground),
        **request.model_dump(
            include={"policy", "policy_is_general", "priority", "cases", "danger_words", "fault", "unclear"}
        ),
    )


_OF_A_RECALL = set(OpenRecall.model_fields)


def _known_customer(customer: Customer, caller: Caller) -> KnownCustomer:
    differs = {
        "name": caller.name is not None and not is_known_name(customer, caller.name),
        "address": bool(caller.address) and caller.address not in {address.text for address in customer.addresses},
    }
    return KnownCustomer(
        id=customer.id,
        name=customer.name,
        customer_class=customer.customer_class,
        differs=tuple(name for name, other in differs.items() if other),
    )


def _known(product: Product, said: NamedProduct, customer: str) -> KnownProduct:
    names = ("model", "line", "purchased_on")
    return KnownProduct(
        **{name: getattr(product, name) for name in names},
        somebody_elses=product.customer not in {None, customer},
        differs=tuple(name for name in names if getattr(said, name) not in {None, getattr(product, name)}),
    )


def _promises(request: ServiceRequest, ground: Ground) -> tuple[Promise, ...]:
    """List deadlines of stages that begin immediately: the request's own, and those of dispatch for a visit."""
    theirs = sla_situation(request, ground)
    visit = [name for name in stages_of(theirs) if name not in STAGES] if request.kind in VISITS else []
    clocks = reach_milestone(request.clocks, "request_registered", request.registered_at, visit, theirs)
    return tuple(Promise(stage=clock.stage, deadline=clock.deadline) for clock in clocks if clock.deadline)
