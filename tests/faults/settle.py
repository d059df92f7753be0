"""The end of a run: wait until nothing moves, deliver everything once more, stop, and collect the evidence."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pymongo
from faults.declared import clocked_in, consumed_by
from faults.echo import Echo
from faults.evidence import Document, Evidence, Watch, collect, decode
from faults.ledger import Ledger
from faults.program import STOP_BUDGET, Program
from faults.rig import System

from aftersales.common.mongo import document_digest

STOPPED = (0, -signal.SIGTERM)
"""How a service may end on SIGTERM: by itself, or by the signal raised again once all is done (as uvicorn does)."""
STOP_GRACE = 1.0
"""Seconds beyond the stop budget for the interpreter to end, on a machine that has more to do."""
_PASSING = "heartbeat.v1"


async def stopped(program: Program, when: str) -> list[str]:
    """End a replica by SIGTERM; complain if that takes longer than it may."""
    took, code = await program.terminate()
    if took <= STOP_BUDGET + STOP_GRACE and code in STOPPED:
        return []
    return [f"{program.name}, SIGTERM {when}: took {took:.1f} s of {STOP_BUDGET:.0f}, exit {code}"]


_MOVING_BY_THEMSELVES = {
    *("inbox", "outbox", "leases", "counters", "heartbeats", "marks", "digests"),
    *("anchors", "verifications", "audit_bases", "audit_heads", "audit_values", "archived"),
}
"""Collections that change though nothing happens: by the house's own work, or at the end of the hour."""


def handled(ids: Sequence[str]) -> Document:
    """Those of these that were handled: parking leaves a row in the inbox, too."""
    return {"_id": {"$in": list(ids)}, "parked": {"$exists": False}}


