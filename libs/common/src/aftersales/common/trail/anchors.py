"""Anchors: the heads of all audit chains at one time, chained, sealed, and exported from the database.

A chain proves nothing about records removed from its end, or about a whole chain that was removed. An anchor does,
because the heads that it names must still exist. An anchor names only chains that grew since the previous anchor, so a
chain whose instance is gone costs nothing and stays anchored.
"""

from dataclasses import dataclass, field
from datetime import datetime

from aftersales.common.mongo import Document, Mongo, Writes
from aftersales.common.work import audit
from aftersales.values.errors import Conflict

ANCHORS = "anchors"
_PAGE = 500


@dataclass
class Anchored:
    """The content of all anchors."""

    last: Document | None = None
    count: int = 0
    hashes: dict[int, str] = field(default_factory=dict)
    """The hash of each anchor, by its number."""
    heads: dict[str, dict[int, str]] = field(default_factory=dict)
    """The hash of each anchored record, by its chain and sequence number."""
    unsealed: dict[str, int] | None = None
    """For each chain, the last record without a seal that the first sealed anchor confirms. None if no anchor is sealed
    yet, so that such records may be older than the key."""
    broken: list[int] = field(default_factory=list)
    """Numbers of the anchors that do not fit."""


async def read_anchors(mongo: Mongo, keys: audit.Keys) -> Anchored:
    """Read all anchors and check their own chain."""
    found = Anchored()
    after = 0
    while rows := await mongo.rows(ANCHORS, {"_id": {"$gt": after}}, sort=("_id",), limit=_PAGE):
        for row in rows:
            _take(found, row, keys)
        after = rows[-1]["_id"]
    return found


def _take(found: Anchored, row: Document, keys: audit.Keys) -> None:
    previous = found.last["hash"] if found.last else ""
    sealed = row.get("key") is not None
    fits = row["_id"] == found.count + 1 and row.get("previous") == previous and keys.fits(row)
    if not fits or (found.unsealed is not None and not sealed):
        found.broken.append(row["_id"])
    else:
        for head in row["heads"]:
            found.heads.setdefault(head["writer"], {})[head["seq"]] = head["hash"]
    if sealed and found.unsealed is None:
        found.unsealed = {writer: max(places) for writer, places in found.heads.items()}
    found.last, found.count = row, row["_id"]
    found.hashes[row["_id"]] = row.get("hash", "")


async def make_anchor(mongo: Mongo, keys: audit.Keys, now: datetime) -> Document | None:
    """Anchor the chains that grew since the last anchor; return None if none did or another replica was first."""
    anchored = await read_anchors(mongo, keys)
    grown = [
        head
        for head in await audit.read_heads(mongo)
        if head["seq"] > max(anchored.heads.get(head["writer"], {}), default=0)
    ]
    if not grown:
        return None
    place: Document = {"_id": anchored.count + 1, "at": now, "previous": (anchored.last or {}).get("hash", "")}
    row = keys.seal(place | {"heads": grown})
    writes = Writes()
    writes.insert(ANCHORS, row)
    try:
        await mongo.commit(writes)
    except Conflict:
        return None
    return row
