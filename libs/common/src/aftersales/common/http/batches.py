"""Many rows in one request, for imports. Each row is a job of its own, with its own key, outcome and reasons."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from aftersales.common.http.problem import wrong_fields
from aftersales.common.http.request_context import BatchCall, RequestContext
from aftersales.common.mongo import Document
from aftersales.common.work import AnswerKey, Stored, UnitOfWork
from aftersales.common.work.use_case import Call
from aftersales.values import Value
from aftersales.values.errors import DomainError
from aftersales.values.messages import render_message

MOST_ROWS = 500


RowKey = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,60}$")]


class Row(Value):
    key: RowKey
    """Identifies the row like an Idempotency-Key, but for all callers: a form counts once under one key."""
    also: Annotated[tuple[RowKey, ...], Field(max_length=3)] = ()
    """Further keys of the row. It counts once under all of them, even if its form has changed."""
    form: dict[str, Any]
    """The body that the endpoint for a single one accepts."""


class Batch(Value):
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=MOST_ROWS)]
    """The rows, which are registered one by one; a refused row does not stop the others."""
    dry_run: Annotated[bool, Field(strict=True)] = False
    """Report what would happen to the rows, and store nothing."""


class RowNote(BaseModel):
    """Something about a row that was taken, for somebody to look at."""

    code: str
    """Identifies the note for programs."""
    detail: str
    """The note in the caller's language."""
    params: dict[str, Any]
    """The values in `detail`."""


class RowOutcome(BaseModel):
    """The outcome of a row. `repeated`: its key was sent before. `refused`: neither the row nor its key is stored."""

    key: str
    """The key of the row."""
    outcome: Literal["created", "updated", "repeated", "refused"]
    """`created`, `updated`, `repeated` (its key was sent before) or `refused` (nothing of it is stored)."""
    id: str | None = None
    """The id or number of the document."""
    code: str | None = None
    """The reason of a refusal, for programs."""
    detail: str | None = None
    """The reason of a refusal, in the reader's language."""
    params: dict[str, Any] = Field(default_factory=dict)
    """The values in `detail`."""
    changed: bool = False
    """Whether a repeated row had another form when it was stored. The stored one stays as it is."""
    notes: list[RowNote] = Field(default_factory=list)
    """Notes on a row that was created or updated, such as a word that no catalogue has."""


class BatchOutcome(BaseModel):
    """The outcome of each row, in their order."""

    rows: list[RowOutcome]
    """One outcome for each row, in their order."""


@dataclass(frozen=True)
class Import:
    """What the rows of an endpoint are: `make_call` returns the call of a row's form."""

    form: type[BaseModel]
    make_call: Callable[[Any], Call[Any]]
    longer: timedelta = timedelta()
    """Time to store the rows' keys beyond that of an Idempotency-Key."""
    notes: Callable[[Any], Iterable[DomainError]] = lambda _: ()
    """Returns what somebody should look at in the document of a row, as codes with parameters."""


A_YEAR = timedelta(days=365)
"""A sheet that grows is imported every day, and none of its rows may count again."""


async def take_batch(context: RequestContext, batch: Batch, sheet: Import) -> BatchOutcome:
    """Check each row's form, and run its call. Raises `Busy`: then send the same batch again."""
    locale = context.locale
    found: dict[int, RowOutcome] = {}
    orders: dict[int, BatchCall] = {}
    for at, row in enumerate(batch.rows):
        try:
            filled = sheet.form.model_validate(row.form)
        except ValidationError as error:
            errors = wrong_fields(error.errors(include_url=False, include_input=False), locale)
            found[at] = _refused(row.key, "input.malformed", {"errors": errors}, locale)
        else:
            orders[at] = _order(sheet, filled, row.key, locale, _answer(context.path, row, sheet.longer))
    results = await context.do_each(list(orders.values()), dry_run=batch.dry_run)
    for (at, order), result in zip(orders.items(), results, strict=True):
        found[at] = _outcome(order.key, result, locale)
    return BatchOutcome(rows=[found[at] for at in range(len(batch.rows))])


def _order(sheet: Import, filled: BaseModel, key: str, locale: str, answer: AnswerKey) -> BatchCall:
    call = sheet.make_call(filled)

    async def run(work: UnitOfWork) -> RowOutcome:
        state = await call.run(work)
        notes = [
            RowNote(code=one.code, detail=render_message(one.code, locale, one.params), params=one.params)
            for one in sheet.notes(state)
        ]
        return RowOutcome(key=key, outcome="created" if work.is_new(state) else "updated", id=state.id, notes=notes)

    return BatchCall(replace(call, run=run), key, answer)


def _answer(path: str, row: Row, longer: timedelta) -> AnswerKey:
    """Return a row's key, the same for all callers: a sheet stays the same when somebody else imports it."""
    id, *also = (hashlib.sha256(f"|POST|{path}|{key}".encode()).hexdigest() for key in (row.key, *row.also))
    content = json.dumps(row.form, sort_keys=True).encode()
    return AnswerKey(id, hashlib.sha256(content).hexdigest(), _rendered, tuple(also), longer)


def _rendered(result: Any) -> Document | None:
    return {"id": result.id} if isinstance(result, RowOutcome) else None


def _outcome(key: str, result: Any, locale: str) -> RowOutcome:
    match result:
        case RowOutcome():
            return result
        case Stored():
            return RowOutcome(key=key, outcome="repeated", id=result.answer["id"], changed=result.changed)
        case DomainError():
            return _refused(key, result.code, result.params, locale)
    return _refused(key, "internal.error", {}, locale)


def _refused(key: str, code: str, params: dict[str, Any], locale: str) -> RowOutcome:
    return RowOutcome(key=key, outcome="refused", code=code, detail=render_message(code, locale, params), params=params)
