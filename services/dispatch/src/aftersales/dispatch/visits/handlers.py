"""Use cases of a technician's steps. Each counts from the time at which it was done (ADR 18)."""

from aftersales.common.deeds import DeedForm
from aftersales.dispatch.orders.domain.deeds import note_deed, take_deed
from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.dispatch.orders.domain.report import CompleteVisit
from aftersales.dispatch.orders.handlers import assign_technician, put_deed, release_technician
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import Decline, Diagnose, NeedPart


@use_case(about=lambda number: (WorkOrder, number))
async def accept_visit(work: UnitOfWork, number: str, form: DeedForm, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "accept", form, work.now, work.actor)
    accepted = domain.accept_visit(order, deed.at, deed.by, await rules.of(work, order))
    return put_deed(work, order, accepted, deed)


@use_case(about=lambda number: (WorkOrder, number))
async def decline_visit(work: UnitOfWork, number: str, form: Decline, rules: Rules) -> WorkOrder:
    """Record that the technician declined, and search for another immediately."""
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "decline", form, work.now, work.actor)
    free, events = note_deed(order, domain.decline_visit(order, form, deed.at, deed.by), deed)
    await release_technician(work, order)
    return await assign_technician(work, free, events, await rules.of(work, order))


@use_case(about=lambda number: (WorkOrder, number))
async def depart_for_visit(work: UnitOfWork, number: str, form: DeedForm) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "depart", form, work.now, work.actor)
    return put_deed(work, order, domain.depart_for_visit(order, deed.at, deed.by), deed)


@use_case(about=lambda number: (WorkOrder, number))
async def arrive_at_visit(work: UnitOfWork, number: str, form: DeedForm, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "arrive", form, work.now, work.actor)
    there = domain.arrive_at_visit(order, deed.at, deed.by, await rules.of(work, order))
    return put_deed(work, order, there, deed)


@use_case(about=lambda number: (WorkOrder, number))
async def record_diagnosis(work: UnitOfWork, number: str, form: Diagnose, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "diagnose", form, work.now, work.actor)
    found = domain.record_diagnosis(order, form, deed.at, deed.by, await rules.of(work, order))
    return put_deed(work, order, found, deed)


@use_case(about=lambda number: (WorkOrder, number))
async def request_part(work: UnitOfWork, number: str, form: NeedPart) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "need-part", form, work.now, work.actor)
    return put_deed(work, order, domain.request_part(order, form, deed.at), deed)


@use_case(about=lambda number: (WorkOrder, number))
async def complete_visit(work: UnitOfWork, number: str, form: CompleteVisit, rules: Rules) -> WorkOrder:
    order = await work.require(WorkOrder, number)
    deed = take_deed(order, "complete", form, work.now, work.actor)
    done = domain.complete_visit(order, form.report, deed.at, deed.by, await rules.of(work, order))
    await release_technician(work, order)
    return put_deed(work, order, done, deed)
