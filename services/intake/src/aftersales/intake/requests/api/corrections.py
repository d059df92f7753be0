"""HTTP API: corrections, further contacts, notes and duplicates of requests (INT-2, ALL-4)."""

from fastapi import APIRouter

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.requests.domain.contacts import AddNote, NameOriginal, RecordContact
from aftersales.intake.requests.domain.correction import CorrectRequest
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import contacts, corrections

from .requests import CurrentClassifier, ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)


@router.patch("/requests/{number}")
async def correct_request(
    number: ServiceRequestNumber, command: CorrectRequest, context: RequestContext, classifier: CurrentClassifier
) -> ServiceRequest:
    """Correct the fields that the body names (INT-2); coverage, priority, cases and clocks are decided again.

    Clocks get their whole terms from the registration. The work order follows, unless its visit is under way: then the
    correction is marked `held_up` as soon as dispatch has answered. Another branch takes the request over.
    """
    return await context.do(corrections.correct_request, number, command, context.catalogue, classifier)


@router.post("/requests/{number}/contacts", status_code=201)
async def record_contact(number: ServiceRequestNumber, form: RecordContact, context: RequestContext) -> ServiceRequest:
    """Record a further contact about a known request (ALL-4). It stops no clock; an answer is a reply (`/replies`)."""
    return await context.do(contacts.record_contact, number, form)


@router.post("/requests/{number}/notes", status_code=201)
async def add_note(number: ServiceRequestNumber, form: AddNote, context: RequestContext) -> ServiceRequest:
    """Add a remark, and set or remove a coloured flag; lists can be filtered by `flag`."""
    return await context.do(contacts.add_note, number, form)


@router.post("/requests/{number}/duplicate-of")
async def merge_duplicate(
    number: ServiceRequestNumber, command: NameOriginal, context: RequestContext
) -> ServiceRequest:
    """Cancel a request that was registered twice; the other request gets its contacts, text, notes and flag.

    Its clocks are waived, and its work order is withdrawn.
    """
    return await context.do(contacts.merge_duplicate, number, command)
