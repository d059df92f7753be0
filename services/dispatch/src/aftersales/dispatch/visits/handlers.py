"""A technician's steps."""

from aftersales.dispatch.orders.domain.order import Decision, WorkOrder
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.orders.handlers import assign_technician, release_technician
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import Work, use_case

from . import domain
from .domain import Decline, Diagnose, NeedPart


@use_case(about=lambda number: (WorkOrder, number))
async def accept(work: Work, number: str) -> WorkOrder:
    return _put(work, domain.accept(await work.need(WorkOrder, number), work.now, work.actor))


@use_case(about=lambda number: (WorkOrder, number))
async def decline(work: Work, number: str, form: Decline, rules: Rules) -> WorkOrder:
    """Look for somebody else at once."""
    order = await work.need(WorkOrder, number)
    free, events = domain.decline(order, form, work.now, work.actor)
    await release_technician(work, order)
    return await assign_technician(work, free, events, await rules.of(work, order))


@use_case(about=lambda number: (WorkOrder, number))
async def depart(work: Work, number: str) -> WorkOrder:
    return _put(work, domain.depart(await work.need(WorkOrder, number), work.now, work.actor))


@use_case(about=lambda number: (WorkOrder, number))
async def arrive(work: Work, number: str, rules: Rules) -> WorkOrder:
    order = await work.need(WorkOrder, number)
    return _put(work, domain.arrive(order, work.now, work.actor, await rules.of(work, order)))


@use_case(about=lambda number: (WorkOrder, number))
async def diagnose(work: Work, number: str, form: Diagnose) -> WorkOrder:
    return _put(work, domain.diagnose(await work.need(WorkOrder, number), form, work.now, work.actor))


@use_case(about=lambda number: (WorkOrder, number))
async def need_part(work: Work, number: str, form: NeedPart) -> WorkOrder:
    return _put(work, domain.need_part(await work.need(WorkOrder, number), form, work.now))


@use_case(about=lambda number: (WorkOrder, number))
async def complete(work: Work, number: str, report: ServiceReport, rules: Rules) -> WorkOrder:
    order = await work.need(WorkOrder, number)
    done = domain.complete(order, report, work.now, work.actor, await rules.of(work, order))
    await release_technician(work, order)
    return _put(work, done)


def _put(work: Work, decision: Decision) -> WorkOrder:
    order, events = decision
    return work.put(order, *events)
