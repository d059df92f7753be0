"""Small stories with a crash at a chosen moment: what a sound system survives, and what a broken one does not."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from faults.echo import Echo, topology
from faults.evidence import Watch
from faults.kinds.deliveries import forget_consumers
from faults.ledger import Attempt
from faults.probes import Probes, Shown
from faults.quick import quick_policy
from faults.rig import SERVICES, System
from faults.score import Outcome
from faults.servers import Servers, until
from faults.settle import Settling
from faults.wire import Wire

from aftersales.values import sibling_number

BRANCH, PART, SCARCE = "sh-01", "P-100", "P-300"
Story = Callable[[Wire], Awaitable[Sequence[Shown] | None]]
"""What the probes showed, where that is what it is about."""


@dataclass(frozen=True)
class Scenario:
    """Which service is broken how and dies when, what happens meanwhile, and which invariants must not survive it."""

    broken: Mapping[str, Sequence[str]]
    """Arguments of `testing.broken`, by service."""
    story: Story
    shows: Mapping[str, str]
    """Invariants that must have a finding, with its kind."""
    services: Sequence[str] = SERVICES
    """Those that take part."""


async def play(servers: Servers, name: str, scenario: Scenario) -> Outcome:
    """Play it on a system of its own, and hold the end to account."""
    tag = f"s-{name.replace('_', '-')}"
    broken = _remembering(servers, tag, scenario.broken)
    system = System(servers, tag, services=scenario.services, broken=broken)
    watch = Watch(system)
    watching = asyncio.create_task(watch.run())
    try:
        await system.start()
        wire = Wire(system, seed=1)
        await furnish(wire)
        shown = await scenario.story(wire)
        crashes = sum("--die" in given for given in scenario.broken.values())
        if crashes:
            await until(lambda: _died(system, crashes), 60, "the planned crashes")
            await system.ready()
        sound = not scenario.shows
        patience, longest = (20, 240) if sound else (4, 30)
        settling = Settling(system, wire.ledger, watch, patience=patience, longest=longest, repeat=sound)
        evidence = await settling.evidence(seed=1)
        evidence.shown = list(shown or ())
        outcome = Outcome(1, evidence, watch.results["duplicate"], settling.redelivered)
        outcome.complaints = settling.complaints
        return outcome
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await system.stop()


def _remembering(servers: Servers, tag: str, broken: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Give each a file by which it knows, once started again, that it has died already."""
    folder = servers.folder / tag
    return {service: [*given, "--once", str(folder / f"{service}.died")] for service, given in broken.items()}


async def _died(system: System, times: int) -> bool:
    return len(system.deaths) >= times


async def furnish(wire: Wire) -> None:
    place = {"lat": 31.2, "lon": 121.4}
    await wire.send("intake", "POST", "/policies", quick_policy())
    await wire.send(
        "intake", "PUT", f"/branches/{BRANCH}", {"name": "上海", "zone": "Asia/Shanghai", "location": place}
    )
    for number in range(2 if "dispatch" in wire.system.services else 0):
        form = {"name": "李师傅", "branch": BRANCH, "skills": ["television"], "licence_until": "2040-01-01T00:00:00Z"}
        await wire.send("dispatch", "PUT", f"/technicians/T-{number}", form)
    if "inventory" not in wire.system.services:
        return
    await wire.send("inventory", "PUT", f"/parts/{PART}", {"name": PART, "faults": ["dark"], "lines": ["television"]})
    await wire.send("inventory", "PUT", f"/parts/{SCARCE}", {"name": SCARCE})
    await _receive(wire, PART, 3)


async def _receive(wire: Wire, part: str, quantity: int) -> None:
    form = {"branch": BRANCH, "part": part, "lot": "L-1", "bin": "A-01", "quantity": quantity}
    await wire.send("inventory", "POST", "/receipts", form)


async def register(wire: Wire, serial: str) -> str:
    form = {
        "branch": BRANCH,
        "channel": "phone",
        "customer": {"name": "王小明", "phone": "13800000001", "address": "南京西路 1 号"},
        "product": {"serial": serial, "model": "X-1", "line": "television", "purchased_on": _last_month()},
        "fault": "dark",
    }
    number: str = (await wire.register(Attempt(serial, "phone"), form))["id"]
    return number


def _last_month() -> str:
    """In warranty: nobody has to accept a quotation first."""
    return (datetime.now(UTC) - timedelta(days=30)).date().isoformat()


async def _step(wire: Wire, request: str, *steps: str, **body: Any) -> None:
    for step in steps:
        done = await wire.send("dispatch", "POST", f"/orders/{sibling_number(request, 'WO')}/{step}", body)
        assert done is not None, f"{step} was refused"


async def _state(wire: Wire, service: str, path: str, *states: str) -> None:
    async def reached() -> bool:
        found = await wire.look(service, path)
        return found is not None and found["state"] in states

    await until(reached, 60, f"{service}{path} is {' or '.join(states)}")


async def registering(wire: Wire) -> None:
    await register(wire, "SN-1")


async def needing_a_part(wire: Wire) -> None:
    """On site a part is found to be needed; it is on the shelf."""
    request = await register(wire, "SN-1")
    await _on_site(wire, request)
    await _step(wire, request, "need-part", part=PART)


async def _on_site(wire: Wire, request: str) -> None:
    await _state(wire, "dispatch", f"/orders/{sibling_number(request, 'WO')}", "offered")
    await _step(wire, request, "accept", "depart", "arrive")


