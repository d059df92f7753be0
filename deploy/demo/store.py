"""The store keeper: fills the shelves in the morning, and unloads the van that brings what visits wait for."""

from collections import Counter
from collections.abc import Mapping, Sequence

from deploy.demo.day import Day, Row
from deploy.demo.offices import Document

VAN_AT, VAN_EVERY = 14 * 60, 30
"""Minutes: when the van comes first, and how long it is away between two trips."""


def lacking(slip: Document) -> dict[str, int]:
    """Tell what a slip still lacks, by part."""
    gaps = {line["part"]: line["wanted"] - set_aside(line) for line in slip["lines"]}
    return {part: gap for part, gap in gaps.items() if gap}


def set_aside(line: Document) -> int:
    return sum(pick["quantity"] for pick in line["reserved"])


async def morning(day: Day, opening: Sequence[Row]) -> None:
    """Bring every shelf back to what it holds at the opening, and what yesterday's visits still wait for."""
    wanted = await _waited_for(day)
    levels: Counter[tuple[str, str]] = Counter()
    for row in opening:
        levels[row["branch"], row["part"]] += int(row["quantity"])
    for item in await day.offices.every("inventory", "/stock"):
        place = (item["branch"], item["part"])
        wanted[place] += max(0, levels[place] - sum(lot["free"] for lot in item["lots"]))
    wanted = +wanted
    if wanted:
        await _unload(day, wanted, "morning")
        parts = {part for _, part in wanted}
        day.say("store", f"the morning delivery brings {wanted.total()} pieces of {len(parts)} parts")


async def van(day: Day) -> None:
    """Bring in the afternoon what visits wait for, again and again until the day is over."""
    await day.until(VAN_AT)
    trip = 0
    while not day.over:
        waited_for = await _waited_for(day)
        wanted = {place: number for place, number in waited_for.items() if place[1] not in day.next_day_parts}
        if wanted:
            trip += 1
            await _unload(day, wanted, f"van-{trip}")
            load = ", ".join(f"{number} {part} to {branch}" for (branch, part), number in wanted.items())
            day.say("store", f"the van brings {load}: who waited is served, oldest first")
        await day.spend(VAN_EVERY)


async def _waited_for(day: Day) -> Counter[tuple[str, str]]:
    wanted: Counter[tuple[str, str]] = Counter()
    for slip in await day.offices.every("inventory", "/slips", state="short"):
        wanted.update({(slip["branch"], part): gap for part, gap in lacking(slip).items()})
    return wanted


async def _unload(day: Day, wanted: Mapping[tuple[str, str], int], name: str) -> None:
    for (branch, part), quantity in wanted.items():
        receipt = {"branch": branch, "part": part, "lot": f"L{day.tag}", "bin": "Z-01-01", "quantity": quantity}
        key = f"{day.tag}-{name}-{branch}-{part}"
        await day.offices.tell("inventory", "/receipts", receipt, who=f"store-{branch}", key=key)
