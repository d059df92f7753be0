"""Whether documents are what their audit records made of them."""

import asyncio
from collections.abc import Iterable, Sequence

from aftersales.common.mongo import Document, Mongo, document_digest
from aftersales.common.work import audit

BASES = "audit_bases"
"""Of each document with archived records, what these add up to."""
_ROUNDS = 10
"""How often a document that does not fit is looked at again while it changes."""
_BROKEN = "?"
"""Stands in the balance of a document whose base was changed, so that nothing fits it."""

Balance = dict[str, int]
"""Of one document's changes: how much more often each digest is a result than it is replaced; zeros are left out."""


async def find_unaudited(mongo: Mongo, keys: audit.Keys, names: Sequence[str]) -> list[str]:
    """Return those of these documents (`<collection>/<id>`) that are not what their audit records made of them.

    Each change replaces one digest by another, so that the digests of a whole history cancel out, except the empty
    one that it began with and the one of the document as it is. This holds in whatever order the records of several
    writers are read. A document that changes meanwhile is looked at again, and counts only when the same two things
    do not fit twice.
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
    """Return the digest of each document that is there; an empty one where only `existence` is asked."""
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
    """Add two balances up."""
    both = {name: balance.get(name, 0) + more.get(name, 0) for name in {*balance, *more}}
    return {name: n for name, n in both.items() if n}


def balance_of(changes: Iterable[audit.Change]) -> Balance:
    """Add the changes of one document up."""
    total: Balance = {}
    for change in changes:
        total = add_balances(total, add_balances({change["before"]: -1}, {change["after"]: 1}))
    return total


def base_row(document: str, version: int, balance: Balance, keys: audit.Keys) -> Document:
    """Return a base as it is stored; digests are a list, for the empty one is no name of a field."""
    digests = [{"digest": name, "n": balance[name]} for name in sorted(balance)]
    return keys.seal({"_id": document, "version": version, "digests": digests})


def base_of(row: Document, keys: audit.Keys) -> Balance:
    if not keys.fits(row):
        return {_BROKEN: 1}
    return {one["digest"]: one["n"] for one in row["digests"]}


async def _balances(mongo: Mongo, keys: audit.Keys, names: Sequence[str]) -> dict[str, Balance]:
    """Add up the changes of each document: in the database, and what was archived of them."""
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
