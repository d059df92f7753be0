"""What the databases themselves hold, read past the services at one point in time: the demo's word is held to it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.demo.offices import Document
from pymongo import MongoClient
from pymongo.client_session import ClientSession

COLLECTIONS = {
    "intake": ("requests", "shipments", "documents", "parked", "outbox", "tallies"),
    "dispatch": ("orders", "technicians", "parked", "outbox", "tallies"),
    "inventory": ("stock", "slips", "movements", "parked", "outbox", "tallies"),
    "feedback": ("followups", "surveys", "results", "parked", "outbox", "tallies"),
}


@dataclass(frozen=True)
class Books:
    """Every document of these collections; `_id` as MongoDB has it."""

    rows: dict[tuple[str, str], list[Document]]

    def of(self, service: str, collection: str) -> list[Document]:
        return self.rows[service, collection]

    def every(self, collection: str) -> Iterator[Document]:
        """Yield the documents of a collection that all services have."""
        for service in COLLECTIONS:
            yield from self.rows[service, collection]

    def requests_since(self, began: datetime) -> list[Document]:
        """Return the requests that were entered since then, whenever the contact was."""
        return [
            row for row in self.of("intake", "requests") if (row.get("entered_at") or row["registered_at"]) >= began
        ]

    def clocks(self, requests: set[str] | None = None) -> Counter[tuple[str, str]]:
        """Count the promises on the documents by stage and outcome, of these requests or of all."""
        return Counter(
            (clock["stage"], clock["outcome"])
            for owner in self._clocked()
            if requests is None or owner.get("request", owner["_id"]) in requests
            for clock in owner["clocks"]
        )

    def _clocked(self) -> Iterator[Document]:
        kept = (("intake", "requests"), ("dispatch", "orders"), ("feedback", "followups"), ("feedback", "results"))
        return (owner for place in kept for owner in self.of(*place))

    def ended(self) -> dict[tuple[str, str], int]:
        """Count the promises that are decided; a breach that was taken back was counted as one, and as withdrawn."""
        found = Counter({key: number for key, number in self.clocks().items() if key[1] != "open"})
        for owner in self._clocked():
            for clock in owner["clocks"]:
                taken_back = sum(1 for fired in clock.get("taken_back", ()) if fired["mark"] == "breach")
                found += Counter({(clock["stage"], outcome): taken_back for outcome in ("breached", "withdrawn")})
        return dict(found)

    def tallied(self) -> Counter[tuple[str, str]]:
        """Count the promises that ended by the tallies that were written with them."""
        return Counter[tuple[str, str]](
            {
                key: int(sum(row["amount"] for row in rows))
                for key, rows in _grouped(
                    row for row in self.every("tallies") if row["name"] == "sla_deadlines"
                ).items()
            }
        )


def _grouped(rows: Iterator[Document]) -> dict[tuple[str, str], list[Document]]:
    groups: dict[tuple[str, str], list[Document]] = {}
    for row in rows:
        groups.setdefault((row["labels"]["stage"], row["labels"]["outcome"]), []).append(row)
    return groups


def open_books(mongo_url: str) -> Books:
    """Read all of it in one snapshot: no write falls between two of the collections."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(mongo_url, tz_aware=True) as client, client.start_session(snapshot=True) as session:
        return Books({(s, c): _read(client, session, s, c) for s, names in COLLECTIONS.items() for c in names})


def ping(mongo_url: str) -> None:
    """Raise `PyMongoError` when nobody answers there."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(mongo_url, serverSelectionTimeoutMS=5000) as client:
        client.admin.command("ping")


def _read(client: MongoClient[dict[str, Any]], session: ClientSession, service: str, collection: str) -> list[Document]:
    return list(client[service][collection].find({}, session=session))
