"""Correction of a request (INT-2): what follows from the form is decided again, as at registration. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field

from aftersales.common.events.dispatch import CorrectionHeldUp
from aftersales.common.events.intake import RequestCorrected
from aftersales.common.fields import UNSAID
from aftersales.common.terms import Term, UnclearTerm
from aftersales.intake.archive.domain.model import NO_MODEL
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.statement import NamedProduct
from aftersales.intake.network.domain import Branch
from aftersales.intake.vocabulary import Channel, ProblemClass, RequestKind
from aftersales.policy import sla
from aftersales.policy.sla import ChangeNote
from aftersales.policy.sla.stages import apply_terms, forget_wish, stages_of, waive_stages
from aftersales.values import ChatId, Code, Email, GeoPoint, Line, Moment, Phone, Value, Words
from aftersales.values.errors import DomainError
from aftersales.values.personal import refuse_masked

from .charges import decide_charge
from .coverage import CoverageCase, announce_coverage
from .form import UNSPECIFIED, VISITS, Details, OrderReference, fault_of, must_be_complete, recall_of
from .records import Correction, FieldChange
from .registration import (
    NO_LINE,
    Archive,
    Taken,
    decide_terms,
    facts_of,
    found_repeat,
    is_far,
    name_cases,
    need_address,
    start_promises,
)
from .request import (
    ENDED,
    OPEN,
    Ground,
    RequestDecision,
    ServiceRequest,
    finish_change,
    sla_situation,
)
from .steps import FirstStep, first_steps


class CorrectRequest(Value):
    """Corrections to the form; only named fields change, and null removes a value where that makes sense."""

    why: Line
    kind: Annotated[RequestKind, UNSAID] = "repair"
    problem_class: ProblemClass | None = None
    fault: Term | None = None
    description: Words = ""
    order: OrderReference | None = None
    """Replaces the whole reference to an online shop's order (INT-15)."""
    details: Details = Field(default_factory=dict)
    """Replaces all additional fields."""
    channel: Annotated[Channel, UNSAID] = "phone"
    wanted_at: Moment | None = None
    location: GeoPoint | None = None
    rush: bool = False
    """Whether it is ordered as rush work (ALL-10)."""
    major: bool = False
    """Whether it is a major fault (DSP-8)."""
    far: bool | None = None
    """Whether the place is far away (DSP-3); null: whether the address names a far district of the branch."""
    branch: Annotated[Code, UNSAID] = ""
    """Another branch takes the request over; the plan of the first one is released."""
    caller: Annotated[Line, UNSAID, AfterValidator(refuse_masked)] = ""
    """The caller's name."""
    phone: Annotated[Phone, UNSAID] = ""
    """The caller's phone; the request then belongs to the customer with this number."""
    email: Annotated[Email, UNSAID] = ""
    """The caller's e-mail address, if that leads to the right customer."""
    chat_id: Annotated[ChatId, UNSAID] = ""
    """The caller's account in a chat or on a platform, if that leads to the right customer."""
    address: Line | None = None
    """Null: the address in the customer archive."""
    product: NamedProduct = NamedProduct()
    """Serial number, model and line, each only if named; a serial number of null means that it is not known."""


AFTER_A_REPAIR = frozenset({"kind", "branch", "wanted_at", "rush", "major", "far"})
"""Fields that cannot change while a request is resolved, because they decide about a visit."""
PLAIN = (
    "kind",
    "problem_class",
    "description",
    "order",
    "details",
    "channel",
    "wanted_at",
    "location",
    "branch",
    "caller",
)
"""Fields that a request stores as they are named."""


class Change(NamedTuple):
    """The branch and policy that hold after a correction, and who made it, when and why."""

    ground: Ground
    note: ChangeNote


def must_be_correctable(request: ServiceRequest, command: CorrectRequest) -> None:
    """Raise `DomainError` for a request that has ended, or for a field that its state has settled."""
    if request.state in ENDED:
        raise DomainError("request.not_correctable", request=request.id)
    if request.state == "resolved" and command.model_fields_set & AFTER_A_REPAIR:
        raise DomainError("request.already_resolved", request=request.id)


