"""Goods of a scarce part come in: what a receipt of one piece costs while thousands of slips wait for that part."""

import statistics
import time
from dataclasses import dataclass
from typing import Any

from bench.caller import Caller
from bench.places import DATA, Urls, caught_up
from pymongo import AsyncMongoClient

from aftersales.common.mongo import to_document
from aftersales.inventory.slips.domain import IssueSlip, SlipLine
from aftersales.inventory.stock.domain import StockItem, stock_id
from aftersales.testing.programs import run_services

WAITING = 3000
ROUNDS = 60
_BRANCH = "b-1"


@dataclass(frozen=True)
class Found:
    """Medians in milliseconds, and the median of the rounds' ratios."""

    scarce: float
    plain: float
    ratio: float


async def race(urls: Urls, waiting: int) -> Found:
    """Receive one piece of either part in turn, `ROUNDS` times."""
    async with run_services(urls, DATA, "inventory") as bases:
        await caught_up(urls, bases["bus"], "inventory")
        async with AsyncMongoClient[dict[str, Any]](urls.mongo_url, tz_aware=True) as client:
            await _wait_in_line(client[f"{bases['bus']}_inventory"], waiting)
        caller = await Caller.connect(bases["inventory"])
        for part in ("SCARCE", "PLAIN"):
            assert (await caller.send("PUT", f"/parts/{part}", {"name": part}))[0] == 200
            await _receive(caller, part)
        pairs = [(await _receive(caller, "SCARCE"), await _receive(caller, "PLAIN")) for _ in range(ROUNDS)]
        await caller.close()
    scarce, plain = zip(*pairs, strict=True)
    ratio = statistics.median(one / other for one, other in pairs)
    return Found(statistics.median(scarce), statistics.median(plain), ratio)


async def _receive(caller: Caller, part: str) -> float:
    """Milliseconds."""
    form = {"branch": _BRANCH, "part": part, "lot": "L-1", "bin": "A-1", "quantity": 1}
    began = time.perf_counter()
    status, body = await caller.send("POST", "/receipts", form)
    assert status == 201, body
    return (time.perf_counter() - began) * 1000


async def _wait_in_line(database: Any, waiting: int) -> None:
    """Slips and stock as so many assignments leave them."""
    numbers = [f"261123-{number:04d}" for number in range(waiting)]
    line = (SlipLine(part="SCARCE", wanted=1),)
    slips = [
        IssueSlip(
            id=f"IS-{number}-1",
            version=1,
            branch=_BRANCH,
            order=f"WO-{number}",
            request=f"SR-{number}",
            visit=1,
            state="short",
            lines=line,
        )
        for number in numbers
    ]
    await database[IssueSlip.COLLECTION].insert_many([to_document(slip) for slip in slips])
    item = StockItem(id=stock_id(_BRANCH, "SCARCE"), version=1, branch=_BRANCH, part="SCARCE")
    await database[StockItem.COLLECTION].insert_one(to_document(item.but(waiting=tuple(slip.id for slip in slips))))
