"""Documents and indexes of trainings, meetings, notices, handovers and digests, and queries for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from aftersales.engine import Aggregate, Document, Index, Reads
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import Person, Role
from aftersales.intake.requests.domain.form import UNSPECIFIED
from aftersales.intake.requests.domain.request import OPEN, ServiceRequest
from aftersales.intake.requests.store import AGAIN
from aftersales.values.messages import render_message

from .domain.digest import Digest
from .domain.handover import MOST_LINES, OpenRequest, ShiftHandover
from .domain.meeting import AgendaCase, Meeting
from .domain.notice import Acknowledgement, Notice, ReaderChunk
from .domain.telling import Case, Names, department_words
from .domain.training import Attendance, TrainingPlan

_CASES = 100
"""The most cases of one kind read for an agenda, which holds a tenth of that."""
INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Digest: (Index("owner", "-_id"), Index("hour", ttl=timedelta(days=92))),
    TrainingPlan: (Index("branch", "-_id"), Index("participants", "-_id")),
    Attendance: (Index("training"),),
    Meeting: (),
    Notice: (Index("audience"),),
    ReaderChunk: (Index("notice"), Index("readers")),
    Acknowledgement: (Index("notice"),),
    ShiftHandover: (Index("branch", "open", "-_id"), Index("branch", "-_id"), Index("open", "-_id")),
}


async def open_requests(mongo: Reads, branch: str, owner: str | None) -> list[OpenRequest]:
    """Return the open requests of a branch, of one owner or all; one more than allowed when there are too many."""
    where: Document = {"branch": branch, "state": {"$in": list(OPEN)}} | ({"owner": owner} if owner else {})
    found = await mongo.rows(ServiceRequest, where, limit=MOST_LINES + 1, only=("state", "owner"))
    return sorted(OpenRequest(row["_id"], row["state"], row["owner"]) for row in found)


async def names_for(mongo: Reads, digests: Sequence[Digest], locale: str) -> Names:
    """Return the names that the lines of these digests need."""
    items = [item for digest in digests for item in digest.items]
    people = await mongo.find(Person, {"_id": {"$in": sorted({item.mover for item in items})}})
    movers = department_words(lambda code: render_message(code, locale, {}))
    movers |= {role.id: role.title.by_language[locale] for role in await mongo.find(Role, {})}
    movers |= {person.id: person.name for person in people}
    return Names(await cases_of(mongo, (item.request for item in items)), movers)


async def cases_of(mongo: Reads, numbers: Iterable[str]) -> dict[str, Case]:
    """Return the cases of requests by number."""
    fields = ("customer", "product", "kind", "fault", "description")
    wanted: Document = {"_id": {"$in": sorted({number for number in numbers if number})}}
    found = await mongo.rows(ServiceRequest, wanted, only=fields)
    owners: Document = {"_id": {"$in": sorted({row["customer"] for row in found})}}
    names = {row["_id"]: row["name"] for row in await mongo.rows(Customer, owners, only=("name",))}
    return {
        row["_id"]: Case(
            names.get(row["customer"], ""), row["product"]["line"], row["kind"], row["fault"], row["description"]
        )
        for row in found
    }


async def notices_for(mongo: Reads, reader: str, keys: Sequence[str], after: str | None, limit: int) -> list[Document]:
    """Return ids of notices that a reader must or may read, with the time of reading; unread first, newest first."""
    chunks = await mongo.rows(ReaderChunk, {"readers": reader}, only=("notice",))
    mine = {"_id": {"$in": [chunk["notice"] for chunk in chunks]}}
    pipeline: list[Document] = [
        {"$match": {"$or": [mine, {"audience": {"$in": list(keys)}}]}},
        {"$project": {"key": {"$concat": ["$_id", "|", {"$literal": reader}]}}},
        {"$lookup": {"from": Acknowledgement.COLLECTION, "localField": "key", "foreignField": "_id", "as": "done"}},
        {"$project": {"at": {"$ifNull": [{"$first": "$done.at"}, None]}, "read": {"$ne": ["$done", []]}}},
        {"$sort": {"read": 1, "_id": -1}},
    ]
    if after:
        read, id = after.split("|")
        behind = {"read": read == "1", "_id": {"$lt": id}}
        pipeline.append({"$match": behind if read == "1" else {"$or": [behind, {"read": True}]}})
    return await mongo.aggregate(Notice, [*pipeline, {"$limit": limit}])


async def week_cases(mongo: Reads, branch: str, span: tuple[datetime, datetime]) -> list[AgendaCase]:
    """Return the cases of a branch's week for its meeting (ALL-8), each kind in order of weight.

    Request numbers begin with their day, so the week's requests are a range of the index over branch and number.
    Because of time zones the range is a day wider at both ends.
    """
    since, until = span
    first, last = (f"SR-{day:%y%m%d}" for day in (since - timedelta(days=1), until + timedelta(days=2)))
    registered: Document = {"$gte": since, "$lt": until}
    week = {"$match": {"branch": branch, "_id": {"$gte": first, "$lt": last}, "registered_at": registered}}
    again = {"branch": branch, **AGAIN, "history": {"$elemMatch": {"state": "reopened", "at": registered}}}
    wanted = ("fault", "priority")
    reopened = await mongo.rows(ServiceRequest, again, sort=("priority", "_id"), limit=_CASES, only=wanted)
    pressing: Document = {"$sort": {"priority": 1, "_id": 1}}
    complaints: list[Document] = [{"$match": {"kind": "complaint"}}, pressing]
    repeated: list[Document] = [{"$match": {"repeats": {"$ne": None}}}, pressing, {"$set": {"count": 2}}]
    named: Document = {"fault": {"$ne": UNSPECIFIED}, "$expr": {"$ne": ["$fault", "$kind"]}}  # of a repair, and said
    frequent: list[Document] = [
        {"$match": named},
        {"$group": {"_id": "$fault", "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$set": {"fault": "$_id"}},
    ]
    kinds = {"complaint": complaints, "repeated_fault": repeated, "frequent_fault": frequent}
    cut: list[Document] = [{"$limit": _CASES}, {"$project": {"fault": 1, "count": 1}}]
    facets = {"$facet": {topic: stages + cut for topic, stages in kinds.items()}}
    (found,) = await mongo.aggregate(ServiceRequest, [week, facets])
    rows: dict[Any, list[Document]] = {**found, "reopened": reopened}
    return [
        AgendaCase(topic=topic, subject=row["_id"], fault=row["fault"], count=row.get("count", 1))
        for topic, some in rows.items()
        for row in some
    ]
