"""Intake's use cases: what a branch desk, a partner, another service or the clock asks for."""

from datetime import date, timedelta

from pydantic import ValidationError

from aftersales.common.errors import DomainError, Malformed, NotYet
from aftersales.common.events import Event, describe
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.intake import IntakeHeartbeat
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.heartbeat import Heartbeat, pass_on
from aftersales.common.values import uuid7
from aftersales.common.work import Work

from .domain import branch as branches
from .domain import customer as customers
from .domain import product as products
from .domain import request as requests
from .domain.branch import Branch, BranchForm
from .domain.customer import ArchiveCustomer, Caller, ContactPoint, Customer
from .domain.product import Owner, Product, ProductForm
from .domain.request import Archive, CancelRequest, Policy, RegisterRequest, ServiceRequest, Taken


async def register_branch(work: Work, code: str, form: BranchForm) -> Branch:
    known = await work.get(Branch, code)
    branch, news = branches.register(known, code, form)
    return branch if branch == known else work.put(branch, *news)


async def archive_customer(work: Work, form: ArchiveCustomer) -> Customer:
    branch = await _branch(work, form.branch)
    known = await _caller(work, form, branch)
    customer = customers.update(known, form, form.customer_class)
    if customer != known:
        customer = work.put(customer)
    for product in form.products:
        await _product(work, product, customer, branch.today(work.now))
    return customer


async def register_request(work: Work, form: RegisterRequest, policy: Policy) -> ServiceRequest:
    branch = await _branch(work, form.branch)
    customer = await _caller(work, form.customer, branch)
    product = await _product(work, form.product, customer, branch.today(work.now))
    taken = Taken(by=form.owner or work.actor, at=work.now)
    request, news = requests.register(await work.number("SR"), form, Archive(customer, product), taken, policy)
    return work.put(request, *news)


async def take_partner_request(work: Work, event: PartnerServiceRequest, policy: Policy) -> None:
    """Do as if the partner had filled in the form (INT-12). Raises `Malformed` when it does not fit."""
    try:
        form = RegisterRequest.model_validate(
            {
                **event.model_dump(
                    include={"branch", "kind", "fault", "description", "urgency", "wanted_at", "location"}
                ),
                "channel": "partner",
                "owner": "partner",
                "customer": {"name": event.customer_name, "phone": event.phone, "address": event.address},
                "product": event.model_dump(include={"serial", "model", "line", "purchased_on"}),
            }
        )
    except ValidationError as error:
        raise Malformed("event.data_malformed", type=event.TYPE, errors=describe(error)) from error
    await register_request(work, form, policy)


async def cancel_request(work: Work, number: str, command: CancelRequest) -> ServiceRequest:
    request, news = requests.cancel(await work.need(ServiceRequest, number), command, work.actor, work.now)
    return work.put(request, *news)


async def resolve_request(work: Work, event: RepairCompleted) -> None:
    """Close the round and write the warranty card, even when the customer had cancelled meanwhile."""
    request = await _request(work, event.request)
    _keep(work, request, *requests.resolve(request, event))
    product = await work.need(Product, request.product.serial)
    card = products.record_repair(product, event)
    if card != product:
        work.put(card)


async def reopen_request(work: Work, event: DissatisfactionRaised) -> None:
    request = await _request(work, event.request)
    _keep(work, request, *requests.reopen(request, event))


async def close_request(work: Work, event: SurveyAnswered) -> None:
    request = await _request(work, event.request)
    _keep(work, request, *requests.close(request, event))


async def beat(work: Work, key: str, every: timedelta) -> None:
    """Send the first beat of the chain through all four services."""
    heartbeat = await work.need(Heartbeat, key)
    due = heartbeat.wake_at and heartbeat.wake_at <= work.now
    if due and (beaten := pass_on(heartbeat, work.now, IntakeHeartbeat)):
        seen, news = beaten
        work.put(seen.but(wake_at=work.now + every), *news)


async def _branch(work: Work, code: str) -> Branch:
    branch = await work.get(Branch, code)
    if branch is None:
        raise DomainError("branch.unknown", branch=code)
    return branch


async def _request(work: Work, number: str) -> ServiceRequest:
    request = await work.get(ServiceRequest, number)
    if request is None:
        raise NotYet("request.unknown", request=number)
    return request


async def _caller(work: Work, caller: Caller, branch: Branch) -> Customer:
    """Find the customer by phone, or archive them."""
    contact = await work.get(ContactPoint, caller.phone)
    if contact:
        return await work.need(Customer, contact.customer)
    customer, contact = customers.enrol(uuid7(), caller, branch.id)
    work.put(contact)
    return work.put(customer)


async def _product(work: Work, form: ProductForm, customer: Customer, today: date) -> Product:
    known = await work.get(Product, form.serial)
    product = products.archive(known, form, Owner(customer.id, customer.branch), today)
    return product if product == known else work.put(product)


def _keep(work: Work, before: ServiceRequest, request: ServiceRequest, news: tuple[Event, ...]) -> None:
    if request != before:
        work.put(request, *news)
