"""Service requests: taken, cancelled, and brought along by what dispatch and feedback report."""

from zoneinfo import ZoneInfo

from aftersales.common.events.dispatch import OrderEvent, RepairCompleted, TechnicianAssigned
from aftersales.common.events.feedback import DissatisfactionRaised, FollowupEvent, SurveyAnswered
from aftersales.common.events.inventory import PartReserved, PartShort, SlipEvent
from aftersales.common.policies import LIST
from aftersales.engine import BranchHours, Event, Library, Need, Needs, NotYet, Work, use_case
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.handlers import find_or_enrol
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain import progress, registration
from aftersales.intake.requests.domain import request as requests
from aftersales.intake.requests.domain.form import CancelRequest, RegisterContact, RegisterRequest
from aftersales.intake.requests.domain.registration import Archive, Taken
from aftersales.intake.requests.domain.request import Ground, PartnerReference, ServiceRequest
from aftersales.intake.sales.handlers import keep_product
from aftersales.intake.sales.store import caller, owned
from aftersales.policy.choose import Facts

from . import prepaid


def loaded_for(form: RegisterRequest) -> Needs:
    return *_caller(form), *owned(form.product.serial, form.product.model)


def _caller(form: RegisterRequest | RegisterContact) -> Needs:
    return (Branch, form.branch), caller(form.customer.phone), *LIST


@use_case(preload=loaded_for)
async def register_request(
    work: Work, form: RegisterRequest, library: Library, partner: PartnerReference | None = None
) -> ServiceRequest:
    branch = await known_branch(work, form.branch)
    customer = await find_or_enrol(work, form.customer, branch)
    product = await keep_product(work, form.product, customer, branch.day_of(work.now), library)
    facts = Facts(branch.id, product.line, form.kind, customer.known_as, branch.day_of(work.now))
    ground = Ground(branch, await library.choose(work, facts))
    taken = Taken(by=form.owner or work.actor, at=work.now, partner=partner)
    archive = Archive(customer, product)
    archive = archive._replace(prepaid=await prepaid.prepaid_for(work, archive, form.kind, taken, facts.day))
    request, news = registration.register(await work.number("SR"), form, archive, taken, ground)
    await prepaid.use(work, request, None, request.coverage)
    return work.put(request, *news)


@use_case(
    preload=lambda contact: (
        *_caller(contact),
        *(need for one in contact.subjects for need in owned(one.product.serial, one.product.model)),
    )
)
async def register_contact(work: Work, contact: RegisterContact, library: Library) -> list[ServiceRequest]:
    """Several products in one contact: a request each, of one correlation id."""
    return [await register_request(work, form, library) for form in contact.forms()]


@use_case(about=lambda number: (ServiceRequest, number))
async def cancel_request(work: Work, number: str, command: CancelRequest) -> ServiceRequest:
    known = await work.need(ServiceRequest, number)
    request, news = progress.cancel(known, command, work.actor, work.now)
    await prepaid.use(work, request, known.coverage, None)
    return work.put(request, *news)


@use_case(preload=lambda event: (_about(event), (Branch, event.branch), (Product, event.product.serial)))
async def resolve_request(work: Work, event: RepairCompleted, library: Library) -> None:
    """Close the round and write the warranty card, even when the customer had cancelled meanwhile."""
    request = await heard_of(work, event.request)
    keep(work, request, *progress.resolve(request, event, await ground_of(work, request, library)))
    product = await work.need(Product, request.product.serial)
    card = products.record_repair(product, event)
    if card != product:
        work.put(card)


@use_case(preload=lambda event: (_about(event), (Branch, event.branch)))
async def note_appointment(work: Work, event: TechnicianAssigned, library: Library) -> None:
    request = await heard_of(work, event.request)
    keep(work, request, *progress.agree(request, event, await ground_of(work, request, library)))


@use_case(preload=lambda event: (_about(event),))
async def hear_of_parts(work: Work, event: PartShort | PartReserved) -> None:
    request = await heard_of(work, event.request)
    keep(work, request, *progress.hear_of_parts(request, event))


@use_case(preload=lambda event: (_about(event), (Branch, event.branch)))
async def reopen_request(work: Work, event: DissatisfactionRaised, library: Library) -> None:
    request = await heard_of(work, event.request)
    keep(work, request, *progress.reopen(request, event, await ground_of(work, request, library)))


@use_case(preload=lambda event: (_about(event),))
async def close_request(work: Work, event: SurveyAnswered) -> None:
    request = await heard_of(work, event.request)
    keep(work, request, *progress.close(request, event))


async def wake_request(work: Work, number: str) -> None:
    """Say which promises are at risk, late, or later still (ALL-3)."""
    request = await work.need(ServiceRequest, number)
    keep(work, request, *requests.tick(request, work.now))


async def change_hours(work: Work, request: ServiceRequest, hours: BranchHours, library: Library) -> None:
    """Go over to the branch's new hours (ALL-3)."""
    ground = await ground_of(work, request, library)
    keep(work, request, *requests.change_hours(request, ground, hours.said, work.now))


def _about(event: OrderEvent | SlipEvent | FollowupEvent) -> Need:
    return ServiceRequest, event.request


async def ground_of(work: Work, request: ServiceRequest, library: Library) -> Ground:
    """The branch as it is now, and the policy that the request keeps for life (ALL-1)."""
    branch = await work.need(Branch, request.branch)
    day = request.registered_at.astimezone(ZoneInfo(branch.zone)).date()
    facts = Facts(branch.id, request.product.line, request.kind, "", day)
    return Ground(branch, await library.of(work, request.policy, facts))


async def heard_of(work: Work, number: str) -> ServiceRequest:
    """The request that an event is about. Raises `NotYet`."""
    request = await work.get(ServiceRequest, number)
    if request is None:
        raise NotYet("request.unknown", request=number)
    return request


def keep(work: Work, before: ServiceRequest, request: ServiceRequest, news: tuple[Event, ...]) -> ServiceRequest:
    return before if request == before else work.put(request, *news)
