"""The stream of live hints over HTTP: server-sent events, for `EventSource` or `fetch`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from aftersales.common.http.middleware import ENDLESS
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import RequestContext
from aftersales.common.live.hub import LiveHub
from aftersales.common.live.ring import HintFilter
from aftersales.common.scope import WHOLE_NETWORK
from aftersales.common.sign_in.caller import Caller
from aftersales.values.errors import Forbidden, Malformed

ABORT = "abort"
"""The key of a request's scope with the function that cuts its connection (`http.server`)."""


class Hint(BaseModel):
    """The data of an event `hint`: one document was created or changed, and the change is committed."""

    kind: str
    """The kind of document, named like its list: `requests`, `orders`."""
    id: str
    """The number, code or id by which it is read."""
    branch: str
    """The code of the branch it belongs to; `-`: to none."""
    version: int
    """Its version after the change, as in `ETag`; whoever has this one or a later one need not read it again."""


STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `hint` with a `Hint` as data, and `resync`, after which all must be read again",
        "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/Hint"}}},
        "model": Hint,
    }
}
HintKinds = Annotated[list[str] | None, Query(max_length=50, description="Only these kinds, such as `requests`")]
HintBranches = Annotated[list[str] | None, Query(max_length=200, description="Only documents of these branches")]
LastEvent = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=100, description="The id of the last event; browsers send it")
]


class _Stream(StreamingResponse):
    """The answer of `GET /live`. A listener that accepts nothing for a while loses its connection."""

    media_type = "text/event-stream"

    def __init__(self, hub: LiveHub, pieces: AsyncIterator[bytes]) -> None:
        super().__init__(pieces, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ENDLESS] = True
        loop = asyncio.get_running_loop()

        def drop() -> None:
            self._hub.metrics.ended.labels("slow").inc()
            scope[ABORT]()

        async def send_in_time(message: Message) -> None:
            timer = loop.call_later(self._hub.pace.slowest, drop)
            try:
                await send(message)
            finally:
                timer.cancel()

        try:
            await super().__call__(scope, receive, send_in_time)
        finally:
            self._hub.leave()


router = APIRouter(prefix="/live", responses=PROBLEMS)


@router.get("", response_class=StreamingResponse, responses=STREAM)
async def follow_changes(
    context: RequestContext,
    kind: HintKinds = None,
    branch: HintBranches = None,
    last_event_id: LastEvent = None,
) -> _Stream:
    """Follow the changes of documents as a stream of hints, which say what to read again.

    An event `hint` has kind, id, branch and version. An event `resync` says that hints may be missing: read again
    everything that is shown. Connect first and read afterwards. A client that connects again, to any replica, sends the
    id of its last event.
    """
    hub = context.live
    if unknown := sorted({*(kind or ())} - hub.kinds.keys()):
        raise Malformed("live.kind_unknown", kind=unknown[0][:100], known=", ".join(hub.kinds))

    async def recheck() -> HintFilter:
        return _filter(context, await context.ask_again(), frozenset(kind or ()), frozenset(branch or ()))

    wanted = await recheck()
    hub.enter()
    return _Stream(hub, hub.stream(wanted, recheck, last_event_id))


def _filter(context: RequestContext, caller: Caller, kinds: frozenset[str], branches: frozenset[str]) -> HintFilter:
    """Return what this caller may hear of what was asked for. Raises `Forbidden` for a kind they may not read."""
    known = context.live.kinds
    network_wide = frozenset(name for name, kind in known.items() if kind.network_wide)
    if not context.settings.oidc_issuer:
        return HintFilter(WHOLE_NETWORK, kinds or None, branches or None, network_wide)
    readable = frozenset(name for name, kind in known.items() if not kind.roles.isdisjoint(caller.roles))
    if denied := sorted(kinds - readable):
        roles = ", ".join(sorted(known[denied[0]].roles)) or "-"
        raise Forbidden("access.denied", action=denied[0], roles=roles)
    return HintFilter(caller.scope, kinds or readable, branches or None, network_wide)
