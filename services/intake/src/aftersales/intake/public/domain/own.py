"""What customers are told about their own request or complaint (INT-11). Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from aftersales.intake.public.domain.complaint import PublicComplaint
from aftersales.intake.requests.domain.form import VISITS
from aftersales.intake.requests.domain.request import ENDED, ServiceRequest
from aftersales.intake.requests.domain.visit import read_progress
from aftersales.intake.vocabulary import correct_number
from aftersales.policy.model.stages import KnownStage
from aftersales.policy.sla import SlaClock

RequestProgress = Literal[
    "registered",
    "taken_up",
    "planned",
    "on_the_way",
    "arrived",
    "interrupted",
    "waiting_part",
    "workshop",
    "repaired",
    "resolved",
    "reopened",
    "closed",
    "cancelled",
    "merged",
]
"""Steps of a request; `taken_up` and `resolved` are those of a request without a visit or without a repair."""
ComplaintProgress = Literal["received", "in_hand", "answered", "settled"]
COMPLAINT = "CP-"
"""The beginning of a complaint's number."""


class PromiseDue(NamedTuple):
    """A stage that the customer waits for, and its deadline; None while its clock is paused."""

    stage: str
    due_at: datetime | None


def read_case_number(text: str) -> str:
    """Return a number as we write it, however it was typed: in wide letters, with blanks or without hyphens."""
    corrected: str = correct_number(unicodedata.normalize("NFKC", text))
    typed = re.fullmatch(r"(SR|CP)([0-9]{6})([0-9A-Z]{4})", re.sub(r"[\W_]", "", corrected))
    return "-".join(typed.groups()) if typed else corrected


def request_step(request: ServiceRequest) -> RequestProgress:
    """Return how far the request is, in any service."""
    if request.duplicate_of:
        return "merged"
    if request.state == "closed" or request.state == "cancelled":  # noqa: PLR1714 (mypy narrows only this)
        return request.state
    if request.state == "resolved":
        return "repaired" if VISITS.get(request.kind) == "repair" else "resolved"
    return _open_step(request)


def _open_step(request: ServiceRequest) -> RequestProgress:
    seen = read_progress(request.visit_facts, request.visit)
    if seen.step in {"on_the_way", "arrived", "interrupted"}:
        return seen.step
    if seen.part_missing:
        return "waiting_part"
    if any(one.stage == "workshop" for one in request.due_elsewhere):
        return "workshop"
    unplanned: RequestProgress = "reopened" if request.state == "reopened" else "registered"
    if request.kind not in VISITS:
        return "taken_up"
    return "planned" if seen.step == "planned" else unplanned


def complaint_step(complaint: PublicComplaint) -> ComplaintProgress:
    """Return how far the complaint is; whether it looks machine-made is not told."""
    if complaint.settled_at:
        return "settled"
    if complaint.answered_by:
        return "answered"
    return "in_hand" if complaint.state == "taken" else "received"


def next_promise(case: ServiceRequest | PublicComplaint, told: Collection[str]) -> PromiseDue | None:
    """Return the promise that is due first, among the stages that customers are `told` about."""
    waiting = [PromiseDue(clock.stage, clock.deadline) for clock in case.clocks if clock.ended_at is None]
    if isinstance(case, ServiceRequest):
        if case.state in ENDED:
            return None
        waiting += [PromiseDue(one.stage, one.due_at) for one in case.due_elsewhere if one.stage]
    return _first(one for one in waiting if one.stage in told)


PromiseState = Literal["running", "kept", "broken"]
_PROMISED: KnownStage = "complaint_timetable"


def last_promise(case: ServiceRequest | PublicComplaint) -> SlaClock | None:
    """Return the clock of the last time that was promised to a customer who complained (INT-18)."""
    made = [clock for clock in case.clocks if clock.stage == _PROMISED and clock.outcome != "waived"]
    return made[-1] if made else None


def promise_state(clock: SlaClock, now: datetime) -> PromiseState:
    """Return whether the promised time was kept; it is broken as soon as it has passed."""
    if clock.outcome == "open":
        return "broken" if clock.deadline and clock.deadline <= now else "running"
    return "kept" if clock.outcome == "met" else "broken"


def _first(promises: Iterable[PromiseDue]) -> PromiseDue | None:
    return min(promises, key=lambda one: (one.due_at is None, one.due_at and one.due_at.timestamp()), default=None)


_TWO_CHARACTERS = re.compile(
    "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|慕容|司徒|夏侯|令狐|宇文|长孙|長孫|端木"
)
"""Chinese surnames of two characters."""


def short_name(name: str) -> str:
    """Return as much of a technician's name as strangers may know: the surname of 马志强, otherwise the first name."""
    if "\u4e00" <= name[:1] <= "\u9fff":
        return name[: 2 if _TWO_CHARACTERS.match(name) else 1]
    return next(iter(name.split()), "")
