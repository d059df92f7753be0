"""Look-up of one's own request or complaint, by its number and the phone (INT-11)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from aftersales.engine import Document, NotFound, RequestContext
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import Branch, Person
from aftersales.intake.public.domain.complaint import PublicComplaint
from aftersales.intake.public.domain.own import (
    COMPLAINT,
    ComplaintProgress,
    PromiseState,
    RequestProgress,
    complaint_step,
    last_promise,
    next_promise,
    promise_state,
    read_case_number,
    request_step,
)
from aftersales.intake.requests.domain.link import REQUEST_LINK
from aftersales.intake.requests.domain.request import RequestState, ServiceRequest
from aftersales.intake.requests.domain.visit import read_progress
from aftersales.values.errors import Gone

from .gates import WHOLE_PHONE, Gates, pass_gate
from .page import page_texts
from .wording import LocalTime, PageTexts, promise_words, technician_words, time_words


class Asked(NamedTuple):
    """What a caller says, and the language of the answer."""

    number: str
    tail: str
    """The last digits of the phone."""
    locale: str


class _Case(BaseModel):
    number: str
    state_words: str
    """The state in the reader's language."""
    stage: str | None
    """The stage that is due next."""
    stage_words: str | None
    promised_by: datetime | None = None
    """The time by which that stage is promised, in the branch's zone; null while its clock is paused."""
    promised_words: str | None = None
    solution_promised: PromiseState | None = None
    """The last time promised to a customer who complained: `running`, `kept` or `broken`; null if there is none."""
    solution_promised_words: str | None = None
    """That promise in the reader's language, with its time."""
    registered_on: date
    branch: str
    """The branch's name."""


class OwnRequest(_Case):
    """What a caller who knows number and phone of a request may see."""

    state: RequestState
    step: RequestProgress
    """How far it is, in any service."""
    technician_words: str | None = None
    """Who comes: a short name or only the role."""
    appointment_start: datetime | None = None
    """The beginning of the appointment, in the branch's zone."""
    appointment_end: datetime | None = None
    appointment_words: str | None = None


class OwnComplaint(_Case):
    """What a caller who knows number and phone of a complaint may see."""

    step: ComplaintProgress


class LinkedRequest(NamedTuple):
    """What a link in a message leads to."""

    number: str
    how: Literal["same", "changed", "expired", "gone"]
    """Whether the request is as it was when the message was sent, and why it is not shown."""
    found: OwnRequest | None = None


async def look_up_case(context: RequestContext, gates: Gates, asked: Asked) -> OwnRequest | OwnComplaint:
    """Return one's own request or complaint. Raises `NotFound` alike for a wrong number and a wrong phone."""
    if read_case_number(asked.number).startswith(COMPLAINT):
        return await look_up_complaint(context, gates, asked)
    return await look_up_request(context, gates, asked)


async def look_up_request(context: RequestContext, gates: Gates, asked: Asked) -> OwnRequest:
    number, was_right = _begin(context, gates, asked)
    row = await _row(context, ServiceRequest.COLLECTION, number, ("customer",))
    _must_be_theirs(await _row(context, Customer.COLLECTION, row.get("customer", ""), ("phone",)), asked.tail)
    was_right()
    return await _show_request(context, await context.read(ServiceRequest, number), page_texts(asked.locale))


async def follow_link(context: RequestContext, gates: Gates, token: str, locale: str) -> LinkedRequest:
    """Return the present state of the request that a link in a message is about. Raises `NotFound`."""
    link = context.settings.link_signer.read(REQUEST_LINK, token)
    pass_gate(gates.lookups, context, context.client)
    if link.has_expired(context.now):
        return LinkedRequest(link.subject, "expired")
    try:
        request = await context.read(ServiceRequest, link.subject)
    except (NotFound, Gone):
        return LinkedRequest(link.subject, "gone")
    shown = await _show_request(context, request, page_texts(locale))
    return LinkedRequest(link.subject, "changed" if request.version > link.version else "same", shown)


