"""Use cases: requests registered, cancelled, and updated by events of dispatch, inventory and feedback."""

from typing import TypeVar
from zoneinfo import ZoneInfo

from aftersales.common.deeds import judge_time
from aftersales.common.events import DueChanged
from aftersales.common.events.dispatch import AssignmentAccepted, OrderEvent, RepairCompleted, TechnicianAssigned
from aftersales.common.events.feedback import DissatisfactionRaised, FollowupEvent, SurveyAnswered
from aftersales.common.events.inventory import PartReserved, PartShort, SlipEvent
from aftersales.common.policies import POLICY_LIST
from aftersales.common.terms import UnclearTerm
from aftersales.engine import (
    BranchHours,
    DocumentRef,
    DocumentRefs,
    Event,
    NotYet,
    PolicyCatalogue,
    UnitOfWork,
    use_case,
)
from aftersales.intake.archive.domain import names
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.erased import must_not_be_erased
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.statement import MatchedProduct, ProductForm
from aftersales.intake.archive.handlers import find_or_enrol, save_customer, surviving_customer
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.classification.domain import Classifier
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.recalls.handlers import finish_case, schedule_case
from aftersales.intake.requests.domain import due, progress, registration
from aftersales.intake.requests.domain import request as requests
from aftersales.intake.requests.domain.form import (
    CancelRequest,
    ImportRequest,
    RegisterContact,
    RegisterRequest,
    recall_of,
)
from aftersales.intake.requests.domain.records import PartnerReference
from aftersales.intake.requests.domain.registration import Archive, Taken
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.sales.handlers import keep_product, look_up_product_words, owner_of
from aftersales.intake.sales.store import preload_caller, preload_contracts, preload_product
from aftersales.intake.vocabulary import OF_AN_ORDER
from aftersales.policy.choose import Facts

from . import prepaid

F = TypeVar("F", bound=RegisterRequest)


def loaded_for(form: RegisterRequest) -> DocumentRefs:
    return *_caller(form), *preload_product(form.product.serial, form.product.model)


def _caller(form: RegisterRequest | RegisterContact) -> DocumentRefs:
    said = form.customer
    known = ((Customer, said.id, preload_contracts),) if said.id else ()
    return (Branch, form.branch), *known, *map(preload_caller, said.points), *POLICY_LIST


@use_case(preload=loaded_for)
async def register_request(
    work: UnitOfWork,
    form: RegisterRequest,
    catalogue: PolicyCatalogue,
    classifier: Classifier | None,
    partner: PartnerReference | None = None,
) -> ServiceRequest:
    """Register a request; its owner is the caller, unless the form names another or no person took it (INT-7)."""
    branch = await known_branch(work, form.branch)
    unowned = partner is not None or isinstance(form, ImportRequest)
    if not unowned:  # a sheet or a partner's event may have waited
        registration.must_be_ahead(form.wanted_at, branch, work.now)
    customer = await find_caller(work, form, branch, in_person=not unowned)
    number = await work.number("SR")
    matched = await name_known_product(work, number, form, catalogue)
    today = branch.day_of(min(form.at or work.now, work.now))
    product = await keep_product(work, matched, owner_of(customer, branch.id, number), today, catalogue)
    if recalled := recall_of(form.kind, form.details):
        await schedule_case(work, *recalled, product)
    facts = Facts(branch.id, product.line, form.kind, customer.known_as, today, customer.is_member(today))
    ground = Ground(branch, await catalogue.choose(work, facts))
    words = classifier.danger_words(form.description) if classifier and not form.says_danger else ()
    form, same, unclear = await match_fault(work, form, product)
    at = judge_time(form.at, work.now - ground.policy.late_entry, work.now)
    taken = Taken(
        by=work.actor,
        at=at,
        entered_at=work.now if at < work.now else None,
        partner=partner,
        danger_words=words,
        same_faults=same,
        unclear=tuple(term for term in (matched.unclear, unclear) if term),
        unowned=unowned,
    )
    archive = Archive(customer, product)
    archive = archive._replace(prepaid=await prepaid.prepaid_for(work, archive, form.kind, taken, facts.day))
    request, events = registration.register_request(number, form, archive, taken, ground)
    await prepaid.settle_prepaid(work, request, None, request.coverage)
    return work.put(request, *events)


async def find_caller(work: UnitOfWork, form: RegisterRequest, branch: Branch, *, in_person: bool = False) -> Customer:
    """Return the customer whose id or phone the form names, or a new one."""
    said = form.customer
    if said.id is None:
        customer = await find_or_enrol(work, said.caller_of(None), branch, in_person=in_person)
    else:
        known = must_not_be_erased(await surviving_customer(work, said.id))
        noted = names.note_caller(known, said.caller_of(known)).share(branch.id)
        customer = await save_customer(work, known, noted)
    return await save_customer(work, customer, names.note_user(customer, said.user)) if said.user else customer


async def match_fault(work: UnitOfWork, form: F, product: Product) -> tuple[F, frozenset[str], UnclearTerm | None]:
    """Return the form with the code of its fault, the codes that count as the same, and the word if it is unclear."""
    if form.fault is None:
        return form, frozenset(), None
    glossary = await load_glossary(work)
    matched = glossary.match_fault(form.fault, product.line)
    same = glossary.faults.same_as(matched.code) if matched.code else frozenset()
    return form.model_copy(update={"fault": matched.code}), same, matched.unclear


