"""Documents and indexes of recalls and cases, and the queries that find affected products."""

from collections.abc import Iterator

from aftersales.engine import Aggregate, Document, Index

from .domain import Cursor, Recall, RecallCase

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Recall: (Index("state", "-_id"),),
    RecallCase: (
        Index("recall", "state", "-_id"),
        Index("recall", "branch", "-_id"),
        Index("recall", "-_id"),
        Index("product"),
    ),
}


def affected_queries(recall: Recall) -> list[Document]:
    """Return indexed queries that find every product affected by a recall (some find a few more).

    Products are archived with batch and model in upper case or as the register spells them; older ones may have them
    in lower case.
    """
    queries: list[Document] = [{"batch": {"$in": [batch, batch.lower()]}} for batch in recall.batches]
    if recall.models:
        spelt = [list(dict.fromkeys((model, model.upper(), model.lower()))) for model in recall.models]
        named: Document = {"model": {"$in": [word for words in spelt for word in words]}}
        queries = [query | named for query in queries] or [{"model": {"$in": words}} for words in spelt]
    queries += [{"_id": {"$gte": held.prefix + held.first, "$lte": held.prefix + held.last}} for held in recall.ranges]
    return [*queries, {"_id": {"$in": recall.serials}}] if recall.serials else queries


def remaining_queries(queries: list[Document], cursor: Cursor) -> Iterator[tuple[int, Document]]:
    """Yield the remaining queries with their numbers; the first continues after the cursor."""
    for number, query in enumerate(queries[cursor.query :], cursor.query):
        after = {"$gt": cursor.after} if number == cursor.query and cursor.after else {}
        yield number, query | {"_id": query.get("_id", {}) | after} if after else query