async def a_day(wire: Wire) -> None:
    """Repaired, called and answered; repaired and never called; cancelled; short of a part to the end."""
    happy, silent, gone, short = [await register(wire, f"SN-{number}") for number in range(4)]
    await wire.send("intake", "POST", f"/requests/{gone}/cancel", {"reason": "not needed"})
    for request in (happy, silent, short):
        await _on_site(wire, request)
    await _step(wire, short, "need-part", part=SCARCE)
    await _step(wire, happy, "need-part", part=PART)
    for request in (happy, silent):
        await _state(wire, "inventory", f"/slips/{sibling_number(request, 'IS')}-1", "reserved", "short")
        used = [{"part": PART, "quantity": 1}]
        signed = {"cause": "worn", "solution": "replaced", "tested": True, "signed_by": "王小明"}
        await _step(wire, request, "complete", **signed, parts_used=used)
    followup = f"/followups/{sibling_number(happy, 'FU')}-1"
    await _state(wire, "feedback", followup, "due")
    done = await wire.send("feedback", "POST", f"{followup}/done", {"outcome": "reached", "clerk": "c-1"})
    marks = dict.fromkeys(("attitude", "skill", "punctuality", "result"), 5)
    await wire.send("feedback", "POST", f"/surveys/{done['survey_token']}", marks)
    await wire.publish_nonsense("a day")


async def losing_consumers(wire: Wire) -> list[Shown]:
    """The broker forgets who consumes dispatch's queue, and goes on only when the service is started anew."""
    await register(wire, "SN-1")
    dispatch = wire.system.of("dispatch")
    queue = topology(wire.system, "dispatch").queue
    probes, shown = Probes(wire.system), Shown("consumers cancelled")
    asking = asyncio.create_task(probes.run())
    try:
        await probes.until_green(30)
        await forget_consumers(wire.system, queue)
        async with Echo(wire.system, random.Random(1)) as echo:
            await probes.until_red(shown, dispatch, 10, unless=lambda: echo.is_consumed(queue))
    finally:
        asking.cancel()
    for program in dispatch:
        await program.kill()
        program.start()
    await wire.system.ready()
    return [shown]


async def sending_nonsense(wire: Wire) -> None:
    await wire.publish_nonsense("hidden")


async def refused_at_first(wire: Wire) -> None:
    """A partner's request is for a branch that nobody knows yet; the partner sends it again once it is known."""
    data = {
        "branch": "bj-02",
        "customer_name": "张三",
        "phone": "13800000002",
        "address": "人民路 2 号",
        "serial": "SN-2",
        "model": "X-1",
        "line": "television",
        "fault": "dark",
    }
    body = await wire.publish_request(Attempt("SN-2", "partner"), data)

    async def parked() -> bool:
        found = await wire.look("intake", "/dead")
        return bool(found and found["items"])

    await until(parked, 30, "the request is parked")
    branch = {"name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
    await wire.send("intake", "PUT", "/branches/bj-02", branch)
    form = {"name": "王师傅", "branch": "bj-02", "skills": ["television"], "licence_until": "2040-01-01T00:00:00Z"}
    await wire.send("dispatch", "PUT", "/technicians/T-9", form)
    await wire.publish(body)

    async def registered() -> bool:
        found = await wire.look("intake", "/requests?branch=bj-02")
        return bool(found and found["items"])

    await until(registered, 30, "the request is registered")


_REQUESTS = "each accepted request has exactly one work order"
_EVENTS = "each event was applied once or is parked with a reason"
_PROBES = "a probe is red while the line stands still, and green soon after"
_HANDLED = "what was handled is not parked"
_PUBLISHED = "what was committed was published, and nothing else"
_TWO = ("intake", "dispatch")
_BEFORE, _AFTER = ("--die", "before_commit", "--why"), ("--die", "after_commit", "--why")

SOUND = Scenario(
    {
        "intake": (*_AFTER, "register_request"),
        "dispatch": (*_BEFORE, "intake.request_registered.v1"),
        "inventory": (*_AFTER, "dispatch.part_needed.v1"),
        "feedback": (*_AFTER, "dispatch.repair_completed.v1"),
    },
    a_day,
    {},
)
BROKEN = {
    "ack_early": Scenario(
        {"dispatch": ("--variant", "ack_early", *_BEFORE, "intake.request_registered.v1")},
        registering,
        {_REQUESTS: "lost", _EVENTS: "lost"},
        _TWO,
    ),
    "no_inbox": Scenario(
        {"inventory": ("--variant", "no_inbox", *_AFTER, "dispatch.part_needed.v1")},
        needing_a_part,
        {_EVENTS: "double"},
    ),
    "publish_after_commit": Scenario(
        {"intake": ("--variant", "publish_after_commit", *_AFTER, "register_request")},
        registering,
        {_REQUESTS: "lost"},
        _TWO,
    ),
    "publish_before_commit": Scenario(
        {"intake": ("--variant", "publish_before_commit", *_BEFORE, "register_request")},
        registering,
        {_REQUESTS: "wrong", _PUBLISHED: "wrong"},
        _TWO,
    ),
    "no_watch": Scenario({"dispatch": ("--variant", "no_watch")}, losing_consumers, {_PROBES: "wrong"}, _TWO),
    "never_ends": Scenario({"intake": ("--variant", "never_ends")}, sending_nonsense, {_EVENTS: "lost"}, _TWO),
    "stays_parked": Scenario({"intake": ("--variant", "stays_parked")}, refused_at_first, {_HANDLED: "wrong"}, _TWO),
}
"""No outbox, both ways; no inbox; an acknowledgement before the commit; nobody looks whether a queue is consumed; a
delivery that is never acknowledged; a dead letter that outlives its event."""
