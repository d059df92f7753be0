"""Tallies of ended instances are folded into one set of rows, so that new names of pods do not add rows forever.

It need not be certain that a writer has ended: its row is deleted only if its amount is unchanged, in the transaction
that adds the amount to the row of `gone`. A writer that was only slow starts a new row. The sum never changes.
"""

import asyncio
from datetime import timedelta

from aftersales.common.mongo import Document, Mongo, Writes
from aftersales.common.telemetry import log
from aftersales.common.work.group import TALLIES, tally_id
from aftersales.values.errors import Conflict, Unavailable

GONE = "gone"
"""The writer whose rows receive those of others. No instance has this name, which would be `<service>@<instance>`."""
EVERY = timedelta(minutes=10)
"""How often to look; a writer whose tallies did not change between two looks counts as gone."""
_AT_ONCE = 500
_REST = 4
"""The pause after a step, in multiples of its time: folding takes at most a fifth of the time."""
_SUMS: list[Document] = [{"$group": {"_id": "$writer", "amount": {"$sum": "$amount"}, "rows": {"$sum": 1}}}]


class Folding:
    """Looks at the tallies of a database regularly, on behalf of one of its writers."""

    def __init__(self, mongo: Mongo, own: str) -> None:
        self._mongo, self._own = mongo, own
        self._seen: dict[str, Document] = {}

    async def run(self) -> None:
        while True:
            try:
                await self.fold()
            except (Conflict, Unavailable) as error:  # folded elsewhere, or that writer is alive
                log.info("tallies.wait", error=str(error)[:200])
            await asyncio.sleep(EVERY.total_seconds())

    async def fold(self) -> int:
        """Fold the writers whose tallies have not changed since the last look; return the number of rows.

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
