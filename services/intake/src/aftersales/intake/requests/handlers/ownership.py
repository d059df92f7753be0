"""Use cases: handovers and escalations (INT-7, INT-10)."""

from aftersales.engine import UnitOfWork, use_case
from aftersales.intake.catalogues.domain import require_code
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.network.domain import Branch, Person
from aftersales.intake.network.handlers import chain_above, known_person
from aftersales.intake.requests.domain import ownership
from aftersales.intake.requests.domain.ownership import AnswerEscalation, DeclineHandover, Escalate, OfferHandover
from aftersales.intake.requests.domain.request import ServiceRequest


@use_case(about=lambda number: (ServiceRequest, number), preload=lambda command: ((Person, command.to), *TERMS))
async def offer_handover(work: UnitOfWork, number: str, command: OfferHandover) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    ownership.must_answer_for(request, await chain_above(work, request.owner, request.branch, work.now), work.actor)
    taker = await known_person(work, command.to)
    reason = require_code((await load_glossary(work)).reasons, "reasons", command.reason)
    command = command.model_copy(update={"reason": reason})
    offered = ownership.offer_handover(request, command, work.actor, work.now)
    return work.put(offered.share(taker.branch))


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
        lambda request: ((Person, request.owner), (Branch, request.branch)),
    )
)
async def escalate_request(work: UnitOfWork, number: str, command: Escalate) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    chain = await chain_above(work, request.owner, request.branch, work.now)
    escalated, events = ownership.escalate_request(request, command, chain, work.actor, work.now)
    return work.put(escalated, *events)


@use_case(about=lambda number: (ServiceRequest, number))
async def answer_escalation(work: UnitOfWork, number: str, command: AnswerEscalation) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    return work.put(ownership.answer_escalation(request, command, work.actor, work.now))
