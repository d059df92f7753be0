"""Use cases: further contacts about a request, notes, and duplicates (ALL-4)."""

from aftersales.engine import UnitOfWork, use_case
from aftersales.intake.requests.domain import contacts
from aftersales.intake.requests.domain.contacts import AddNote, NameOriginal, RecordContact
from aftersales.intake.requests.domain.request import ServiceRequest

from . import prepaid


@use_case(about=lambda number: (ServiceRequest, number))
async def record_contact(work: UnitOfWork, number: str, form: RecordContact) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    contacted, events = contacts.record_contact(request, form, work.actor, work.now)
    return work.put(contacted, *events)


@use_case(about=lambda number: (ServiceRequest, number))
async def add_note(work: UnitOfWork, number: str, form: AddNote) -> ServiceRequest:
    return work.put(contacts.add_note(await work.require(ServiceRequest, number), form, work.actor, work.now))


@use_case(about=lambda number: (ServiceRequest, number), preload=lambda command: ((ServiceRequest, command.of),))
async def merge_duplicate(work: UnitOfWork, number: str, command: NameOriginal) -> ServiceRequest:
    """Cancel the duplicate; what it used of contracts and entitlements is returned, as with any cancellation."""
    duplicate = await work.require(ServiceRequest, number)
    original = await work.require(ServiceRequest, command.of)
    ended, kept = contacts.merge_duplicate(duplicate, original, command, work.actor, work.now)
    for request, events in (kept, ended):
        work.put(request, *events)
    await prepaid.settle_prepaid(work, duplicate, duplicate.coverage, None)
    return await work.require(ServiceRequest, number)
