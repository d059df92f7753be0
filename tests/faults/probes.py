"""What the probes of each replica say during a fault, and how soon they say it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from faults.program import Program
from faults.rig import System

Healed = Callable[[], Awaitable[bool]]
DEEP = "/healthz"
"""Every part must work; the other two ask for less (ADR 9)."""
SHALLOW = ("/livez", "/readyz")
_EVERY = 0.3


@dataclass
class Shown:
    """How soon the probes told of one fault, in seconds."""

    kind: str
    red: float | None = None
    """From the moment at which the line stood still; None where it did not, or where no probe told of it."""
    green: float | None = None
    """From the moment at which it was mended until all probes were green for good; None: not while it was watched."""
    silent: list[str] = field(default_factory=list)
    """Replicas whose probes stayed green while the line stood still."""
    probes: set[str] = field(default_factory=set)
    """What was ill: parts by the deep probe, and the shallow probes that were red."""

    def __str__(self) -> str:
        silent = f"{', '.join(self.silent)} green all the time, " if self.silent else ""
        red = "" if self.red is None else f"red in {self.red:.1f} s, "
        return f"{silent}{red}green in {self.green or 0:.1f} s ({', '.join(sorted(self.probes))})"


class Probes:
    """Asks each replica's deep probe a few times a second, and the others while that one is red."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._green: dict[str, bool] = {}
        self._since: dict[str, float] = {}
        """When each replica's deep probe last changed, by the monotonic clock."""
        self.red: set[str] = set()
        """What was ill since `forget`: parts by the deep probe, and the others where they were red."""

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for program in self._system.programs:
                tasks.create_task(self._watch(program))

    async def _watch(self, program: Program) -> None:
        while True:
            ill = await self._system.ill(program, DEEP)
            green = not ill
            if green is not self._green.get(program.name):
                self._green[program.name], self._since[program.name] = green, time.monotonic()
            if not green:
                self.red |= set(ill)
                answers = [await self._system.shows(program, probe) for probe in SHALLOW]
                self.red |= {probe for probe, well in zip(SHALLOW, answers, strict=True) if not well}
            await asyncio.sleep(_EVERY)

    def forget(self) -> None:
        self.red = set()

    async def until_red(
        self, shown: Shown, programs: Sequence[Program], seconds: float, unless: Healed | None = None
    ) -> None:
        """Wait until all of these show red, at most so long and only while it is not healed; note what they show."""
        since = time.monotonic()
        while silent := self.green(programs):
            if unless is not None and await unless():
                return
            if time.monotonic() > since + seconds:
                break
            await asyncio.sleep(0.05)
        shown.silent += silent
        shown.red = None if silent else time.monotonic() - since

    def green(self, programs: Sequence[Program]) -> list[str]:
        """Return the names of those among these that show green now."""
        return [program.name for program in programs if self._green.get(program.name, True)]

    async def until_green(self, seconds: float) -> None:
        """Wait until all are green. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.green(self._system.programs)) < len(self._system.programs):
                await asyncio.sleep(0.05)

    def green_after(self, moment: float) -> float:
        """How long after this moment the last of them became green; 0 when none was red any more."""
        return max(0.0, max(self._since.values()) - moment)
