"""Complaints from the public page: received, and taken by a desk (INT-11)."""

from aftersales.common.work import Work
from aftersales.intake.domain import complaint as complaints
from aftersales.intake.domain.complaint import About, ComplaintForm, PublicComplaint, Receipt
from aftersales.intake.domain.customer import Customer
from aftersales.intake.domain.request import ServiceRequest

from .branches import known_branch


async def receive_complaint(work: Work, form: ComplaintForm, number: str) -> Receipt:
    """Take it in; `number` is the one on the form, made readable."""
    if form.branch:
        await known_branch(work, form.branch)
    request = await work.get(ServiceRequest, number)
    customer = await work.get(Customer, request.customer) if request else None
    about = About(request, customer) if request and customer else None
    complaint, news = complaints.receive(await work.number("CP"), form, about, work.now)
    return Receipt(number=work.put(complaint, *news).id)


async def take_complaint(work: Work, number: str) -> PublicComplaint:
    complaint, news = complaints.take(await work.need(PublicComplaint, number), work.actor, work.now)
    return work.put(complaint, *news)
