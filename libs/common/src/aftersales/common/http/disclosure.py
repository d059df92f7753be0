"""Personal data in answers (ALL-6): masked, unless the caller asks with `Personal-Data: full`, which is recorded."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aftersales.common.runtime import Runtime
from aftersales.common.scope import EVERYWHERE
from aftersales.common.sign_in.access import Operation
from aftersales.common.sign_in.caller import Caller
from aftersales.common.sign_in.readings import Reading, customers_in
from aftersales.common.work import Job, UnitOfWork
from aftersales.values import uuid7
from aftersales.values.errors import Forbidden, Malformed
from aftersales.values.personal import DISCLOSURE, Disclosure

HEADER = "personal-data"
_READ = "read_personal_data"
_REFUSED = 400


async def answer_disclosed(app: ASGIApp, operation: Operation, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the route for a signed-in caller, with as much personal data as they may have and want."""
    caller: Caller = scope["caller"]
    runtime: Runtime = scope["app"].state.runtime
    access = runtime.service.access
    usual = "full" if access.discloses(runtime.service.name, operation) else ""
    level = _level(Headers(scope=scope).get(HEADER, usual), may=access.may(caller.roles, _READ))
    token = DISCLOSURE.set(level)
    try:
        if level == "full":
            await _send_recorded(app, operation, scope, receive, send)
        else:
            await app(scope, receive, send)
    finally:
        DISCLOSURE.reset(token)


def _level(wanted: str, *, may: bool) -> Disclosure:
    if wanted not in {"", "masked", "full"}:
        raise Malformed("personal_data.wanted", given=wanted[:50])
    if wanted == "full" and not may:
        raise Forbidden("personal_data.denied")
    return "full" if wanted == "full" else "masked" if may else "hidden"


async def _send_recorded(app: ASGIApp, operation: Operation, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer once it is recorded who reads whom in it; a file or an export is not looked into."""
    held: list[Message] = []
    streams = False

    async def record(message: Message) -> None:
        nonlocal streams
        if message["type"] == "http.response.start":
            streams = not Headers(raw=message["headers"]).get("content-type", "").endswith("json")
            if streams and message["status"] < _REFUSED:
                await _record(operation, scope, b"")
        if streams:
            await send(message)
        else:
            held.append(message)

    await app(scope, receive, record)
    if held and held[0]["status"] < _REFUSED:
        await _record(operation, scope, b"".join(message.get("body", b"") for message in held))
    for message in held:
        await send(message)


async def _record(operation: Operation, scope: Scope, body: bytes) -> None:
    caller: Caller = scope["caller"]
    runtime: Runtime = scope["app"].state.runtime

    async def run(work: UnitOfWork) -> None:
        reading = Reading(
            id=uuid7(),
            branch=EVERYWHERE,
            at=work.now,
            who=caller.name,
            subject=caller.subject,
            route=" ".join(operation),
            asked=scope["path"],
            customers=customers_in(body),
        )
        work.put(reading)

    await runtime.writer.submit(Job(run, "record_reading", caller.name, scope["correlation"]))
