"""Comparison of documents with their audit records."""

import asyncio
from collections.abc import Iterable, Sequence

from aftersales.common.mongo import Document, Mongo, document_digest
from aftersales.common.work import audit

BASES = "audit_bases"
"""The collection with the balance of each document's archived records."""
_ROUNDS = 10
"""How often a document that does not fit is read again while it changes."""
_BROKEN = "?"
"""Marks the balance of a document whose base was tampered with, so that nothing fits it."""

Balance = dict[str, int]
"""For each digest of a document, how much more often it is a result than it is replaced; zeros are omitted."""


async def find_unaudited(mongo: Mongo, keys: audit.Keys, names: Sequence[str]) -> list[str]:
    """Return those of these documents (`<collection>/<id>`) that differ from their audit records.

    Each change replaces one digest by another, so that all digests of a history cancel out, except the empty one at its
    beginning and that of the current document. This holds in any order of the writers' records. A document that changes
    meanwhile is read again; it counts only if the same digest and balance do not fit twice.
    """
    seen: dict[str, tuple[str, Balance]] = {}
    wrong: list[str] = []
    suspects: Sequence[str] = names
    for _ in range(_ROUNDS):
        if not suspects:
            break
        digests = await document_digests(mongo, suspects)
        balances = await _balances(mongo, keys, suspects)
        found = {name: (digests.get(name, ""), balances.get(name, {})) for name in suspects}
        misfits = {name: both for name, both in found.items() if both[1] != _expected(both[0])}
        wrong += [name for name, both in misfits.items() if seen.get(name) == both]
        seen = {name: both for name, both in misfits.items() if name not in wrong}
        suspects = list(seen)
        await asyncio.sleep(0)
    return sorted(wrong)


def _expected(state: str) -> Balance:
    return {"": -1, state: 1} if state else {}


async def document_digests(mongo: Mongo, names: Iterable[str], *, existence: bool = False) -> dict[str, str]:
    """Return the digest of each document that exists; an empty one if only `existence` is needed."""
    by_collection: dict[str, list[str]] = {}
    for name in names:
        collection, _, id = name.partition("/")
        by_collection.setdefault(collection, []).append(id)
    found: dict[str, str] = {}
    for collection, ids in by_collection.items():
        only = ("_id",) if existence else ()
        for row in await mongo.rows(collection, {"_id": {"$in": ids}}, only=only):
            found[f"{collection}/{row['_id']}"] = "" if existence else document_digest(row)
    return found


def add_balances(balance: Balance, more: Balance) -> Balance:
    both = {name: balance.get(name, 0) + more.get(name, 0) for name in {*balance, *more}}
    return {name: n for name, n in both.items() if n}


def balance_of(changes: Iterable[audit.Change]) -> Balance:
    """Return the balance of one document's changes."""
    total: Balance = {}
    for change in changes:
        total = add_balances(total, add_balances({change["before"]: -1}, {change["after"]: 1}))
    return total


def base_row(document: str, version: int, balance: Balance, keys: audit.Keys) -> Document:
    """Return a base as stored; digests are a list, because the empty one cannot be the name of a field."""
    digests = [{"digest": name, "n": balance[name]} for name in sorted(balance)]
    return keys.seal({"_id": document, "version": version, "digests": digests})


def base_of(row: Document, keys: audit.Keys) -> Balance:
    if not keys.fits(row):
        return {_BROKEN: 1}
    return {one["digest"]: one["n"] for one in row["digests"]}


async def _balances(mongo: Mongo, keys: audit.Keys, names: Sequence[str]) -> dict[str, Balance]:
    """Return the balance of each document, with its records in the database and its base."""
    among = {"changes.document": {"$in": list(names)}}
    sides = [{"digest": "$changes.before", "n": -1}, {"digest": "$changes.after", "n": 1}]
    pipeline: list[Document] = [
        {"$match": among},
        {"$project": {"changes.document": 1, "changes.before": 1, "changes.after": 1}},
        {"$unwind": "$changes"},
        {"$match": among},
        {"$project": {"document": "$changes.document", "side": sides}},
        {"$unwind": "$side"},
        {"$group": {"_id": {"document": "$document", "digest": "$side.digest"}, "n": {"$sum": "$side.n"}}},
        {"$match": {"n": {"$ne": 0}}},
    ]
    found: dict[str, Balance] = {}
    for row in await mongo.aggregate(audit.COLLECTION, pipeline):
        found.setdefault(row["_id"]["document"], {})[row["_id"]["digest"]] = row["n"]
    for row in await mongo.rows(BASES, {"_id": {"$in": list(names)}}):
        found[row["_id"]] = add_balances(found.get(row["_id"], {}), base_of(row, keys))
    return found
