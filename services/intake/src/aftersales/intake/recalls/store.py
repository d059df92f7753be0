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
    """Return indexed queries that find every product affected by a recall (some find a few more)."""
    queries: list[Document] = [{"batch": batch} for batch in recall.batches]
    if recall.models:
        named: Document = {"model": {"$in": recall.models}}
        queries = [query | named for query in queries] or [{"model": model} for model in recall.models]
    queries += [{"_id": {"$gte": held.prefix + held.first, "$lte": held.prefix + held.last}} for held in recall.ranges]
    return [*queries, {"_id": {"$in": recall.serials}}] if recall.serials else queries


def remaining_queries(queries: list[Document], cursor: Cursor) -> Iterator[tuple[int, Document]]:
    """Yield the remaining queries with their numbers; the first continues after the cursor."""
    for number, query in enumerate(queries[cursor.query :], cursor.query):
        after = {"$gt": cursor.after} if number == cursor.query and cursor.after else {}
        yield number, query | {"_id": query.get("_id", {}) | after} if after else query
