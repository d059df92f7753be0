"""Dead letters over HTTP: list them, show one (only this shows a body), replay it, or drop it."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from pydantic_core import to_json

from aftersales.common import dead_letters
from aftersales.common.aggregate import Aggregate
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.http import paging
from aftersales.common.http.paging import Page
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import Cursor, Limit, RequestContext
from aftersales.common.work import UnitOfWork, use_case

router = APIRouter(prefix="/dead", responses=PROBLEMS)
DeadLetterId = Annotated[str, Path(max_length=600)]
"""The id of the dead letter."""


_LONGEST = 1000


class DeadLetter(BaseModel):
    """A dead letter without its body; values in `params` are cut off after 1000 characters."""

    id: str
    queue: str
    exchange: str = ""
    """The exchange it was first published to; empty if unknown."""
    event_id: str
    event_type: str
    reason: str
    params: dict[str, Any]
    attempts: int
    times: int
    first_at: datetime
    last_at: datetime
    digest: str = ""
    """SHA-256 of the whole body, as hex."""
    incomplete: bool = False
    """Whether only the beginning of the body was stored."""


class WholeDeadLetter(DeadLetter):
    """A dead letter. `body` is its text; `body_base64` is set if the body is not UTF-8."""

    body: str
    body_base64: str | None = None


_LISTED = tuple(name for name in DeadLetter.model_fields if name != "id")


def _brief(fields: Mapping[str, Any]) -> DeadLetter:
    return DeadLetter(**{**fields, "params": {name: _cut(value) for name, value in fields["params"].items()}})


def _cut(value: Any) -> Any:
    """Return a value that the sender may have chosen, or the beginning of its JSON if that is too long."""
    text = to_json(value).decode()
    return value if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@router.get("")
async def list_dead(  # noqa: PLR0913, PLR0917 (filters)
    context: RequestContext,
    reason: Annotated[str | None, Query(max_length=200)] = None,
    event_type: Annotated[str | None, Query(max_length=200)] = None,
    event_id: Annotated[str | None, Query(max_length=600)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DeadLetter]:
    """List dead letters, filtered by reason, event type or event id; `GET /dead/{id}` has the body."""
    where = {"reason": reason, "event_type": event_type, "event_id": event_id}
    page = await context.page_of_rows(
        StoredDeadLetter, where, paging.parse_cursor(paging.BY_ID, cursor), limit, _LISTED
    )
    return Page(items=[_brief({"id": row["_id"], **row}) for row in page.items], next=page.next)


@router.get("/{id}")
async def show_dead(id: DeadLetterId, context: RequestContext) -> WholeDeadLetter:
    """Show a dead letter with its body."""
    dead_letter = await context.read(StoredDeadLetter, id)
    try:
        text, raw = dead_letter.body.decode(), None
    except UnicodeDecodeError:
        text, raw = dead_letter.body.decode(errors="replace"), base64.b64encode(dead_letter.body).decode()
    return WholeDeadLetter(**_fields(dead_letter), body=text, body_base64=raw)


@router.post("/{id}/replay")
async def replay_dead(id: DeadLetterId, context: RequestContext) -> DeadLetter:
    """Send a dead letter again to the queue where it failed, or run its timer again. Other services do not get it."""
    return await context.do(_replayed, id, context.woken)


@router.delete("/{id}")
async def drop_dead(id: DeadLetterId, context: RequestContext) -> DeadLetter:
    """Drop a dead letter; the audit trail records who did it."""
    return await context.do(_dropped, id)


@use_case(about=lambda id: (StoredDeadLetter, id))
async def _replayed(work: UnitOfWork, id: str, woken: Sequence[type[Aggregate]]) -> DeadLetter:
    return _brief(_fields(await dead_letters.replay_dead_letter(work, id, woken)))


@use_case(about=lambda id: (StoredDeadLetter, id))
async def _dropped(work: UnitOfWork, id: str) -> DeadLetter:
    return _brief(_fields(await dead_letters.drop_dead_letter(work, id)))


def _fields(dead_letter: StoredDeadLetter) -> dict[str, Any]:
    return {name: getattr(dead_letter, name) for name in DeadLetter.model_fields}
