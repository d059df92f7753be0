"""Made-up requests of three years by the million, as intake stores them."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from aftersales.common.mongo import Document, from_document, to_document
from aftersales.intake.requests.domain.due import pressing_key
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.values import number_tail

OPEN = 50
"""One request in so many is open."""
_KEY = b"past"
BRANCHES, OWNERS, CUSTOMERS, PRODUCTS = 50, 500, 300_000, 400_000
_SHARED: Document = {
    "address": "静安区南京西路 1 号",
    "fault": "no-cooling",
    "description": "冰箱不制冷" * 10,
    "urgency": 2,
}


def number_of(number: int, count: int, now: datetime) -> str:
    """The number (`SR-…`) of the request that was registered so long ago."""
    return f"SR-{_registered_at(number, count, now):%y%m%d}-{number_tail(number, _KEY)}"


def _registered_at(number: int, count: int, now: datetime) -> datetime:
    return now - timedelta(days=1000) * ((count - number) / count)


def fields(chance: random.Random, number: int, count: int, now: datetime) -> Document:
    """What tells one request from the others."""
    is_open, branch = number % OPEN == 0, chance.randrange(BRANCHES)
    due_at = now + timedelta(minutes=chance.randint(-2000, 8000)) if chance.random() < 0.9 else None
    due = {
        "stage": chance.choice(("reply", "visit", "repair")),
        "due_at": due_at,
        "pressing": pressing_key(due_at, danger=number % (100 * OPEN) == 0),
        "at_risk_at": due_at and due_at - timedelta(hours=2),
    }
    return {
        "_id": number_of(number, count, now),
        "tail": number_tail(number, _KEY),
        "version": 1 if is_open else 4,
        "branch": f"b-{branch}",
        "channel": chance.choices(("phone", "web", "chat", "letter"), (700, 200, 95, 5))[0],
        "customer": f"c-{number % CUSTOMERS}",
        "product": {"serial": f"SN-{number % PRODUCTS}", "model": "BCD-470", "line": "refrigerator"},
        "kind": chance.choices(("repair", "installation", "maintenance", "consultation"), (700, 200, 95, 5))[0],
        "priority": chance.choices((1, 2, 3, 4), (1, 9, 40, 50))[0],
        "owner": f"desk-{branch + BRANCHES * chance.randrange(OWNERS // BRANCHES)}",
        "registered_at": _registered_at(number, count, now),
        "state": "registered" if is_open else chance.choices(("closed", "cancelled"), (97, 3))[0],
        "open": is_open,
        **(due if is_open else {}),
    }


def as_intake_does(said: Document) -> Document:
    """What intake itself would store: the truth, and ten times as slow as `documents`."""
    return to_document(from_document(ServiceRequest, _SHARED | said))


def documents(now: datetime, total: int, first: int, count: int) -> Iterator[dict[str, Document]]:
    """Requests of all that there are to be, from a model document and what is the request's own."""
    chance = random.Random(first)
    model = as_intake_does(fields(chance, 1, total, now))
    for number in range(first, first + count):
        yield {"requests": model | fields(chance, number, total, now)}
