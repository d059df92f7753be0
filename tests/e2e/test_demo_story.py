"""The demo's checks of its own story hold for a day that went as planned, and each fails when its scene did not."""

import csv
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from deploy.demo import agreements
from deploy.demo.books import COLLECTIONS, Books
from deploy.demo.day import Contact
from deploy.demo.make_data import DATA
from deploy.demo.story import OWN_POLICY, story_checks

BEGAN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
WAITING = 2


class Played:
    """A day in which every contact ended as its scene wants."""

    def __init__(self):
        with (DATA / "contacts.csv").open(encoding="utf-8", newline="") as file:
            contacts = [Contact(row) for row in csv.DictReader(file)]
        self.day = SimpleNamespace(began=BEGAN, contacts={contact.serial: contact for contact in contacts})
        self.rows = {(service, name): [] for service, names in COLLECTIONS.items() for name in names}
        for number, contact in enumerate(contacts):
            self._end(f"SR-{number}", contact)
        reasons = ("event.data_malformed", "branch.unknown")
        self.rows["intake", "shipments"] = [{"reported_at": BEGAN}]
        self.rows["intake", "parked"] = [{"reason": reason, "last_at": BEGAN} for reason in reasons]
        kinds = ("request_form", "warranty_card")
        self.rows["intake", "documents"] = [{"kind": kind, "handed_over": [{"at": BEGAN}]} for kind in kinds]
        for row in [row for row in self.of("orders") if row["fault"] == "error-e1"][:WAITING]:
            row |= {"state": "accepted", "parts_state": "short"}
            next(request for request in self.of("requests") if request["_id"] == row["request"])["state"] = "registered"

    def _end(self, number, contact):
        scene = contact.scene
        ended = "cancelled" if scene == "cancelled" else "closed"
        request = {"_id": number, "product": {"serial": contact.serial}, "registered_at": BEGAN, "scene": scene}
        branch = contact.row["branch"]
        paid = {"parts": "free", "reason": "contract" if contact.serial == agreements.SERIAL else "in_warranty"}
        request |= {"branch": branch, "policy": f"{OWN_POLICY[branch]}@1", "coverage": paid}
        visit = 2 if scene == "dissatisfied" else 1
        self.rows["intake", "requests"].append(request | {"state": ended, "visit": visit})
        late = {"late": "arrival", "unlicensed": "dispatch"}.get(scene)
        order = {
            "_id": f"W{number}",
            "request": number,
            "scene": scene,
            "fault": contact.row["fault"],
            "technician": "T-1",
        }
        order |= {"state": "cancelled" if scene == "cancelled" else "completed", "parts_state": "none"}
        order |= {"declined_by": ["T-2"] if scene == "declined" else []}
        clocks = [
            {"stage": stage, "outcome": "breached" if stage == late else "met"} for stage in ("dispatch", "arrival")
        ]
        self.rows["dispatch", "orders"].append(order | {"clocks": clocks})
        slip = {"_id": f"I{number}", "request": number, "scene": scene, "lines": [{"reserved": []}]}
        slip |= {"state": "cancelled" if scene == "cancelled" else "used", "used": []}
        if contact.row["extra_part"]:
            slip["used"] = [{"part": contact.row["extra_part"]}]
        self.rows["inventory", "slips"].append(slip)

    def of(self, collection, scene=None):
        service = {"requests": "intake", "orders": "dispatch", "slips": "inventory"}[collection]
        return [row for row in self.rows[service, collection] if scene in (None, row["scene"])]

    def failing(self):
        return [check.promise for check in story_checks(self.day, Books(self.rows)) if not check.holds]


@pytest.fixture
def played():
    return Played()


def test_a_day_as_planned_passes_every_check(played):
    assert played.failing() == []


SPOILT = {
    "the twice-sent event became nobody's request": (
        "requests",
        "partner_twice",
        {"registered_at": YESTERDAY},
        "came twice",
    ),
    "a request fell under another branch's policy": ("requests", "late", {"policy": "enterprise@0"}, "branch's policy"),
    "nobody decided who pays": ("requests", "late", {"coverage": None}, "who pays"),
    "nobody else did the declined job": ("orders", "declined", {"technician": "T-2"}, "declined jobs"),
    "the late technician's promise is met": ("orders", "late", {"clocks": []}, "late technicians"),
    "the licence was there in time": ("orders", "unlicensed", {"clocks": []}, "want of a licence"),
    "a cancelled request went on": ("requests", "cancelled", {"state": "closed"}, "cancelled requests"),
    "a cancelled visit kept its parts": ("slips", "cancelled", {"lines": [{"reserved": [1]}]}, "nothing set aside"),
    "a dissatisfied customer was left alone": ("requests", "dissatisfied", {"visit": 1}, "dissatisfied"),
    "the part named on site was not used": ("slips", "extra_part", {"used": []}, "named on site"),
    "a shortage that was not planned": ("orders", "late", {"parts_state": "short"}, "tomorrow's delivery"),
    "a request that nobody ended": ("requests", "late", {"state": "registered"}, "resolved or closed"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_scene_that_went_otherwise_fails_its_check(played, case):
    collection, scene, changes, promise = SPOILT[case]
    played.of(collection, scene)[0].update(changes)
    assert any(promise in name for name in played.failing())


def test_a_request_too_few_fails_the_count_of_the_day(played):
    played.rows["intake", "requests"].pop()
    assert any("requests registered today" in promise for promise in played.failing())


def test_a_contract_that_pays_for_nobody_s_repair_fails_its_check(played):
    (covered,) = (row for row in played.of("requests") if row["coverage"]["reason"] == "contract")
    covered["coverage"] = {"parts": "list", "reason": "out_of_warranty"}
    assert any("a contract pays for" in promise for promise in played.failing())


def test_a_paper_that_nobody_got_today_fails_its_check(played):
    played.rows["intake", "documents"][1]["handed_over"] = [{"at": YESTERDAY}]
    assert any("papers handed over" in promise for promise in played.failing())


def test_a_dead_letter_that_nobody_planned_fails_its_check(played):
    played.rows["inventory", "parked"].append({"reason": "AssertionError", "last_at": BEGAN})
    assert any("dead letters of today" in promise for promise in played.failing())


def test_a_parcel_that_was_counted_twice_fails_its_check(played):
    played.rows["intake", "shipments"].append({"reported_at": BEGAN})
    assert any("parcels that the partner reported" in promise for promise in played.failing())
