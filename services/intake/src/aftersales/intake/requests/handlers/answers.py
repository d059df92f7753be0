"""Use cases: replies, the daily review and changes of priority (INT-2, INT-5, INT-8)."""

from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.requests.domain import answers
from aftersales.intake.requests.domain.answers import Reply, Reprioritise, Review
from aftersales.intake.requests.domain.request import ServiceRequest

from .requests import ground_of


@use_case(about=lambda number: (ServiceRequest, number))
async def record_reply(work: UnitOfWork, number: str, said: Reply, catalogue: PolicyCatalogue) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    told, events = answers.record_reply(request, said, work.actor, work.now, await ground_of(work, request, catalogue))
    return work.put(told, *events)


@use_case(about=lambda number: (ServiceRequest, number))
async def record_review(work: UnitOfWork, number: str, command: Review, catalogue: PolicyCatalogue) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    reviewed, events = answers.record_review(
        request, command, work.actor, work.now, await ground_of(work, request, catalogue)
    )
    return work.put(reviewed, *events)


@use_case(about=lambda number: (ServiceRequest, number))
async def reprioritise_request(
    work: UnitOfWork, number: str, command: Reprioritise, catalogue: PolicyCatalogue
) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    ground = await ground_of(work, request, catalogue)
    changed, events = answers.reprioritise_request(request, command, work.actor, work.now, ground)
    return work.put(changed, *events)
