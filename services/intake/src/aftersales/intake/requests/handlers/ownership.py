"""Use cases: handovers and escalations (INT-7, INT-10), and messages about them to customers (INT-1)."""

from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.catalogues.domain import require_code
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.network.domain import Branch, Person
from aftersales.intake.network.handlers import chain_above, known_person
from aftersales.intake.requests.domain import message as messages
from aftersales.intake.requests.domain import ownership
from aftersales.intake.requests.domain.message import CustomerMessage, Failure, Report, Tries
from aftersales.intake.requests.domain.ownership import AnswerEscalation, DeclineHandover, Escalate, OfferHandover
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.values import uuid7

from .requests import ground_of


@use_case(about=lambda number: (ServiceRequest, number), preload=lambda command: ((Person, command.to), *TERMS))
async def offer_handover(work: UnitOfWork, number: str, command: OfferHandover) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    ownership.must_answer_for(request, await chain_above(work, request.owner, request.branch, work.now), work.actor)
    await known_person(work, command.to)
    reason = require_code((await load_glossary(work)).reasons, "reasons", command.reason)
    command = command.model_copy(update={"reason": reason})
    return work.put(ownership.offer_handover(request, command, work.actor, work.now))


@use_case(about=lambda number: (ServiceRequest, number))
async def accept_handover(work: UnitOfWork, number: str) -> ServiceRequest:
    request, events = ownership.accept_handover(await work.require(ServiceRequest, number), work.actor, work.now)
    return work.put(request, *events)


@use_case(about=lambda number: (ServiceRequest, number))
async def decline_handover(work: UnitOfWork, number: str, command: DeclineHandover) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    return work.put(ownership.decline_handover(request, command, work.actor, work.now))


@use_case(about=lambda number: (ServiceRequest, number))
async def withdraw_handover(work: UnitOfWork, number: str) -> ServiceRequest:
    return work.put(ownership.withdraw_handover(await work.require(ServiceRequest, number), work.actor, work.now))


@use_case(
    about=lambda number: (
        ServiceRequest,
        number,
        lambda request: ((Customer, request.customer), (Person, request.owner), (Branch, request.branch)),
    )
)
async def escalate_request(
    work: UnitOfWork, number: str, command: Escalate, catalogue: PolicyCatalogue
) -> ServiceRequest:
    """Escalate the request, and create a message that informs the customer."""
    request = await work.require(ServiceRequest, number)
    chain = await chain_above(work, request.owner, request.branch, work.now)
    escalated, events = ownership.escalate_request(request, command, chain, work.actor, work.now)
    customer = await work.require(Customer, request.customer)
    before = await work.find(CustomerMessage, customer=customer.id)
    order = (await ground_of(work, request, catalogue)).policy.channels
    work.put(messages.compose_message(uuid7(), escalated, customer, Tries(before, order), work.now))
    return work.put(escalated, *events)


@use_case(about=lambda number: (ServiceRequest, number))
async def answer_escalation(work: UnitOfWork, number: str, command: AnswerEscalation) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    return work.put(ownership.answer_escalation(request, command, work.actor, work.now))


@use_case(about=lambda message: (CustomerMessage, message))
async def report_sent(work: UnitOfWork, message: str, report: Report) -> CustomerMessage:
    return work.put(
        messages.record_delivery(await work.require(CustomerMessage, message), report, work.actor, work.now)
    )


@use_case(about=lambda message: (CustomerMessage, message))
async def report_failed(work: UnitOfWork, message: str, failure: Failure) -> CustomerMessage:
    return work.put(messages.not_reached(await work.require(CustomerMessage, message), failure, work.actor, work.now))
