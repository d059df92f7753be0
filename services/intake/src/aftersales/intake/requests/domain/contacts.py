"""Further contacts about a request, notes and flags, and duplicates that were registered by mistake (ALL-4). Pure."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from aftersales.common.events.intake import RequestContacted
from aftersales.intake.vocabulary import Channel, RequestNumber
from aftersales.values import Line, Phone, Value, Words
from aftersales.values.errors import DomainError
from aftersales.values.personal import refuse_masked

from .form import VISITS, CancelRequest
from .progress import cancel_request
from .records import Flag, FurtherContact, Note
from .request import RequestDecision, ServiceRequest, finish_change

SpokenWords = Annotated[Words, Field(min_length=1)]


class RecordContact(Value):
    """A further contact about the request."""

    channel: Channel
    said: SpokenWords
    """What the caller said, in the caller's words."""
    caller: Annotated[Line, AfterValidator(refuse_masked)] | None = None
    """The default is the request's caller."""
    phone: Phone | None = None
    answered: bool = False
    """Whether the caller received an answer at once; a reply that ends a promise is recorded with `/replies`."""
    note: Words = ""
    """A remark of the desk on it."""
    flag: Flag | None = None
    """A coloured flag for the request; null removes it."""


class AddNote(Value):
    """A remark of the desk on the request."""

    text: SpokenWords
    flag: Flag | None = None
    """A coloured flag for the request; null removes it."""


class NameOriginal(Value):
    """The request that goes on instead of a duplicate."""

    of: RequestNumber
    reason: Line


def record_contact(request: ServiceRequest, form: RecordContact, by: str, now: datetime) -> RequestDecision:
    """Record that the customer called again. No clock stops, because the customer still waits for what was promised."""
    if request.duplicate_of:
        raise DomainError("request.is_duplicate", request=request.id, of=request.duplicate_of)
    contact = FurtherContact(
        at=now,
        by=by,
        channel=form.channel,
        caller=form.caller or request.caller,
        phone=form.phone,
        said=form.said,
        answered=form.answered,
    )
    contacted = request.but(contacts=(*request.contacts, contact))
    if form.note or "flag" in form.model_fields_set:
        contacted = _noted(contacted, Note(at=now, by=by, text=form.note, flag=form.flag), form)
    return finish_change(request, contacted, now, *_told(contacted, answered=form.answered, at=now))


def add_note(request: ServiceRequest, form: AddNote, by: str, now: datetime) -> ServiceRequest:
    return _noted(request, Note(at=now, by=by, text=form.text, flag=form.flag), form)


def merge_duplicate(
    duplicate: ServiceRequest, original: ServiceRequest, command: NameOriginal, by: str, now: datetime
) -> tuple[RequestDecision, RequestDecision]:
    """Cancel the duplicate, and move what its callers said to the original. Returns both requests with their events."""
    if original.id == duplicate.id:
        raise DomainError("request.duplicate_of_itself", request=duplicate.id)
    if original.state == "cancelled":
        raise DomainError("request.duplicate_of_cancelled", request=duplicate.id, of=original.id)
    pointed = duplicate.but(duplicate_of=original.id)
    ended, events = cancel_request(pointed, CancelRequest(reason=command.reason), by, now)
    first = FurtherContact(
        at=duplicate.registered_at,
        by=duplicate.owner,
        channel=duplicate.channel,
        caller=duplicate.caller,
        phone=None,
        said=duplicate.description or duplicate.fault,
        answered=bool(duplicate.answers),
        from_request=duplicate.id,
    )
    moved = (one.model_copy(update={"from_request": duplicate.id}) for one in duplicate.contacts)
    contacts = sorted((*original.contacts, first, *moved), key=lambda one: one.at)
    notes = sorted((*original.notes, *duplicate.notes), key=lambda one: one.at)
    kept = original.but(contacts=tuple(contacts), notes=tuple(notes), flag=original.flag or duplicate.flag)
    told = _told(kept, answered=first.answered, at=now)
    return (ended, events), finish_change(original, kept, now, *told)


def _noted(request: ServiceRequest, note: Note, form: RecordContact | AddNote) -> ServiceRequest:
    flag = note.flag if "flag" in form.model_fields_set else request.flag
    return request.but(notes=(*request.notes, note), flag=flag)


def _told(request: ServiceRequest, *, answered: bool, at: datetime) -> tuple[RequestContacted, ...]:
    """Tell dispatch of a contact about a request with a visit, without what was said (ALL-6)."""
    if request.kind not in VISITS:
        return ()
    about = {"request": request.id, "branch": request.branch, "flag": request.flag}
    return (RequestContacted(**about, number=len(request.contacts), answered=answered, contacted_at=at),)