def correct_fields(request: ServiceRequest, command: CorrectRequest) -> ServiceRequest:
    """Return the request with the named fields; what follows from them is not decided yet."""
    named = command.model_fields_set
    corrected = request.but(**{name: getattr(command, name) for name in PLAIN if name in named})
    said = given_fault(request) if "fault" not in named else command.fault
    must_be_complete(corrected.kind, corrected, said)
    return corrected.but(fault=fault_of(corrected.kind, said))


def correct_cases(request: ServiceRequest, command: CorrectRequest, branch: Branch) -> ServiceRequest:
    """Return the request with the cases that people named; a corrected address may be far, or no longer be."""
    named = command.model_fields_set
    said = {case: getattr(command, case) if case in named else case in request.cases for case in ("rush", "major")}
    far = "far" in request.cases
    if named & {"far", "address", "branch"}:
        far = is_far(branch, request.address) if command.far is None else command.far
    return request.but(cases=name_cases(**said, far=far))


def given_fault(request: ServiceRequest) -> str | None:
    """Return the fault code that somebody named."""
    return None if request.fault in {UNSPECIFIED, request.kind} else request.fault


def replace_unclear(
    request: ServiceRequest, what: Literal["line", "fault"], unclear: UnclearTerm | None
) -> tuple[UnclearTerm, ...]:
    """Return the unclear words of the request, with the new one for line or fault, if it has one."""
    others = tuple(term for term in request.unclear if term.what != what)
    return (*others, unclear) if unclear else others


_SAID_OF_A_PRODUCT = ("batch", "purchased_on", "sold_by", "invoice", "installed_at")


def raise_danger(request: ServiceRequest, found: tuple[str, ...], before: tuple[str, ...]) -> ServiceRequest:
    """Apply words of danger that a corrected description has; what somebody has decided about others stays (INT-5)."""
    decided = request.danger and not request.danger_words
    words = () if decided else tuple(word for word in found if request.danger_words or word not in before)
    return request.but(danger=decided or bool(words), danger_words=words)


def subject_of(
    request: ServiceRequest, command: CorrectRequest, before: Product, known: Product | None
) -> NamedProduct:
    """Return the product as the corrected form names it; `known` is the archive's with that serial number.

    If there is none, what was said of the product under the wrong number (`before`) holds, unless that is proven.
    """
    said = command.product
    if known is None:
        there: dict[str, Any] = {
            "model": None if request.product.model == NO_MODEL else request.product.model,
            "line": None if request.product.line == NO_LINE else request.product.line,
        }
        if not before.proofs and not before.warranty_card:
            there |= {name: getattr(before, name) for name in _SAID_OF_A_PRODUCT}
        said = said.model_copy(update={name: getattr(said, name) or value for name, value in there.items()})
    return said


def must_keep_recall(before: ServiceRequest, corrected: ServiceRequest) -> None:
    """Raise `DomainError` if a request that has moved a recall's case would no longer be about that case (INT-4)."""
    recall = recall_of(before.kind, before.details)
    other = recall_of(corrected.kind, corrected.details), corrected.product.serial
    if recall and (recall, before.product.serial) != other:
        raise DomainError("request.recall_stays", request=before.id, recall=recall[0])


