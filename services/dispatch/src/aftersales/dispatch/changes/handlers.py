"""Use cases: other times, waits, customers who were not reached."""

from aftersales.dispatch.orders.domain.order import OrderDecision, WorkOrder
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import MoveAppointment, NotReached, PauseWork, ResumeWork, TakeUnit


@use_case(about=lambda number: (WorkOrder, number))
async def rebook_visit(work: UnitOfWork, number: str, form: MoveAppointment, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    return _put(work, domain.rebook_visit(order, form, work.now, work.actor, await rules.of(work, order)))


@use_case(about=lambda number: (WorkOrder, number))
async def pause_work(work: UnitOfWork, number: str, form: PauseWork) -> WorkOrder:
    return _put(work, domain.pause_work(await work.require(WorkOrder, number), form, work.now, work.actor))


@use_case(about=lambda number: (WorkOrder, number))
async def resume_work(work: UnitOfWork, number: str, form: ResumeWork) -> WorkOrder:
    return _put(work, domain.resume_work(await work.require(WorkOrder, number), form, work.now))


@use_case(about=lambda number: (WorkOrder, number))
async def report_not_reached(work: UnitOfWork, number: str, form: NotReached) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    return _put(work, domain.report_not_reached(order, form, work.now, work.actor))


@use_case(about=lambda number: (WorkOrder, number))
async def take_unit(work: UnitOfWork, number: str, form: TakeUnit, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    return _put(work, domain.take_unit(order, form, work.now, await rules.of(work, order)))


@use_case(about=lambda number: (WorkOrder, number))
async def return_unit(work: UnitOfWork, number: str, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    return _put(work, domain.return_unit(order, work.now, await rules.of(work, order)))


def _put(work: UnitOfWork, decision: OrderDecision) -> WorkOrder:
    order, events = decision
    return work.put(order, *events)
