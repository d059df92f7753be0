"""The audit trail (ALL-5): who changed what, when and why, as one hash chain per writer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aftersales.common.mongo import Document, Index, Mongo, digest

COLLECTION = "audit"
INDEXES = (Index("document", "at"),)


@dataclass(slots=True)
class Entry:
    """One change of one document; `before` and `after` are digests, empty where there was none."""

    document: str
    version: int
    before: str
    after: str
    at: datetime
    who: str
    why: str
    correlation: str
    causation: str


def _id(writer: str, seq: int) -> str:
    """Where an entry stands: unique, and in order of the chain."""
    return f"{writer}:{seq:015d}"


_LAST = 10**15 - 1


class Chain:
    """The head of one writer's chain. Two writers with one name cannot both extend it: the second conflicts."""

    def __init__(self, writer: str) -> None:
        self.writer = writer
        self.seq = 0
        self.hash = ""

    async def reload(self, mongo: Mongo) -> None:
        own = {"_id": {"$gte": _id(self.writer, 0), "$lte": _id(self.writer, _LAST)}}
        last = await mongo.rows(COLLECTION, own, sort=("-_id",), limit=1)
        self.seq, self.hash = (last[0]["seq"], last[0]["hash"]) if last else (0, "")

    def extend(self, entries: list[Entry]) -> list[Document]:
        """The rows to insert; the head moves only with `advance`, after the commit."""
        rows: list[Document] = []
        previous = self.hash
        for seq, entry in enumerate(entries, self.seq + 1):
            row: Document = {"_id": _id(self.writer, seq), "writer": self.writer, "seq": seq, "previous": previous}
            row |= {name: getattr(entry, name) for name in Entry.__slots__}
            row["hash"] = previous = digest(row)
            rows.append(row)
        return rows

    def advance(self, rows: list[Document]) -> None:
        if rows:
            self.seq, self.hash = rows[-1]["seq"], rows[-1]["hash"]


async def verify(mongo: Mongo) -> dict[str, Any]:
    """Recompute every chain: how many entries there are, and the first of each chain that does not fit."""
    heads: dict[str, tuple[int, str]] = {}
    broken: dict[str, int] = {}
    count = 0
    for row in await mongo.rows(COLLECTION, {}, sort=("_id",)):
        writer, seq, stated = row["writer"], row["seq"], row.pop("hash")
        expected_seq, previous = heads.get(writer, (0, ""))
        if (seq != expected_seq + 1 or row["previous"] != previous or digest(row) != stated) and writer not in broken:
            broken[writer] = seq
        heads[writer] = (seq, stated)
        count += 1
    return {"entries": count, "chains": len(heads), "broken": broken}
