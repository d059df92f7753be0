"""Use cases: other times, waits, customers who were not reached. Each counts from the time of the deed (ADR 18)."""

from aftersales.common.deeds import DeedForm
from aftersales.dispatch.orders.domain.deeds import take_deed
from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.dispatch.orders.handlers import put_deed
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import MoveAppointment, NotReached, PauseWork, ResumeWork, TakeUnit


@use_case(about=lambda number: (WorkOrder, number))
async def rebook_visit(work: UnitOfWork, number: str, form: MoveAppointment, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "move", form, work.now, work.actor)
    moved = domain.rebook_visit(order, form, deed.at, deed.by, await rules.of(work, order))
    return put_deed(work, order, moved, deed)


@use_case(about=lambda number: (WorkOrder, number))
async def pause_work(work: UnitOfWork, number: str, form: PauseWork) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "pause", form, work.now, work.actor)
    return put_deed(work, order, domain.pause_work(order, form, deed.at, deed.by), deed)


@use_case(about=lambda number: (WorkOrder, number))
async def resume_work(work: UnitOfWork, number: str, form: ResumeWork) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "resume", form, work.now, work.actor)
    return put_deed(work, order, domain.resume_work(order, form, deed.at), deed)


@use_case(about=lambda number: (WorkOrder, number))
async def report_not_reached(work: UnitOfWork, number: str, form: NotReached) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "not-reached", form, work.now, work.actor)
    return put_deed(work, order, domain.report_not_reached(order, form, deed.at, deed.by), deed)


@use_case(about=lambda number: (WorkOrder, number))
async def take_unit(work: UnitOfWork, number: str, form: TakeUnit, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "take-unit", form, work.now, work.actor)
    return put_deed(work, order, domain.take_unit(order, form, deed.at, await rules.of(work, order)), deed)


@use_case(about=lambda number: (WorkOrder, number))
async def return_unit(work: UnitOfWork, number: str, form: DeedForm, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "return-unit", form, work.now, work.actor)
    return put_deed(work, order, domain.return_unit(order, deed.at, await rules.of(work, order)), deed)