async def name_known_product(
    work: UnitOfWork, number: str, form: RegisterRequest, catalogue: PolicyCatalogue
) -> MatchedProduct[ProductForm]:
    known = await work.beyond_scope.get(Product, form.product.serial) if form.product.serial else None
    matched = await look_up_product_words(work, form.product, catalogue)
    return registration.name_product(
        number, matched, known, needs_visit=form.needs_visit, order=form.kind in OF_AN_ORDER
    )


@use_case(
    preload=lambda contact: (
        *_caller(contact),
        *(need for one in contact.subjects for need in preload_product(one.product.serial, one.product.model)),
    )
)
async def register_contact(
    work: UnitOfWork, contact: RegisterContact, catalogue: PolicyCatalogue, classifier: Classifier | None
) -> list[ServiceRequest]:
    """Register one request per product of the contact, all with one correlation id."""
    return [await register_request(work, form, catalogue, classifier) for form in contact.forms()]


@use_case(about=lambda number: (ServiceRequest, number))
async def cancel_request(work: UnitOfWork, number: str, command: CancelRequest) -> ServiceRequest:
    known = await work.require(ServiceRequest, number)
    request, events = progress.cancel_request(known, command, work.actor, work.now)
    await prepaid.settle_prepaid(work, request, known.coverage, None)
    return work.put(request, *events)


@use_case(preload=lambda event: (_about(event), (Branch, event.branch), (Product, event.product.serial), *TERMS))
async def resolve_request(work: UnitOfWork, event: RepairCompleted, catalogue: PolicyCatalogue) -> None:
    """Close the visit and update the warranty card, even when the customer has cancelled meanwhile."""
    request = await heard_of(work, event.request)
    save_request(work, request, *progress.resolve_request(request, event, await ground_of(work, request, catalogue)))
    product = await work.require(Product, request.product.serial)
    if recalled := recall_of(request.kind, request.details):
        await finish_case(work, recalled[0], product.id)
    glossary = await load_glossary(work)
    said = glossary.match_fault(event.fault, product.line).code or event.fault
    card = products.record_repair(product, event.model_copy(update={"fault": said}))
    if card != product:
        work.put(card)


@use_case(preload=lambda event: (_about(event), (Branch, event.branch)))
async def note_appointment(work: UnitOfWork, event: TechnicianAssigned, catalogue: PolicyCatalogue) -> None:
    request = await heard_of(work, event.request)
    save_request(work, request, *progress.record_appointment(request, event, await ground_of(work, request, catalogue)))


@use_case(preload=lambda event: (_about(event), (Branch, event.branch)))
async def record_acceptance(work: UnitOfWork, event: AssignmentAccepted, catalogue: PolicyCatalogue) -> None:
    request = await heard_of(work, event.request)
    save_request(work, request, *progress.record_acceptance(request, event, await ground_of(work, request, catalogue)))


@use_case(preload=lambda event: (_about(event),))
async def record_parts(work: UnitOfWork, event: PartShort | PartReserved) -> None:
    request = await heard_of(work, event.request)
    save_request(work, request, *progress.record_parts(request, event))


@use_case(preload=lambda event: (_about(event), (Branch, event.branch)))
async def reopen_request(work: UnitOfWork, event: DissatisfactionRaised, catalogue: PolicyCatalogue) -> None:
    request = await heard_of(work, event.request)
    save_request(work, request, *progress.reopen_request(request, event, await ground_of(work, request, catalogue)))


@use_case(preload=lambda event: (_about(event),))
async def close_request(work: UnitOfWork, event: SurveyAnswered) -> None:
    request = await heard_of(work, event.request)
    save_request(work, request, *progress.close_request(request, event))


@use_case(preload=lambda event: ((ServiceRequest, event.request),))
async def note_due(work: UnitOfWork, event: DueChanged) -> None:
    """Note what is due next at dispatch or feedback, so that lists show the most pressing request first (ALL-3)."""
    request = await heard_of(work, event.request)
    if request.state not in requests.ENDED:
        save_request(work, request, request.but(due_elsewhere=due.note_due(request.due_elsewhere, event)), ())


async def wake_request(work: UnitOfWork, number: str) -> None:
    """Publish events for promises at risk, overdue or to be escalated (ALL-3)."""
    request = await work.require(ServiceRequest, number)
    save_request(work, request, *requests.tick_request(request, work.now))


async def change_request_hours(
    work: UnitOfWork, request: ServiceRequest, hours: BranchHours, catalogue: PolicyCatalogue
) -> None:
    """Apply the branch's new hours (ALL-3)."""
    ground = await ground_of(work, request, catalogue)
    save_request(work, request, *requests.change_request_hours(request, ground, hours.said, work.now))


def _about(event: OrderEvent | SlipEvent | FollowupEvent) -> DocumentRef:
    return ServiceRequest, event.request


async def ground_of(work: UnitOfWork, request: ServiceRequest, catalogue: PolicyCatalogue) -> Ground:
    """Return the branch as it is now, and the policy that the request started with (ALL-1)."""
    branch = await work.require(Branch, request.branch)
    day = request.registered_at.astimezone(ZoneInfo(branch.zone)).date()
    facts = Facts(branch.id, request.product.line, request.kind, "", day)
    return Ground(branch, await catalogue.of(work, request.policy, facts))


async def heard_of(work: UnitOfWork, number: str) -> ServiceRequest:
    """Return the request of an event. Raises `NotYet`."""
    request = await work.get(ServiceRequest, number)
    if request is None:
        raise NotYet("request.unknown", request=number)
    return request


def save_request(
    work: UnitOfWork, before: ServiceRequest, request: ServiceRequest, events: tuple[Event, ...]
) -> ServiceRequest:
    return before if request == before else work.put(request, *events)
