"""Tallies of instances that are gone are added to one set of rows, so that a new name for every pod costs nothing.

Nobody has to know for certain that a writer is gone: its row is removed only where its amount still stands, in the
transaction that adds that amount to the row of `gone`. One that was only slow begins a row anew. The sum never changes.
"""

import asyncio
from datetime import timedelta

from aftersales.common.mongo import Document, Mongo, Writes
from aftersales.common.telemetry import log
from aftersales.common.work.group import TALLIES, tally_id
from aftersales.values.errors import Conflict, Unavailable

GONE = "gone"
"""The writer whose rows take in those of others; no instance's, for theirs are `<service>@<instance>`."""
EVERY = timedelta(minutes=10)
"""How often to look; a writer whose tallies did not change between two looks counts as gone."""
_AT_ONCE = 500
_REST = 4
"""Of the time that a step took, before the next: folding has a fifth of the time at most."""
_SUMS: list[Document] = [{"$group": {"_id": "$writer", "amount": {"$sum": "$amount"}, "rows": {"$sum": 1}}}]


class Folding:
    """Looks at the tallies of a database now and then, for one of its writers."""

    def __init__(self, mongo: Mongo, own: str) -> None:
        self._mongo, self._own = mongo, own
        self._seen: dict[str, Document] = {}

    async def run(self) -> None:
        while True:
            try:
                await self.fold()
            except (Conflict, Unavailable) as error:  # somebody else folds, or that writer lives; at the next look
                log.info("tallies.wait", error=str(error)[:200])
            await asyncio.sleep(EVERY.total_seconds())

    async def fold(self) -> int:
        """Fold the writers whose tallies are as they were at the look before. How many rows that was.

        Raises `Conflict` when a row changed meanwhile.
        """
        sums = {row["_id"]: row for row in await self._mongo.aggregate(TALLIES, _SUMS, "snapshot")}
        idle = [writer for writer, sum_ in sums.items() if self._seen.get(writer) == sum_]
        self._seen, folded = sums, 0
        for writer in idle:
            if writer not in {self._own, GONE}:
                while step := await self._step(writer):
                    folded += step
        if folded:
            log.info("tallies.folded", rows=folded)
        return folded

    async def _step(self, writer: str) -> int:
        began = asyncio.get_running_loop().time()
        ids = {"$gte": f"{writer}|", "$lt": f"{writer}}}"}  # the next character: an index range
        rows = await self._mongo.rows(TALLIES, {"_id": ids, "writer": writer}, limit=_AT_ONCE)
        writes = Writes()
        for row in rows:
            labels = tuple(sorted(row["labels"].items()))
            writes.deletes.setdefault(TALLIES, []).append((row["_id"], {"amount": row["amount"]}))
            fresh = {"name": row["name"], "labels": row["labels"], "writer": GONE}
            id = tally_id(GONE, row["name"], labels)
            writes.increments.setdefault(TALLIES, {})[id] = (fresh, row["amount"])
        if rows:
            await self._mongo.commit(writes)
            await asyncio.sleep(_REST * (asyncio.get_running_loop().time() - began))
        return len(rows)
