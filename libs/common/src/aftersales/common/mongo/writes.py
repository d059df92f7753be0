"""The writes of one transaction, the commands for them, and writes outside of transactions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from aftersales.common.mongo.errors import translate_errors
from aftersales.values.errors import Conflict

Document = dict[str, Any]
WriteStep = tuple[Document, int]
"""A command of a transaction, and the number of documents that it must find or create."""


@dataclass(slots=True)
class Writes:
    """The changes of one transaction, per collection."""

    inserts: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    replaces: dict[str, list[tuple[str, int, Mapping[str, Any]]]] = field(default_factory=dict)
    """Id, the version that was read, and the new document, which replaces only that version."""
    deletes: dict[str, list[tuple[str, Document]]] = field(default_factory=dict)
    """Id, and the fields that the document must still have."""
    increments: dict[str, dict[str, tuple[Document, float]]] = field(default_factory=dict)
    """Counters by id: the fields to set if it is new, and the amount to add."""

    @property
    def empty(self) -> bool:
        return not (self.inserts or self.replaces or self.deletes or self.increments)

    def insert(self, collection: str, *documents: Mapping[str, Any]) -> None:
        if documents:
            self.inserts.setdefault(collection, []).extend(documents)


def write_steps(writes: Writes) -> Iterator[WriteStep]:
    """Yield one command per collection and kind, because commands of a transaction cannot overlap."""
    for collection, documents in writes.inserts.items():
        yield {"insert": collection, "documents": documents, "ordered": False}, len(documents)
    for collection, replaces in writes.replaces.items():
        changes = [{"q": {"_id": id, "version": old}, "u": new} for id, old, new in replaces]
        yield {"update": collection, "updates": changes, "ordered": False}, len(changes)
    for collection, gone in writes.deletes.items():
        deletes = [{"q": {"_id": id, **stands}, "limit": 1} for id, stands in gone]
        yield {"delete": collection, "deletes": deletes, "ordered": False}, len(deletes)
    for collection, increments in writes.increments.items():
        counts = [
            {"q": {"_id": id}, "u": {"$setOnInsert": labels, "$inc": {"amount": amount}}, "upsert": True}
            for id, (labels, amount) in increments.items()
        ]
        yield {"update": collection, "updates": counts, "ordered": False}, len(counts)


def check_reply(reply: Document, count: int) -> None:
    """Raise for a write that was refused, or that did not find the expected version."""
    for refused in reply.get("writeErrors", ()):
        raise OperationFailure(refused["errmsg"], refused["code"], reply)
    if reply["n"] != count:
        raise Conflict("version")


class Rewriting:
    """Changes of rows that are no documents of ours, by id and without a transaction; they are durable (ALL-6)."""

    def __init__(self, database: Any) -> None:
        self._database = database

    async def rewrite(self, collection: str, changes: Mapping[str, Document]) -> None:
        """Apply an update to each of these rows. Raises `Unavailable`."""
        updates = [UpdateOne({"_id": id}, change) for id, change in changes.items()]
        if updates:
            with translate_errors():
                await self._database[collection].bulk_write(updates, ordered=False)