class Settling:
    """`patience`: seconds for which an event that nobody applied may be missing before it counts as lost.

    `longest`: seconds to wait for all to be quiet.

    With `repeat` everything is delivered once more before the evidence is collected, which would heal a loss.
    """

    def __init__(
        self,
        system: System,
        ledger: Ledger,
        watch: Watch,
        *,
        patience: float = 20,
        longest: float = 240,
        repeat: bool = True,
    ) -> None:
        self._system, self._ledger, self._watch = system, ledger, watch
        self._patience, self._longest, self._repeat = patience, longest, repeat
        self._mongo = pymongo.MongoClient[Document](system.servers.mongo_url, tz_aware=True)
        self._given_up: set[str] = set()
        """Events that were waited for long enough."""
        self.complaints: list[str] = []
        self.redelivered = 0
        self.dead: Counter[str] = Counter()
        """Dead letters that were sent again, by reason."""

    async def evidence(self, seed: int) -> Evidence:
        """Settle, and collect. The services are stopped after it."""
        with self._mongo:
            async with Echo(self._system, random.Random(seed)) as echo:
                return await self._settle(echo)

    async def _settle(self, echo: Echo) -> Evidence:
        await self.quiet(echo)
        both = await asyncio.to_thread(self._handled_and_parked)
        await self._replay_dead()
        await self.quiet(echo)
        before = await asyncio.to_thread(self._states)
        if self._repeat:
            await echo.once_more(await echo.journal())
            self.redelivered = echo.delivered
            await self.quiet(echo)
        pages = await self._watch.counted()
        await self._stop(self._system.of("intake"))
        await self.quiet(echo)
        pages |= await self._watch.counted()
        await self._stop([program for program in self._system.programs if program.wanted])
        evidence = await collect(self._system, self._ledger, await echo.journal(), pages)
        evidence.stuck, evidence.handled_and_parked = await echo.waiting(), both
        after = await asyncio.to_thread(self._states)
        evidence.changed_by_repeat = sorted(id for id in {*before, *after} if before.get(id) != after.get(id))
        return evidence

    async def _stop(self, programs: Sequence[Program]) -> None:
        for program in programs:
            self.complaints += await stopped(program, "at the end")

    async def quiet(self, echo: Echo) -> None:
        """Wait until nothing moves; what still does after so long is a complaint, what is missing is for the checks."""
        deadline = time.monotonic() + self._longest
        missing, since = self._given_up, time.monotonic()
        while time.monotonic() < deadline:
            if moving := await self._still_moving(echo):
                since = time.monotonic()
            elif (now_missing := await self._missing(echo)) != missing:
                missing, since = now_missing, time.monotonic()
            elif missing <= self._given_up or time.monotonic() > since + self._patience:
                self._given_up = missing
                return
        self.complaints.append(f"not quiet after {self._longest:.0f} s: {', '.join(moving) or 'events are missing'}")

    async def _still_moving(self, echo: Echo) -> list[str]:
        """What moves; nothing when three looks in a row saw nothing."""
        for _ in range(3):
            await asyncio.sleep(0.25)
            if moving := await self._moving(echo):
                return moving
        return []

    async def _moving(self, echo: Echo) -> list[str]:
        reasons = [f"{count} messages in {name}" for name, count in (await echo.waiting()).items()]
        return reasons + await asyncio.to_thread(self._unsent_and_sleeping)

    def _unsent_and_sleeping(self) -> list[str]:
        """Rows in an outbox, and timers to come; the heartbeat apart, which never ends."""
        reasons = []
        for name in self._system.services:
            db = self._mongo[self._system.database(name)]
            unsent = {"messages": {"$elemMatch": {"key": {"$not": {"$regex": _PASSING}}}}}
            if rows := db["outbox"].count_documents(unsent):
                reasons.append(f"{rows} rows in the outbox of {name}")
            counts = {
                kind: db[kind].count_documents({"wake_at": {"$ne": None}})
                for kind in (*clocked_in(name), "branch_hours")
            }
            reasons += [f"{count} timers of {collection}" for collection, count in counts.items() if count]
        return reasons

    async def _missing(self, echo: Echo) -> set[str]:
        """Events that a service takes and has neither applied nor parked."""
        events = decode(await echo.journal())
        return await asyncio.to_thread(self._unknown, events)

    def _unknown(self, events: Sequence[Document]) -> set[str]:
        found: set[str] = set()
        for name in self._system.services:
            db = self._mongo[self._system.database(name)]
            known = {row["_id"] for row in db["inbox"].find({"parked": {"$exists": False}}, {"_id": 1})}
            known |= {row["event_id"] for row in db["parked"].find({}, {"event_id": 1})}
            taken = {type for type in consumed_by(name) if not type.endswith(_PASSING)}
            found |= {event["id"] for event in events if event["type"] in taken} - known
        return found

    def _handled_and_parked(self) -> list[str]:
        found: list[str] = []
        for name in self._system.services:
            db = self._mongo[self._system.database(name)]
            parked = [row["event_id"] for row in db["parked"].find({}, {"event_id": 1})]
            found += [f"{name}: {row['_id']}" for row in db["inbox"].find(handled(parked), {"_id": 1})]
        return found

    async def _replay_dead(self) -> None:
        """Do what an operator does after a bad day: send again what may pass now."""
        for name in self._system.services:
            for row in await asyncio.to_thread(self._parked, name):
                answer = await self._system.http.post(f"{self._system.url(name)}/dead/{row['_id']}/replay")
                answer.raise_for_status()
                self.dead[f"{name}: {row['reason']} ({row['event_type']})"] += 1

    def _parked(self, name: str) -> list[Document]:
        wanted: dict[str, Any] = {"reason": {"$ne": "event.malformed"}}
        return list(self._mongo[self._system.database(name)]["parked"].find(wanted))

    def _states(self) -> dict[str, str]:
        """A digest of every document that changes by events and commands alone."""
        states: dict[str, str] = {}
        for name in self._system.services:
            db = self._mongo[self._system.database(name)]
            for collection in {*db.list_collection_names()} - _MOVING_BY_THEMSELVES:
                states |= {f"{name} {collection}/{row['_id']}": document_digest(row) for row in db[collection].find()}
        return states