async def look_up_complaint(context: RequestContext, gates: Gates, asked: Asked) -> OwnComplaint:
    number, was_right = _begin(context, gates, asked)
    _must_be_theirs(await _row(context, PublicComplaint.COLLECTION, number, ("phone",)), asked.tail)
    was_right()
    return await _show_complaint(context, await context.read(PublicComplaint, number), page_texts(asked.locale))


def _begin(context: RequestContext, gates: Gates, asked: Asked) -> tuple[str, Callable[[], None]]:
    """Count the call and the try; return the number, and the function that uncounts the try."""
    number = read_case_number(asked.number)
    pass_gate(gates.lookups, context, context.client)
    return number, gates.begin_try(context, number, asked.tail)


def _must_be_theirs(row: Document, tail: str) -> None:
    digits = tail.lstrip("0") if len(tail) >= WHOLE_PHONE else tail  # no trunk prefix, as in 010-…
    if not row.get("phone", "").endswith(digits):
        raise NotFound("public.request_unknown")


async def _show_request(context: RequestContext, request: ServiceRequest, said: PageTexts) -> OwnRequest:
    branch = await _row(context, Branch.COLLECTION, request.branch, ("name", "zone"))
    zone, step, seen = branch["zone"], request_step(request), read_progress(request.visit_facts, request.visit)
    coming = seen if step in _COMING else seen._replace(technician=None, start=None, end=None)
    person = await _row(context, Person.COLLECTION, coming.technician, ("name",)) if coming.technician else {}
    start, end = coming.start, coming.end
    return OwnRequest(
        state=request.state,
        step=step,
        technician_words=technician_words(said, person.get("name", "")) if coming.technician else None,
        appointment_start=start and start.astimezone(ZoneInfo(zone)),
        appointment_end=end and end.astimezone(ZoneInfo(zone)),
        appointment_words=time_words(said, start, zone, end) if start else None,
        registered_on=request.registered_at.astimezone(ZoneInfo(zone)).date(),
        branch=branch["name"],
        **_shown(request, said, step, LocalTime(zone, context.now)),
    )


_COMING: tuple[RequestProgress, ...] = ("planned", "on_the_way", "arrived", "interrupted", "waiting_part")
"""Steps in which a technician comes or is there."""


async def _show_complaint(context: RequestContext, complaint: PublicComplaint, said: PageTexts) -> OwnComplaint:
    branch = await _row(context, Branch.COLLECTION, complaint.branch, ("name", "zone"))
    zone, step = branch.get("zone", context.settings.zone), complaint_step(complaint)
    return OwnComplaint(
        step=step,
        registered_on=complaint.received_at.astimezone(ZoneInfo(zone)).date(),
        branch=branch.get("name", said["headquarters"]),
        **_shown(complaint, said, f"complaint_{step}", LocalTime(zone, context.now)),
    )


def _shown(case: ServiceRequest | PublicComplaint, said: PageTexts, step: str, here: LocalTime) -> Document:
    told = {name.removeprefix("stage.") for name in said if name.startswith("stage.")}
    promise, solution = next_promise(case, told), last_promise(case)
    kept = promise_state(solution, here.now) if solution else None
    by = time_words(said, solution.terms.until, here.zone) if solution and solution.terms.until else ""
    return {
        "number": case.id,
        "state_words": said[f"step.{step}"],
        "stage": promise and promise.stage,
        "stage_words": promise and said[f"stage.{promise.stage}"],
        "promised_by": promise and promise.due_at and promise.due_at.astimezone(ZoneInfo(here.zone)),
        "promised_words": promise_words(said, promise, here),
        "solution_promised": kept,
        "solution_promised_words": said[f"promise.{kept}"].format(time=by) if kept else None,
    }


async def _row(context: RequestContext, collection: str, id: str, only: tuple[str, ...]) -> Document:
    """Return some fields of a document, or none; both take equally long."""
    return next(iter(await context.mongo.rows(collection, {"_id": id}, limit=1, only=only)), {})
