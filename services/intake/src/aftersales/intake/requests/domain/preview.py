"""What a desk sees before it saves a request (INT-2): who calls about what, and what saving it would bring. Pure."""

from datetime import date, datetime
from typing import NamedTuple

from aftersales.common.events.intake import RecallKind
from aftersales.intake.archive.domain import customer as customers
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.customer import Customer, CustomerClass
from aftersales.intake.archive.domain.product import CardEntry, Owner, Product
from aftersales.intake.recalls.domain import Recall
from aftersales.policy.model.stages import Case
from aftersales.policy.sla.stages import reach, stages_of
from aftersales.values import Day, Value

from .coverage import Coverage
from .form import VISITS, RegisterRequest
from .prepaid import NOTHING, Prepaid
from .registration import Archive, Taken, register, repeats
from .request import STAGES, Ground, ServiceRequest, situation
from .similar import Similar


class KnownCustomer(Value):
    """Whose phone it is."""

    id: str
    name: str
    customer_class: CustomerClass


class KnownProduct(Value):
    """The product as the archive has it."""

    model: str
    line: str
    purchased_on: Day | None
    somebody_elses: bool
    differs: tuple[str, ...]
    """Which of these were said otherwise."""


class OpenRecall(Value):
    """A recall that is not settled for the product yet (INT-4)."""

    id: str
    kind: RecallKind
    title: str
    remedy: str
    safety: bool


class Promise(Value):
    """What the customer may be told: a stage, and by when."""

    stage: str
    deadline: datetime


class Preview(Value):
    """Nothing of it is stored."""

    customer: KnownCustomer | None
    product: KnownProduct | None
    duplicates: tuple[Similar, ...]
    repeats: CardEntry | None
    """The repair that did not hold (INT-9)."""
    recalls: tuple[OpenRecall, ...]
    policy: str
    priority: int
    cases: tuple[Case, ...]
    coverage: Coverage
    promises: tuple[Promise, ...]


class Found(NamedTuple):
    """What is known of what the form says."""

    customer: Customer | None
    product: Product | None
    similar: tuple[Similar, ...] = ()
    prepaid: Prepaid = NOTHING
    recalls: tuple[Recall, ...] = ()


def archive_of(form: RegisterRequest, found: Found, today: date) -> Archive:
    """The archive as it would be. Raises `DomainError` for a day of purchase that is still to come."""
    customer = found.customer or customers.enrol("", form.customer, form.branch)[0]
    owner = Owner(customer.id, customer.branch)
    return Archive(customer, products.archive(found.product, form.product, owner, today), found.prepaid)


def preview(form: RegisterRequest, found: Found, taken: Taken, ground: Ground) -> Preview:
    """What `register` would make of the form."""
    archive = archive_of(form, found, ground.branch.day_of(taken.at))
    request, _ = register("", form, archive, taken, ground)
    customer = found.customer
    return Preview(
        customer=customer
        and KnownCustomer.model_validate(customer.model_dump(include=set(KnownCustomer.model_fields))),
        product=found.product and _known(found.product, form, archive.customer),
        duplicates=found.similar,
        repeats=repeats(archive.product, request.fault, ground.policy, taken.at) if request.repeats else None,
        recalls=tuple(OpenRecall.model_validate(one.model_dump(include=_OF_A_RECALL)) for one in found.recalls),
        coverage=request.coverage,
        promises=_promises(request, ground),
        **request.model_dump(include={"policy", "priority", "cases"}),
    )


_OF_A_RECALL = set(OpenRecall.model_fields)


def _known(product: Product, form: RegisterRequest, customer: Customer) -> KnownProduct:
    said = form.product
    names = ("model", "line", "purchased_on")
    return KnownProduct(
        **{name: getattr(product, name) for name in names},
        somebody_elses=product.customer not in {None, customer.id},
        differs=tuple(name for name in names if getattr(said, name) not in {None, getattr(product, name)}),
    )


def _promises(request: ServiceRequest, ground: Ground) -> tuple[Promise, ...]:
    """Of every stage that begins at once; those of a visit as dispatch will promise them."""
    theirs = situation(request, ground)
    names = [name for name in stages_of(theirs) if request.kind in VISITS or name in STAGES]
    clocks = reach((), "request_registered", request.registered_at, names, theirs)
    return tuple(Promise(stage=clock.stage, deadline=clock.deadline) for clock in clocks if clock.deadline)
