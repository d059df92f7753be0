"""Use cases: complaints from the public page (INT-11)."""

from aftersales.engine import BranchHours, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import Branch, local_day
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.policy.calendars import round_the_clock
from aftersales.policy.choose import Facts
from aftersales.policy.sla.stages import Situation

from .domain import complaint as domain
from .domain.complaint import About, AnswerComplaint, ComplaintForm, PublicComplaint, Receipt, Saying, VerifyComplaint


@use_case(
    preload=lambda form, number: (
        (ServiceRequest, number, lambda request: ((Customer, request.customer),)),
        *(((Branch, form.branch),) if form.branch else ()),
    )
)
async def receive_complaint(work: UnitOfWork, form: ComplaintForm, number: str) -> Receipt:
    """Receive a complaint; `number` is the corrected one of the form."""
    if form.branch:
        await known_branch(work, form.branch)
    request = await work.get(ServiceRequest, number)
    customer = await work.get(Customer, request.customer) if request else None
    about = About(request, customer) if request and customer else None
    complaint, events = domain.receive_complaint(await work.number("CP"), form, about, work.now)
    return Receipt(number=work.put(complaint, *events).id)


@use_case(about=lambda number: (PublicComplaint, number))
async def take_complaint(work: UnitOfWork, number: str) -> PublicComplaint:
    complaint, events = domain.take_complaint(await work.require(PublicComplaint, number), work.actor, work.now)
    return work.put(complaint, *events)


@use_case(about=lambda number: (PublicComplaint, number))
async def answer_complaint(
    work: UnitOfWork, number: str, form: AnswerComplaint, catalogue: PolicyCatalogue, zone: str
) -> PublicComplaint:
    before = await work.require(PublicComplaint, number)
    there = await _situation_of(work, before, catalogue, zone)
    complaint, events = domain.answer_complaint(before, form, Saying(work.actor, work.now), there)
    return work.put(complaint, *events)


@use_case(about=lambda number: (PublicComplaint, number))
async def verify_complaint(work: UnitOfWork, number: str, form: VerifyComplaint) -> PublicComplaint:
    complaint, events = domain.verify_complaint(await work.require(PublicComplaint, number), form, work.actor, work.now)
    return work.put(complaint, *events)


async def wake_complaint(work: UnitOfWork, number: str, catalogue: PolicyCatalogue, zone: str) -> None:
    """Start the clocks of a new complaint, and publish what became late (ALL-3)."""
    complaint = await work.get(PublicComplaint, number)
    if complaint is None or complaint.wake_at is None or complaint.wake_at > work.now:
        return
    started = complaint
    if not complaint.policy:
        started = domain.start_complaint_clocks(complaint, await _situation_of(work, complaint, catalogue, zone))
    ticked, events = domain.tick_complaint(complaint, started, work.now)
    work.put(ticked, *events)


async def change_complaint_hours(
    work: UnitOfWork, complaint: PublicComplaint, hours: BranchHours, catalogue: PolicyCatalogue, zone: str
) -> None:
    """Apply the branch's new hours to the deadlines still to come (ALL-3)."""
    there = await _situation_of(work, complaint, catalogue, zone)
    moved, events = domain.change_complaint_hours(complaint, there, hours.said, work.now)
    if moved != complaint:
        work.put(moved, *events)


async def _situation_of(
    work: UnitOfWork, complaint: PublicComplaint, catalogue: PolicyCatalogue, zone: str
) -> Situation:
    """Return the policy and calendar for the complaint: those it started with, or those of its day."""
    branch = await work.get(Branch, complaint.branch)
    calendar = branch.calendar if branch else round_the_clock(zone)
    request = await work.get(ServiceRequest, complaint.request) if complaint.request else None
    day = local_day(complaint.received_at, calendar.zone)
    line = request.product.line if request else ""
    facts = Facts(complaint.branch, line, "complaint", "", day)
    return Situation(await catalogue.of(work, complaint.policy, facts), calendar, priority=4)
