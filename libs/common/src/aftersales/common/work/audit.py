"""The audit trail (ALL-5): who changed what, when and why, as one hash chain per writer, a record a commit."""

from datetime import datetime
from typing import Any, TypedDict

from aftersales.common.mongo import Document, Index, Mongo, digest

COLLECTION = "audit"
INDEXES = (Index("changes.document"),)
_PAGE = 500


class Change(TypedDict):
    """One change of one document; `before` and `after` are digests, empty where there was none."""

    document: str
    version: int
    before: str
    after: str
    who: str
    why: str
    correlation: str
    causation: str


def _id(writer: str, seq: int) -> str:
    """Where a record stands: unique, and in order of the chain."""
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

    def extend(self, changes: list[Change], at: datetime) -> Document | None:
        """Give the record to insert, if anything changed; the head moves only with `advance`, after the commit."""
        if not changes:
            return None
        seq = self.seq + 1
        place: Document = {"_id": _id(self.writer, seq), "writer": self.writer, "seq": seq}
        record = place | {"at": at, "previous": self.hash, "changes": changes}
        return record | {"hash": digest(record)}

    def advance(self, record: Document) -> None:
        self.seq, self.hash = record["seq"], record["hash"]


async def history(mongo: Mongo, document: str) -> list[Change]:
    """Every change of one document (`<collection>/<id>`), in order."""
    records = await mongo.rows(COLLECTION, {"changes.document": document}, sort=("at", "_id"))
    return [change for record in records for change in record["changes"] if change["document"] == document]


async def verify(mongo: Mongo) -> dict[str, Any]:
    """Recompute every chain: how many records and changes, and the first record of each chain that does not fit."""
    heads: dict[str, tuple[int, str]] = {}
    broken: dict[str, int] = {}
    records = changes = 0
    page = await mongo.rows(COLLECTION, {}, sort=("_id",), limit=_PAGE)
    while page:
        for row in page:
            writer, seq, stated = row["writer"], row["seq"], row.pop("hash")
            before, previous = heads.get(writer, (0, ""))
            if (seq != before + 1 or row["previous"] != previous or digest(row) != stated) and writer not in broken:
                broken[writer] = seq
            heads[writer] = (seq, stated)
            records += 1
            changes += len(row["changes"])
        page = await mongo.rows(COLLECTION, {"_id": {"$gt": page[-1]["_id"]}}, sort=("_id",), limit=_PAGE)
    return {"records": records, "changes": changes, "chains": len(heads), "broken": broken}
