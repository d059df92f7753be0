"""Recalls and upgrades (召回/升级, INT-4): affected products, and the progress of each."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import RecallCounts, RecallKind, RecallOpened, RecallProgressed
from aftersales.common.fields import shared_fields
from aftersales.common.terms import Term, fold_term
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.statement import Batch
from aftersales.values import Day, Line, Reason, Serial, Value, Words
from aftersales.values.errors import DomainError

CaseState = Literal["found", "told", "scheduled", "done", "declined", "unreachable"]
"""The state of a case; `found`: nobody has told the customer yet."""
RecallStep = Literal["told", "scheduled", "done", "declined", "unreachable"]
"""A step of a case. `told`: the customer knows; `unreachable`: they could not be reached."""
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
"""Up to 20 digits."""
REPORT_EVERY = 5
"""The percentage points of completion between two progress reports."""


class SerialRange(Value):
    """Serial numbers that differ only in their last digits, such as `RF-` 0100 to 0299."""

    prefix: Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z0-9./_-]{0,63}$")]
    """The common beginning of the numbers."""
    first: Digits
    """The digits of the first number, with leading zeros."""
    last: Digits
    """The digits of the last number, as many as those of `first`."""

    @model_validator(mode="after")
    def _counts_upwards(self) -> Self:
        if len(self.first) != len(self.last) or self.first > self.last:
            raise ValueError("recall.range_malformed")
        return self

    def holds(self, serial: str) -> bool:
        number = serial.removeprefix(self.prefix) if serial.startswith(self.prefix) else ""
        return len(number) == len(self.first) and number.isdigit() and self.first <= number <= self.last


class RecallForm(Value):
    """The affected products: serials, ranges, and products of these models and (if both are named) these batches."""

    kind: RecallKind
    title: Line
    """The title."""
    why: Words
    """The reason, as customers are told."""
    remedy: Words
    """The remedy, as customers are told."""
    safety: bool = False
    """Whether somebody may be hurt."""
    starts_on: Day
    """The day from which the remedy is available."""
    models: Annotated[tuple[Term, ...], Field(max_length=200)] = ()
    """Codes or other words of the model register, in any case and width."""
    batches: Annotated[tuple[Batch, ...], Field(max_length=500)] = ()
    """Codes of affected batches of these models."""
    serials: Annotated[tuple[Serial, ...], Field(max_length=2000)] = ()
    """Serial numbers of affected products."""
    ranges: Annotated[tuple[SerialRange, ...], Field(max_length=100)] = ()
    """Ranges of serial numbers of affected products."""

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.models or self.batches or self.serials or self.ranges):
            raise ValueError("recall.affects_nothing")
        return self


class TakeStep(Value):
    """A step of one product's case."""

    note: Words = ""
    """A note on the step."""


class CloseRecall(Value):
    reason: Reason


class Cursor(Value):
    """The position of the archive search: which query, and after which serial number."""

    query: int = 0
    after: str = ""


