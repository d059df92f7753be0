"""What the front desk tells customers, reviews and puts first (INT-2, INT-5, INT-8)."""

from aftersales.engine import Library, Work, use_case
from aftersales.intake.requests.domain import answers
from aftersales.intake.requests.domain.answers import Reply, Reprioritise, Review
from aftersales.intake.requests.domain.request import ServiceRequest

from .requests import ground_of


@use_case(about=lambda number: (ServiceRequest, number))
async def reply(work: Work, number: str, said: Reply, library: Library) -> ServiceRequest:
    request = await work.need(ServiceRequest, number)
    told, news = answers.reply(request, said, work.actor, work.now, await ground_of(work, request, library))
    return work.put(told, *news)


@use_case(about=lambda number: (ServiceRequest, number))
async def review(work: Work, number: str, command: Review, library: Library) -> ServiceRequest:
    request = await work.need(ServiceRequest, number)
    reviewed, news = answers.review(request, command, work.actor, work.now, await ground_of(work, request, library))
    return work.put(reviewed, *news)


@use_case(about=lambda number: (ServiceRequest, number))
async def reprioritise(work: Work, number: str, command: Reprioritise, library: Library) -> ServiceRequest:
    request = await work.need(ServiceRequest, number)
    ground = await ground_of(work, request, library)
    changed, news = answers.reprioritise(request, command, work.actor, work.now, ground)
    return work.put(changed, *news)
