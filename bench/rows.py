"""Rows of the report, and a race of ours against its rivals."""

import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rich.console import Console

ROUNDS = 7
say = Console(stderr=True).print
Race = Callable[[int], Awaitable[float]]


@dataclass(frozen=True)
class Row:
    """A line of the report. `ratio` against `than`, where there is something to be held against."""

    what: str
    figure: str
    than: str = ""
    ratio: float | None = None
    goal: float | None = None

    @property
    def verdict(self) -> str:
        if self.ratio is None or self.goal is None:
            return ""
        return "reached" if self.ratio >= self.goal else "**missed**"

    def markdown(self) -> str:
        ratio = f"{self.ratio:.2f} ×" if self.ratio is not None else ""
        goal = f"≥ {self.goal:g} ×" if self.goal is not None else ""
        return f"| {self.what} | {self.figure} | {self.than} | {ratio} | {goal} | {self.verdict} |"


@dataclass(frozen=True)
class Rival:
    name: str
    race: Race
    count: int
    goal: float | None = None


async def compare(what: str, ours: Race, count: int, rivals: list[Rival]) -> list[Row]:
    """Ours and each rival in turn, `ROUNDS` times; the median of the rounds' ratios."""
    mine: list[float] = []
    theirs: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    for number in range(ROUNDS):
        mine.append(await ours(count))
        for rival in rivals:
            theirs[rival.name].append(await rival.race(rival.count))
        rates = ", ".join(f"{name} {found[-1]:,.0f}" for name, found in theirs.items())
        say(f"  {what}, round {number + 1}: {mine[-1]:,.0f}/s; {rates}")
    rows = []
    for rival in rivals:
        found = theirs[rival.name]
        ratio = statistics.median(one / other for one, other in zip(mine, found, strict=True))
        than = f"{rival.name}: {statistics.median(found):,.0f}/s"
        rows.append(Row(what, f"{statistics.median(mine):,.0f}/s", than, ratio, rival.goal))
    return rows