def correct_request(
    before: ServiceRequest, corrected: ServiceRequest, archive: Archive, faults: Collection[str], change: Change
) -> RequestDecision:
    """Decide again what follows from the corrected form, as at registration. Nothing changes if it says the same."""
    ground, note = change
    product, prepaid = archive.product, archive.prepaid
    need_address(corrected.address, needs_visit=corrected.kind in VISITS)
    decided, repeated = decide_terms(corrected, product, ground, faults)
    cause = before.coverage.inputs.cause if before.coverage else "unknown"
    case = CoverageCase(product, decided.kind, cause, prepaid)
    decided, told = decide_charge(decided, case, ground, Taken(note.by, note.at))
    if decided == before:
        return before, ()
    on_site, was_on_site = decided.kind in VISITS, before.kind in VISITS
    if on_site and not was_on_site and decided.coverage and not told:
        told = announce_coverage(None, decided.coverage, request=before.id, branch=decided.branch, on_site=True)
    decided = _follow_promises(before, decided, ground, note)
    changes = tuple(_changes(_facts(before), _facts(decided)))
    correction = Correction(at=note.at, by=note.by, why=note.why, changes=changes)
    event = RequestCorrected(
        **facts_of(decided, archive, ground),
        number=len(before.corrections) + 1,
        changed=tuple(change.field for change in changes),
        visit=decided.visit,
        was_on_site=was_on_site,
        by=note.by,
        corrected_at=note.at,
    )
    again = found_repeat(decided, repeated, ground.policy) if decided.repeats != before.repeats else ()
    decided = decided.but(corrections=(*before.corrections, correction))
    return finish_change(before, decided, note.at, event, *again, *told)


def note_held_up(request: ServiceRequest, event: CorrectionHeldUp) -> ServiceRequest:
    """Note that a correction came too late for the visit under way."""
    noted = (
        one.model_copy(update={"held_up": event.state}) if number == event.number else one
        for number, one in enumerate(request.corrections, 1)
    )
    return request.but(corrections=tuple(noted))


def _follow_promises(
    before: ServiceRequest, request: ServiceRequest, ground: Ground, note: ChangeNote
) -> ServiceRequest:
    """Apply the present terms to the whole time of the promises, and start those that another policy or kind makes."""
    there = sla_situation(request, ground)
    clocks = apply_terms(request.clocks, there, note)
    if request.wanted_at != before.wanted_at:
        clocks = forget_wish(clocks, there, note)
    steps, were = first_steps(request.kind), first_steps(before.kind)
    for step in were - steps:
        clocks = waive_stages(clocks, there, _LED_BY[step], note)
    kept = request.but(clocks=clocks)
    if request.state not in OPEN:
        return kept
    begun = next(step.at for step in reversed(request.history) if step.state in OPEN)
    started = start_promises(kept, begun, ground, note, steps - were)
    old, stages = {clock.key for clock in kept.clocks}, stages_of(there)
    clocks = started.clocks
    for clock in clocks:
        if clock.key not in old and (at := _passed(request).get(stages[clock.stage].stops_on)):
            clocks = sla.stop_clock(clocks, clock.key, at)
    return started.but(clocks=clocks)


_LED_BY: Mapping[FirstStep, frozenset[str]] = {
    "complaint_registered": frozenset({"complaint_registered", "complaint_marked_serious", "timetable_promised"}),
    "parcel_problem_reported": frozenset({"parcel_problem_reported"}),
}
"""Milestones with which only the clocks of such a kind start."""


def _passed(request: ServiceRequest) -> dict[str, datetime | None]:
    """Return when the request passed the milestones that stop clocks of the contact."""
    return {
        "request_reviewed": request.reviewed_at,
        "customer_answered": request.answers[0].at if request.answers else None,
    }


_FACTS = {
    *PLAIN,
    *("customer", "address", "product", "fault", "cases", "priority", "policy", "danger"),
}


def _facts(request: ServiceRequest) -> dict[str, str]:
    """Return the fields that a correction can change, as texts; those of a part as `product.serial`."""
    flat: dict[str, str] = {}
    for name, value in request.model_dump(mode="json", include=_FACTS).items():
        parts = {f"{name}.{key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
        for field, part in parts.items():
            text = ", ".join(part) if isinstance(part, list) else "" if part is None else str(part)
            flat |= {field: text} if text else {}
    return flat


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[FieldChange]:
    fields: dict[str, Any] = dict.fromkeys((*before, *after))
    return [
        FieldChange(field=field, before=before.get(field), after=after.get(field))
        for field in fields
        if before.get(field) != after.get(field)
    ]
