"""Audit records in the archive: the oldest of each chain are removed, and verification continues after them.

The balance of a document's archived records stays as its base (`audit_bases`), and so does the last archived record of
each chain (`audit_heads`); both are sealed, so the whole trail is still proved. A record may be removed only after an
anchor has named it or a later one. The newest of a chain stays, because the chain continues from it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aftersales.common.mongo import Document, Mongo, Writes
from aftersales.common.trail.anchors import ANCHORS
from aftersales.common.trail.balance import BASES, add_balances, balance_of, base_of, base_row
from aftersales.common.work import audit, values
from aftersales.values.errors import DomainError


async def leaving_records(mongo: Mongo, before: datetime, after: str, limit: int) -> list[Document]:
    """Return records older than `before` that may be removed, chain by chain from its beginning."""
    last = await last_leaving(mongo)
    found: list[Document] = []
    while len(found) < limit:
        rows = await mongo.rows(audit.COLLECTION, {"_id": {"$gt": after}}, sort=("_id",), limit=limit - len(found))
        if not rows:
            break
        for row in rows:
            after = row["_id"]
            if not may_leave(row, before, last):
                after = audit.record_id(row["writer"], audit.LAST)  # the rest of this chain stays
                break
            found.append(row)
    return found


async def with_values(mongo: Mongo, records: Sequence[Document]) -> list[Document]:
    """Return records as an archive file holds them, with the values of their changes."""
    found: dict[str, Document] = {}
    for row in await _value_rows(mongo, records):
        found.setdefault(row["_id"].rpartition("/")[0], {}).update(row["values"])
    return [record | {"values": found[record["_id"]]} if record["_id"] in found else record for record in records]


async def _value_rows(mongo: Mongo, records: Sequence[Document]) -> list[Document]:
    places = (
        (record["_id"], place) for record in records for place in range(0, len(record["changes"]), values.PER_ROW)
    )
    ids = [values.row_id(*place) for place in places]
    return await mongo.rows(values.VALUES, {"_id": {"$in": ids}}, sort=("_id",))


def may_leave(record: Document, before: datetime, last: Mapping[str, int]) -> bool:
    return bool(record["at"] < before and record["seq"] <= last.get(record["writer"], 0))


async def last_leaving(mongo: Mongo) -> dict[str, int]:
    """Return the place in each chain up to which records may be removed."""
    anchored = await mongo.aggregate(
        ANCHORS, [{"$unwind": "$heads"}, {"$group": {"_id": "$heads.writer", "seq": {"$max": "$heads.seq"}}}]
    )
    newest = {head["writer"]: head["seq"] for head in await audit.read_heads(mongo)}
    return {row["_id"]: min(row["seq"], newest.get(row["_id"], 0) - 1) for row in anchored}


async def remove_records(mongo: Mongo, keys: audit.Keys, records: Sequence[Document], file: str) -> None:
    """Remove the next records of their chains in one transaction, and store their balance.

    Raises `DomainError` if they do not follow the archived ones, `Conflict` if another call was quicker.
    """
    heads = {row["_id"]: row for row in await mongo.rows(audit.ARCHIVED_HEADS, {})}
    verdict = await audit.begin_verification(mongo, keys)
    if not all(verdict.take(record) for record in records):
        raise DomainError("archive.chain_broken", writer=next(iter(verdict.broken)))
    writes = Writes()
    writes.deletes[audit.COLLECTION] = [(record["_id"], {"hash": record["hash"]}) for record in records]
    if rows := await _value_rows(mongo, records):
        writes.deletes[values.VALUES] = [(row["_id"], {}) for row in rows]
    for writer in {record["writer"] for record in records}:
        head = verdict.heads[writer]
        version = heads[writer]["version"] if writer in heads else 0
        row = keys.seal({"_id": writer, "version": version + 1, "seq": head["seq"], "last": head["hash"], "file": file})
        _store(writes, audit.ARCHIVED_HEADS, version, row)
    await _store_bases(mongo, keys, records, writes)
    await mongo.commit(writes)


async def _store_bases(mongo: Mongo, keys: audit.Keys, records: Sequence[Document], writes: Writes) -> None:
    changes: dict[str, list[audit.Change]] = {}
    for record in records:
        for change in record["changes"]:
            changes.setdefault(change["document"], []).append(change)
    known = {row["_id"]: row for row in await mongo.rows(BASES, {"_id": {"$in": list(changes)}})}
    for document, made in changes.items():
        row = known.get(document)
        version = row["version"] if row else 0
        balance = add_balances(base_of(row, keys) if row else {}, balance_of(made))
        if balance:
            _store(writes, BASES, version, base_row(document, version + 1, balance, keys))
        elif row:
            writes.deletes.setdefault(BASES, []).append((document, {"version": version}))


def _store(writes: Writes, collection: str, version: int, row: Document) -> None:
    if version:
        writes.replaces.setdefault(collection, []).append((row["_id"], version, row))
    else:
        writes.insert(collection, row)
