"""The audit trail (ALL-5): who changed what, when and why, as one hash chain per writer, a record a commit."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

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
    """Every change of one document (`<collection>/<id>`), by the time of the writers' clocks."""
    records = await mongo.rows(COLLECTION, {"changes.document": document}, sort=("at", "_id"))
    return [change for record in records for change in record["changes"] if change["document"] == document]


@dataclass
class Verdict:
    """What `verify` found: of each writer's chain that is broken, the first record that does not fit."""

    chains: int = 0
    changes: int = 0
    broken: dict[str, int] = field(default_factory=dict)


async def verify(mongo: Mongo) -> Verdict:
    """Recompute every chain."""
    heads: dict[str, tuple[int, str]] = {}
    found = Verdict()
    page = await mongo.rows(COLLECTION, {}, sort=("_id",), limit=_PAGE)
    while page:
        for row in page:
            writer, seq, stated = row["writer"], row["seq"], row.pop("hash")
            before, previous = heads.get(writer, (0, ""))
            if seq != before + 1 or row["previous"] != previous or digest(row) != stated:
                found.broken.setdefault(writer, seq)
            heads[writer] = (seq, stated)
            found.changes += len(row["changes"])
        page = await mongo.rows(COLLECTION, {"_id": {"$gt": page[-1]["_id"]}}, sort=("_id",), limit=_PAGE)
    found.chains = len(heads)
    return found
