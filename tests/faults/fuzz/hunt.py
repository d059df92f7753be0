"""Sends thousands of odd messages to a running system, and holds the end to account."""

import asyncio
import random
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from faults.checks import check
from faults.declared import consumed_by
from faults.echo import Echo
from faults.evidence import Books, Evidence, collect
from faults.fuzz.bodies import sound
from faults.fuzz.frames import header
from faults.fuzz.messages import Maker, Odd
from faults.fuzz.sender import Sender
from faults.ledger import Attempt
from faults.probes import DEEP
from faults.rig import System
from faults.scenarios import BRANCH, furnish, register
from faults.servers import Servers, until
from faults.wire import Wire
from pamqp.header import ContentHeader

from aftersales.common.events import REGISTRY, decode_envelope
from aftersales.common.partners import to_structured_mode
from aftersales.values.errors import Malformed

_AT_ONCE = 500
"""Messages, before the queues are looked at."""
_WAITING = 2000
"""Messages in the queues, at most, while more are sent."""


@dataclass
class Hunt:
    """What was sent, what became of it, and what should not have happened."""

    sent: int
    seconds: float
    fates: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    """The broker's words for what it did not take."""


async def hunt(servers: Servers, seed: int, count: int, tag: str = "fuzz") -> Hunt:
    """Send `count` messages of this seed to a system of its own."""
    began = time.monotonic()
    system = System(servers, tag)
    try:
        await system.start()
        wire = Wire(system, seed)
        await furnish(wire)
        maker = Maker(seed, await register(wire, "SN-1"))
        messages = [maker.message(n) for n in range(count)]
        async with Echo(system, random.Random(seed)) as echo:
            refused = await _send(system, echo, messages)
            findings = [await _drained(echo), *await _still_works(system, wire)]
            evidence = await _stopped(system, echo, wire)
            left = [body for queue in await echo.waiting() for body in await echo.taken_out(queue)]
        result = Hunt(count, time.monotonic() - began, refusals=Counter(refused.values()))
        result.findings = [finding for finding in findings if finding] + system.deaths
        ours = {message.body for message in messages}
        result.findings += [f"stays in a queue: {body[:80]!r}" for body in left if body in ours]
        result.findings += [*_judged(result, messages, refused, evidence), *_came_true(evidence)]
        return result
    finally:
        await system.stop()


async def _send(system: System, echo: Echo, messages: Sequence[Odd]) -> dict[int, str]:
    refused: dict[int, str] = {}
    async with Sender(system) as sender:
        for start in range(0, len(messages), _AT_ONCE):
            found = await sender.send(messages[start : start + _AT_ONCE])
            refused |= {start + place: why for place, why in found.items()}
            deadline = time.monotonic() + 60
            while sum((await echo.waiting()).values()) > _WAITING and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
    return refused


async def _drained(echo: Echo) -> str:
    """Wait until nothing is in any queue, retry tiers included, three times in a row; else what is left."""
    calm, deadline = 0, time.monotonic() + 90
    while calm < 3:
        waiting = await echo.waiting()
        calm = 0 if waiting else calm + 1
        if time.monotonic() > deadline:
            return f"after 90 s there are still {waiting}"
        await asyncio.sleep(0.3)
    return ""


async def _still_works(system: System, wire: Wire) -> list[str]:
    """Every probe is green, and a good event passes."""
    red = [program.name for program in system.programs if not await system.shows(program, DEEP)]
    findings = [f"{name} is not healthy at the end" for name in red]
    attempt = Attempt("GOOD-1", "partner")
    data = sound(random.Random(1), 1)["data"] | {"serial": attempt.serial, "phone": "13700000001", "fault": "dark"}
    data.pop("purchased_on", None)
    await wire.publish_request(attempt, data)

    async def arrived() -> bool:
        found = await wire.look("intake", f"/requests?branch={BRANCH}&limit=200")
        return found is not None and any(row["product"]["serial"] == attempt.serial for row in found["items"])

    try:
        await until(arrived, 30, "a good event passes")
    except TimeoutError as error:
        findings.append(str(error))
    return findings


async def _stopped(system: System, echo: Echo, wire: Wire) -> Evidence:
    """Stop the services, so that nothing is in anybody's hands any more, and collect what is left.

    Intake is the first to stop: its heartbeat would leave messages on their way.
    """
    for program in system.of("intake"):
        await program.terminate()
    await _drained(echo)
    await asyncio.gather(*(program.terminate() for program in system.programs if program.wanted))
    return await collect(system, wire.ledger, await echo.journal(), {})


def _judged(result: Hunt, messages: Sequence[Odd], refused: dict[int, str], evidence: Evidence) -> Iterator[str]:
    """Each message that the broker took was handled, is parked, or was none of the service's business."""
    kept = {service: {bytes(row["body"]) for row in books.parked.values()} for service, books in evidence.books.items()}
    for n, message in enumerate(messages):
        books = evidence.books[message.service]
        fate = "refused by the broker" if n in refused else _fate(message, books, kept[message.service])
        result.fates[fate or "lost"] += 1
        if not fate:
            yield f"message {n} ({message.what}, to {message.service}) was lost: {message.body[:80]!r}"


def _fate(message: Odd, books: Books, kept: set[bytes]) -> str:
    body = _structured(message) if message.by_partner else message.body
    if kept & {body, message.body}:
        return "parked with a reason"
    try:
        envelope = decode_envelope(body)
    except Malformed:
        return ""
    receipts = books.documents.get("partner_messages", {}).values()
    mine = [row for row in receipts if row["message"] == envelope.id and row["source"] == envelope.source]
    if any(row["state"] != "refused" for row in mine):
        return "handled"
    if envelope.id in books.inbox:
        return "handled"
    ours = envelope.type.startswith("partner.") or message.by_partner
    return "" if ours or envelope.type in consumed_by(message.service) else "not for this service"


def _structured(message: Odd) -> bytes:
    """The body as a service keeps it: a message in binary mode is turned into one in structured mode."""
    found = ContentHeader()
    try:
        found.unmarshal(header(message.properties, message.body))
        return to_structured_mode(message.body, found.properties.headers or {}, found.properties.content_type or "")
    except (ValueError, RecursionError, struct.error, Malformed):  # properties that nobody can read count for nothing
        return message.body


def _came_true(evidence: Evidence) -> Iterator[str]:
    """No change was made for the sake of an event that no service has published."""
    published = {id for id, event in evidence.events.items() if event["source"].startswith("/aftersales/")}
    for service, books in evidence.books.items():
        for entry in books.audit:
            internal = entry["why"] in REGISTRY and not entry["why"].startswith("partner.")
            if internal and entry["causation"] not in published:
                yield f"{service} changed {entry['document']} for the forged {entry['why']} {entry['causation']}"
    findings = check(evidence)
    for invariant in ("what was committed was published, and nothing else", "the audit chain verifies"):
        yield from (f"{invariant}: {finding}" for finding in findings[invariant])
