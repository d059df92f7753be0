"""Dead letters over HTTP: list, look, send again, give up."""

import base64
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from aftersales.common import parking
from aftersales.common.desk import Cursor, Desk, Limit, Page
from aftersales.common.parking import ParkedMessage
from aftersales.common.problem import PROBLEMS

router = APIRouter(prefix="/dead", tags=["dead letters"], responses=PROBLEMS)
Id = Annotated[str, Path(max_length=600)]


class DeadLetter(BaseModel):
    """A parked message. `body` is its text; `body_base64` is there when it is not UTF-8.

    `digest` is the SHA-256 of the whole body, of which `body` is only the beginning where it is `incomplete`.
    """

    id: str
    queue: str
    exchange: str
    event_id: str
    event_type: str
    reason: str
    params: dict[str, Any]
    attempts: int
    times: int
    first_at: datetime
    last_at: datetime
    digest: str
    incomplete: bool
    body: str
    body_base64: str | None = None


def _shown(parked: ParkedMessage) -> DeadLetter:
    try:
        text, raw = parked.body.decode(), None
    except UnicodeDecodeError:
        text, raw = parked.body.decode(errors="replace"), base64.b64encode(parked.body).decode()
    fields = {name: getattr(parked, name) for name in DeadLetter.model_fields if not name.startswith("body")}
    return DeadLetter(**fields, body=text, body_base64=raw)


@router.get("")
async def list_dead(
    desk: Desk,
    reason: Annotated[str | None, Query(max_length=200)] = None,
    event_type: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DeadLetter]:
    """What is parked, filtered by reason or event type."""
    page = await desk.page(ParkedMessage, {"reason": reason, "event_type": event_type}, cursor, limit)
    return Page(items=[_shown(parked) for parked in page.items], next=page.next)


@router.get("/{id}")
async def show_dead(id: Id, desk: Desk) -> DeadLetter:
    return _shown(await desk.read(ParkedMessage, id))


@router.post("/{id}/replay")
async def replay_dead(id: Id, desk: Desk) -> DeadLetter:
    """Send it again to the queue where it failed; no other service sees it a second time."""
    return await desk.do(_replayed, id, needs=((ParkedMessage, id),))


@router.delete("/{id}")
async def drop_dead(id: Id, desk: Desk) -> DeadLetter:
    """Give it up; the audit trail says who did."""
    return await desk.do(_dropped, id, needs=((ParkedMessage, id),))


async def _replayed(work: Any, id: str) -> DeadLetter:
    return _shown(await parking.replay(work, id))


async def _dropped(work: Any, id: str) -> DeadLetter:
    return _shown(await parking.drop(work, id))
