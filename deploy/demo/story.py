"""What must hold after this very day: each thing that the story set up came out as it should."""

from collections import Counter
from collections.abc import Callable, Iterator

from deploy.demo import agreements
from deploy.demo.books import Books
from deploy.demo.checks import Check
from deploy.demo.day import Day
from deploy.demo.offices import Document

OWN_POLICY = {"sh-01": "demo-shanghai", "cd-01": "demo-chengdu"}
"""ALL-1: two branches, two ways of doing business (`deploy/demo/policies`)."""
MISTAKES = {"event.data_malformed": 1, "branch.unknown": 1}
OPEN_FOR_TOMORROW = 2
"""Three controllers fail in Chengdu, one is on the shelf, and the supplier brings more tomorrow."""


class Outcome:
    """Today's documents, by what was special about their contact."""

    def __init__(self, day: Day, books: Books) -> None:
        self.requests = books.requests_since(day.began)
        self._serials = {request["_id"]: request["product"]["serial"] for request in self.requests}
        self._contacts = day.contacts
        self.orders = [row for row in books.of("dispatch", "orders") if row["request"] in self._serials]
        self.slips = [row for row in books.of("inventory", "slips") if row["request"] in self._serials]

    def of(self, scene: str, documents: list[Document]) -> list[Document]:
        return [row for row in documents if self._scene(row) == scene]

    def _scene(self, document: Document) -> str:
        return self._contacts[self._serials[document.get("request", document["_id"])]].scene

    def part(self, slip: Document) -> str:
        return self._contacts[self._serials[slip["request"]]].row["extra_part"]


def story_checks(day: Day, books: Books) -> Iterator[Check]:
    today = Outcome(day, books)
    cast = Counter(contact.scene for contact in day.contacts.values())
    yield Check("requests registered today", len(day.contacts), len(today.requests))
    own = sum(1 for row in today.requests if row["policy"].partition("@")[0] == OWN_POLICY[row["branch"]])
    yield Check("requests under their own branch's policy", len(day.contacts), own)
    yield Check("who pays was decided for", len(day.contacts), sum(1 for row in today.requests if row["coverage"]))
    paid = [row for row in today.requests if row["coverage"] and row["coverage"]["reason"] == "contract"]
    yield Check("repairs that a contract pays for", [agreements.SERIAL], [row["product"]["serial"] for row in paid])
    yield Check("papers handed over today", {"request_form": 1, "warranty_card": 1}, _handed_over(day, books))
    yield Check("requests from the partner's event that came twice", 1, len(today.of("partner_twice", today.requests)))
    parcels = [row for row in books.of("intake", "shipments") if row["reported_at"] >= day.began]
    yield Check("parcels that the partner reported in two events", 1, len(parcels))
    yield Check("dead letters of today, by reason", MISTAKES, _parked_today(day, books))
    yield Check("declined jobs that somebody else did", cast["declined"], _count(today, "declined", _did_another))
    yield Check("late technicians whose promise is breached", cast["late"], _count(today, "late", _came_late))
    yield Check("orders sent late for want of a licence", cast["unlicensed"], _count(today, "unlicensed", _sent_late))
    yield Check("cancelled requests", cast["cancelled"], _in_state(today.of("cancelled", today.requests), "cancelled"))
    yield Check("their slips, cancelled with nothing set aside", cast["cancelled"], _let_go(today))
    again = [
        row for row in today.of("dissatisfied", today.requests) if row["visit"] == 2 and row["state"] != "reopened"
    ]
    yield Check("dissatisfied customers served again", cast["dissatisfied"], len(again))
    extra = [slip for slip in today.of("extra_part", today.slips) if today.part(slip) in _used(slip)]
    yield Check("parts named on site, found and used", cast["extra_part"], len(extra))
    short = [row for row in today.orders if row["parts_state"] == "short"]
    yield Check("visits that wait for tomorrow's delivery", OPEN_FOR_TOMORROW, len(short))
    ended = _in_state(today.requests, "resolved") + _in_state(today.requests, "closed")
    yield Check("all other requests resolved or closed", len(day.contacts) - cast["cancelled"] - len(short), ended)


def _parked_today(day: Day, books: Books) -> dict[str, int]:
    return dict(Counter(row["reason"] for row in books.every("parked") if row["last_at"] >= day.began))


def _handed_over(day: Day, books: Books) -> dict[str, int]:
    papers = books.of("intake", "documents")
    return dict(Counter(row["kind"] for row in papers if any(one["at"] >= day.began for one in row["handed_over"])))


def _in_state(documents: list[Document], state: str) -> int:
    return sum(1 for row in documents if row["state"] == state)


def _count(today: Outcome, scene: str, fits: Callable[[Document], bool]) -> int:
    return sum(1 for order in today.of(scene, today.orders) if fits(order))


def _did_another(order: Document) -> bool:
    return (
        order["state"] == "completed" and bool(order["declined_by"]) and order["technician"] not in order["declined_by"]
    )


def _came_late(order: Document) -> bool:
    return ("arrival", "breached") in {(clock["stage"], clock["outcome"]) for clock in order["clocks"]}


def _sent_late(order: Document) -> bool:
    breached = ("dispatch", "breached") in {(clock["stage"], clock["outcome"]) for clock in order["clocks"]}
    return order["state"] == "completed" and breached


def _let_go(today: Outcome) -> int:
    slips = today.of("cancelled", today.slips)
    return sum(
        1 for slip in slips if slip["state"] == "cancelled" and not any(line["reserved"] for line in slip["lines"])
    )


def _used(slip: Document) -> set[str]:
    return {line["part"] for line in slip["used"]}
