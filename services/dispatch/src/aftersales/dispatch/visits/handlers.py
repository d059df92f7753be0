"""Use cases of a technician's steps."""

from aftersales.dispatch.orders.domain.order import OrderDecision, WorkOrder
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.orders.handlers import assign_technician, release_technician
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import Decline, Diagnose, NeedPart


@use_case(about=lambda number: (WorkOrder, number))
async def accept_visit(work: UnitOfWork, number: str) -> WorkOrder:
    return _put(work, domain.accept_visit(await work.require(WorkOrder, number), work.now, work.actor))


@use_case(about=lambda number: (WorkOrder, number))
async def decline_visit(work: UnitOfWork, number: str, form: Decline, rules: Rules) -> WorkOrder:
    """Record that the technician declined, and search for another immediately."""
    order = await work.require(WorkOrder, number)
    free, events = domain.decline_visit(order, form, work.now, work.actor)
    await release_technician(work, order)
    return await assign_technician(work, free, events, await rules.of(work, order))


@use_case(about=lambda number: (WorkOrder, number))
async def depart_for_visit(work: UnitOfWork, number: str) -> WorkOrder:
    return _put(work, domain.depart_for_visit(await work.require(WorkOrder, number), work.now, work.actor))


@use_case(about=lambda number: (WorkOrder, number))
async def arrive_at_visit(work: UnitOfWork, number: str, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    return _put(work, domain.arrive_at_visit(order, work.now, work.actor, await rules.of(work, order)))


@use_case(about=lambda number: (WorkOrder, number))
async def record_diagnosis(work: UnitOfWork, number: str, form: Diagnose, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    return _put(work, domain.record_diagnosis(order, form, work.now, work.actor, await rules.of(work, order)))


@use_case(about=lambda number: (WorkOrder, number))
async def request_part(work: UnitOfWork, number: str, form: NeedPart) -> WorkOrder:
    return _put(work, domain.request_part(await work.require(WorkOrder, number), form, work.now))


@use_case(about=lambda number: (WorkOrder, number))
async def complete_visit(work: UnitOfWork, number: str, report: ServiceReport, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    done = domain.complete_visit(order, report, work.now, work.actor, await rules.of(work, order))
    await release_technician(work, order)
    return _put(work, done)


def _put(work: UnitOfWork, decision: OrderDecision) -> WorkOrder:
    order, events = decision
    return work.put(order, *events)
