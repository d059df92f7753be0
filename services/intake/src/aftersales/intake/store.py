"""Intake's documents, their indexes, and what is loaded together."""

from collections.abc import Iterator
from datetime import timedelta

from aftersales.common.aggregate import Aggregate
from aftersales.common.heartbeat import Heartbeat
from aftersales.common.mongo import Document, Index
from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.common.work.piece import Need

from .domain.branch import Branch
from .domain.contract import Contract
from .domain.customer import ContactPoint, Customer
from .domain.digest import Digest
from .domain.entitlement import Entitlement
from .domain.file import CustomerFile
from .domain.partner import PartnerMessage
from .domain.product import Product
from .domain.recall import Cursor, Recall, RecallCase
from .domain.request import ServiceRequest

PARTNER_MESSAGES_KEPT = timedelta(days=90)
INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Branch: (),
    Customer: (),
    ContactPoint: (),
    Product: (Index("model", "_id"), Index("batch", "_id")),
    Heartbeat: (),
    PolicyList: (),
    PublishedPolicy: (),
    Digest: (Index("owner", "-_id"),),
    ServiceRequest: (Index("branch", "state", "-_id"), Index("branch", "-_id"), Index("state", "-_id")),
    Contract: (Index("customer", "-_id"), Index("serials", "-_id")),
    Entitlement: (
        Index("branch", "due", "-_id"),
        Index("branch", "-_id"),
        Index("due", "-_id"),
        Index("product", "-_id"),
    ),
    Recall: (Index("state", "-_id"),),
    RecallCase: (
        Index("recall", "state", "-_id"),
        Index("recall", "branch", "-_id"),
        Index("recall", "-_id"),
        Index("product"),
    ),
    CustomerFile: (
        Index("customer", "removed", "-_id"),
        Index("customer", "sha256", unique=True, partial={"removed": False}),
    ),
    PartnerMessage: (
        Index("source", "state", "-_id"),
        Index("source", "-_id"),
        Index("at", ttl=PARTNER_MESSAGES_KEPT),
    ),
}


def caller(phone: str) -> Need:
    """Whoever this phone belongs to."""
    return ContactPoint, phone, lambda contact: ((Customer, contact.customer),)


def affected(recall: Recall) -> list[Document]:
    """The queries that find every product a recall affects (some find a few more), each on an index."""
    queries: list[Document] = [{"batch": batch} for batch in recall.batches]
    if recall.models:
        named: Document = {"model": {"$in": recall.models}}
        queries = [query | named for query in queries] or [{"model": model} for model in recall.models]
    queries += [{"_id": {"$gte": held.prefix + held.first, "$lte": held.prefix + held.last}} for held in recall.ranges]
    return [*queries, {"_id": {"$in": recall.serials}}] if recall.serials else queries


def rest(queries: list[Document], cursor: Cursor) -> Iterator[tuple[int, Document]]:
    """Those of the queries that are still to be made, the first of them from the cursor on."""
    for number, query in enumerate(queries[cursor.query :], cursor.query):
        after = {"$gt": cursor.after} if number == cursor.query and cursor.after else {}
        yield number, query | {"_id": query.get("_id", {}) | after} if after else query
