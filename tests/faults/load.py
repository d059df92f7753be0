"""People at work: requests stream in, technicians take their steps, parts arrive, customers are asked."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, NamedTuple

from faults.journeys import FAULTS, PARTS, Journey
from faults.ledger import Attempt, Ledger
from faults.quick import quick_policy
from faults.servers import until
from faults.wire import Wire

from aftersales.values import sibling_number

BRANCHES = ("sh-01", "bj-02", "cd-03")
LINES = ("refrigerator", "washing-machine", "television")
LATE_SKILL = "television"
"""Nobody can mend these until somebody is taken on halfway: those orders are deferred until then."""
_UNWANTED = "P-900"
_AT_ONCE = 150


class Stream(NamedTuple):
    """How many requests come in at least and at most, and the seconds between two of them on average."""

    least: int
    most: int
    gap: float


class Load:
    """`furnish` first; `run` streams until told to `close`; every journey has its own seeded chance."""

    def __init__(self, wire: Wire, seed: int, stream: Stream) -> None:
        self.wire, self.seed, self.stream = wire, seed, stream
        self.chance = random.Random(seed)
        self._journeys: list[asyncio.Task[None]] = []
        self._running_service = asyncio.Semaphore(_AT_ONCE)
        self._count = 0

    @property
    def ledger(self) -> Ledger:
        return self.wire.ledger

    async def furnish(self) -> None:
        """A policy, branches, technicians, parts, and a little stock: shortages are meant to happen."""
        await self.wire.send("intake", "POST", "/policies", quick_policy())
        for branch in BRANCHES:
            place = {"lat": 31.2, "lon": 121.4}
            form = {"name": f"服务中心 {branch}", "zone": "Asia/Shanghai", "location": place}
            await self.wire.send("intake", "PUT", f"/branches/{branch}", form)
            for number in range(3):
                await self._employ(f"T-{branch}-{number}", branch, LINES[:2])
        for part in PARTS:
            faults = [fault for fault, parts in FAULTS.items() if part in parts]
            form = {"name": part, "faults": faults, "lines": LINES}
            await self.wire.send("inventory", "PUT", f"/parts/{part}", form)
        await self.wire.send("inventory", "PUT", f"/parts/{_UNWANTED}", {"name": _UNWANTED})
        for branch in BRANCHES:
            for part in PARTS[:3]:
                await self._receive(branch, part, 6)

    async def _employ(self, code: str, branch: str, skills: tuple[str, ...]) -> None:
        form = {"name": "李师傅", "branch": branch, "skills": skills, "licence_until": "2040-01-01T00:00:00Z"}
        await self.wire.send("dispatch", "PUT", f"/technicians/{code}", form)

    async def _receive(self, branch: str, part: str, quantity: int) -> None:
        lot = f"L-{self.chance.randrange(6)}"
        form = {"branch": branch, "part": part, "lot": lot, "bin": "A-01", "quantity": quantity}
        await self.wire.send("inventory", "POST", "/receipts", form)

    async def receive_something(self) -> None:
        """Take in a piece that nobody needs: a command with one event."""
        await self._receive(BRANCHES[0], _UNWANTED, 1)

    async def run(self) -> None:
        """Stream until `close` was called and there were enough, or there were too many; then end every journey."""
        try:
            await self._run()
        finally:
            for journey in self._journeys:
                journey.cancel()
            await asyncio.gather(*self._journeys, return_exceptions=True)

    async def _run(self) -> None:
        least, most, gap = self.stream
        self._start(self._deliveries())
        hired = False
        while self._count < most and not (self.wire.closing.is_set() and self._count >= least):
            async with self._running_service:
                self._start(self._journey(self._count))
            self._count += 1
            if not hired and self._count >= least // 2:
                hired = True
                self._start(self._hire())
            await asyncio.sleep(0.05 if self.wire.closing.is_set() else self.chance.expovariate(1 / gap))
        await self.wire.closing.wait()
        await asyncio.gather(*self._journeys)

    def close(self) -> None:
        """Let nothing more begin, once there was enough of it."""
        self.wire.closing.set()

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        self._journeys.append(asyncio.create_task(doing))

    async def _hire(self) -> None:
        """Two for each branch, so that one may decline."""
        for branch in BRANCHES:
            for number in range(2):
                await self._employ(f"T-{branch}-late-{number}", branch, (LATE_SKILL,))

    async def _deliveries(self) -> None:
        while not self.wire.closing.is_set():
            await self._receive(self.chance.choice(BRANCHES), self.chance.choice(PARTS), self.chance.randint(1, 5))
            await asyncio.sleep(self.chance.uniform(2, 6) * self.stream.gap)

    def form(self, serial: str, chance: random.Random, lines: tuple[str, ...] = LINES) -> dict[str, Any]:
        line = chance.choices(lines, (5, 4, 1)[: len(lines)])[0]
        return {
            "branch": chance.choice(BRANCHES),
            "channel": "phone",
            "customer": {"name": "王小明", "phone": f"138000000{chance.randrange(60):02d}", "address": "南京西路 1 号"},
            "product": {"serial": serial, "model": "BCD-470", "line": line},
            "fault": chance.choice(tuple(FAULTS)),
            "urgency": chance.randint(1, 3),
        }

    async def _journey(self, count: int) -> None:
        chance = random.Random(f"{self.seed}/{count}")
        async with self._running_service:
            attempt = Attempt(f"SN-{self.seed}-{count}", "partner" if chance.random() < 0.15 else "phone")
            form = self.form(attempt.serial, chance)
            if attempt.channel == "partner":
                return await self._partner(attempt, form, chance)
            request = await self.wire.register(attempt, form)
        if request is not None:
            await Journey(self.wire, request, chance).go()
        return None

    async def _partner(self, attempt: Attempt, form: dict[str, Any], chance: random.Random) -> None:
        """Ask as a partner, sometimes twice with the same message, sometimes with something unreadable besides."""
        data = {name: form[name] for name in ("branch", "fault", "urgency")} | form["product"]
        data |= {"customer_name": "张三", "phone": form["customer"]["phone"], "address": "人民路 2 号"}
        body = await self.wire.publish_request(attempt, data)
        if chance.random() < 0.4:
            await self.wire.publish(body)
        if chance.random() < 0.2:
            await self.wire.publish_nonsense(attempt.serial)

    async def probe(self, name: str, seconds: float = 120) -> str:
        """Register one request and wait until all four services have done their part of it; its number.

        Raises TimeoutError when they have not within so many seconds.
        """
        async with asyncio.timeout(seconds):
            return await self._through_all_services(name)

    async def _through_all_services(self, name: str) -> str:
        form = self.form(f"PROBE-{self.seed}-{name.upper()}", random.Random(name), LINES[:2])
        request = await self.wire.register(Attempt(form["product"]["serial"], "phone"), form)
        assert request is not None, f"{name}: the probe was refused"
        number: str = request["id"]

        async def done() -> bool:
            timeline = await self.wire.look("feedback", f"/timelines/{number}")
            noted = {entry["milestone"] for entry in timeline["facts"]} if timeline else set()
            slip = await self.wire.look("inventory", f"/slips/{sibling_number(number, 'IS')}-1")
            return slip is not None and {"registered", "ordered", "assigned"} <= noted

        await until(done, 3600, "the probe", every=0.15)
        return number