class Recall(Aggregate):
    """A recall or an upgrade; its id is its number (`RC-…`). While it is open, new products are checked against it."""

    COLLECTION: ClassVar[str] = "recalls"

    branch: str = "-"
    kind: RecallKind
    title: str
    why: str
    remedy: str
    safety: bool
    starts_on: Day
    models: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()
    serials: tuple[str, ...] = ()
    ranges: tuple[SerialRange, ...] = ()
    state: Literal["open", "closed"] = "open"
    closed_for: str = ""
    opened_at: datetime
    cursor: Annotated[Cursor | None, Field(json_schema_extra=lambda schema: schema.__delitem__("default"))] = Cursor()
    """None when the whole archive was searched."""
    counts: dict[CaseState, int] = Field(default_factory=dict)
    """Numbers of cases by state; changed together with the cases."""
    reported: int = 0
    """The completion of the last progress report, in per cent."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def completion(self) -> float:
        """The percentage of cases that are done."""
        return round(100 * self.counts.get("done", 0) / self.total, 1) if self.total else 0.0

    def affects(self, product: Product) -> bool:
        if product.id in self.serials or any(held.holds(product.id) for held in self.ranges):
            return True
        by_model = not self.models or fold_term(product.model) in map(fold_term, self.models)
        by_batch = not self.batches or (product.batch or "").upper() in self.batches
        return bool(self.models or self.batches) and by_model and by_batch


class CaseStep(Value):
    state: CaseState
    at: datetime
    by: str
    note: str = ""


class RecallCase(Aggregate):
    """The case of one affected product; its id is `<recall>|<serial>`."""

    COLLECTION: ClassVar[str] = "recall_cases"

    recall: str
    product: str
    model: str
    customer: str | None
    state: CaseState = "found"
    history: tuple[CaseStep, ...] = ()


Progress = tuple[Recall, tuple[Event, ...]]
_FROM: dict[str, frozenset[str]] = {
    "told": frozenset({"found", "declined", "unreachable"}),
    "scheduled": frozenset({"found", "told", "declined", "unreachable"}),
    "done": frozenset({"found", "told", "scheduled", "declined", "unreachable"}),
    "declined": frozenset({"found", "told", "scheduled", "unreachable"}),
    "unreachable": frozenset({"found", "told", "scheduled"}),
}
"""The states from which each step is allowed; no step follows `done`."""


def case_id(recall: str, serial: str) -> str:
    return f"{recall}|{serial}"


def open_recall(number: str, form: RecallForm, now: datetime) -> Progress:
    """Create the recall; its timer starts the archive search immediately."""
    recall = Recall(id=number, opened_at=now, wake_at=now, **dict(form))
    event = RecallOpened(recall=number, **shared_fields(recall, RecallOpened))
    return recall, (event,)


def find_case(recall: Recall, product: Product, now: datetime, by: str) -> RecallCase:
    """Open the case of an affected product; its timer has the owner told."""
    return RecallCase(
        id=case_id(recall.id, product.id),
        branch=product.branch,
        recall=recall.id,
        product=product.id,
        model=product.model,
        customer=product.customer,
        wake_at=now if product.customer else None,
        history=(CaseStep(state="found", at=now, by=by),),
    )


def take_step(case: RecallCase, step: RecallStep, note: str, by: str, now: datetime) -> RecallCase:
    """Take a step; repeating it changes nothing."""
    if case.state == step:
        return case
    if case.state not in _FROM[step]:
        raise DomainError("recall.wrong_step", serial=case.product, state=case.state, step=step)
    return case.but(state=step, history=(*case.history, CaseStep(state=step, at=now, by=by, note=note)))


def count_move(recall: Recall, before: CaseState, after: CaseState, now: datetime) -> Progress:
    """Count a case that changed from one state to another."""
    counts = recall.counts | {before: recall.counts.get(before, 0) - 1, after: recall.counts.get(after, 0) + 1}
    return _reported(recall.but(counts=counts), now)


def count_found(recall: Recall, more: int, cursor: Cursor | None, now: datetime) -> Progress:
    """Count the cases found in one step of the search; the next step follows until the search is complete."""
    counts = recall.counts | {"found": recall.counts.get("found", 0) + more}
    after = recall.but(counts=counts, cursor=cursor, wake_at=now if cursor else None)
    return after, (_progress(after, now),)


def count_late(recall: Recall) -> Recall:
    """Count a new product, which the search does not count."""
    return recall.but(counts=recall.counts | {"found": recall.counts.get("found", 0) + 1})


def uncount_found(recall: Recall) -> Recall:
    """Stop counting a product that was archived by mistake, and for which nothing was done yet."""
    return recall.but(counts=recall.counts | {"found": max(0, recall.counts.get("found", 0) - 1)})


def close_recall(recall: Recall, reason: str) -> Recall:
    """Close the recall for new products; its cases stay and can still be done."""
    if recall.state == "closed":
        return recall
    return recall.but(state="closed", closed_for=reason, cursor=None, wake_at=None)


def _reported(recall: Recall, now: datetime) -> Progress:
    """Report progress once per few per cent, not per product."""
    reached = int(recall.completion // REPORT_EVERY) * REPORT_EVERY
    if recall.cursor or reached <= recall.reported:
        return recall, ()
    recall = recall.but(reported=reached)
    return recall, (_progress(recall, now),)


def _progress(recall: Recall, now: datetime) -> RecallProgressed:
    return RecallProgressed(
        recall=recall.id,
        counts=RecallCounts(**{state: recall.counts.get(state, 0) for state in _STATES}),
        completion=recall.completion,
        searched=recall.cursor is None,
        at=now,
    )


_STATES: tuple[CaseState, ...] = ("found", "told", "scheduled", "done", "declined", "unreachable")
