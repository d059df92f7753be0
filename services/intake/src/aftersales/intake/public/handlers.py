"""Use cases: complaints from the public page (INT-11)."""

from aftersales.engine import UnitOfWork, use_case
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain.request import ServiceRequest

from . import domain
from .domain import About, ComplaintForm, PublicComplaint, Receipt


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
