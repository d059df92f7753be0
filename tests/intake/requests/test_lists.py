"""Lists of service requests, and the fields they need, on a real MongoDB."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from intake.many import NOW, due, request, store

from aftersales.common.events.intake import ProductRef
from aftersales.common.http.paging import Place
from aftersales.common.work import UnitOfWork
from aftersales.intake.requests.api.filters import RequestFilter
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.policy.sla.due import DueAt, next_due
from aftersales.testing.system import RunningService


def clock(stage: str, hours: float | None, *, ended: bool = False, outcome: str = "open") -> Any:
    """What lists read of a clock; None: it is paused."""
    deadline = None if hours is None else NOW + timedelta(hours=hours)
    at_risk = deadline and deadline - timedelta(hours=1)
    return SimpleNamespace(
        stage=stage, deadline=deadline, warn_at=at_risk, outcome=outcome, ended_at=NOW if ended else None
    )


@pytest.mark.parametrize(
    ("clocks", "due"),
    [
        ((), (None, None)),
        ((clock("visit", 3), clock("reply", 1)), ("reply", 1)),
        ((clock("reply", 1, ended=True, outcome="met"), clock("visit", 3)), ("visit", 3)),
        ((clock("reply", -1, outcome="breached"), clock("visit", 3)), ("reply", -1)),
        ((clock("visit", None), clock("reply", 5)), ("reply", 5)),
        ((clock("visit", None),), ("visit", None)),
        ((clock("reply", 1, ended=True, outcome="breached"),), (None, None)),
    ],
)
def test_what_is_due_next_is_the_earliest_deadline_of_work_that_is_not_done(clocks, due):
    """ALL-3: a missed deadline stays due until its work is done; a paused one has no time."""
    stage, hours = due
    found = next_due(clocks)
    assert (found.stage, found.due_at) == (stage, None if hours is None else NOW + timedelta(hours=hours))
    assert found == DueAt() or found.at_risk_at == (found.due_at and found.due_at - timedelta(hours=1))


def test_an_ended_request_is_due_for_nothing(registered: ServiceRequest) -> None:
    busy = registered.but(clocks=(clock("reply", 1),))
    assert busy.derived() == {
        "asked": None,
        "open": True,
        "tail": "7K3F",
        "stage": "reply",
        "due_service": "intake",
        "pressing": "1 2026-11-23T02:00:00.000+00:00",
        "due_at": NOW + timedelta(hours=1),
        "at_risk_at": NOW,
    }
    for state in ("resolved", "closed", "cancelled"):
        ended = busy.but(state=state).derived()
        assert (ended["open"], ended["stage"], ended["due_at"], ended["pressing"]) == (False, None, None, None)


async def test_whatever_stores_a_request_brings_its_derived_fields_up_to_date(
    intake: RunningService, registered
) -> None:
    """ALL-3: no rule sets them, so none can forget to."""

    async def put(work: UnitOfWork, **changes: Any) -> ServiceRequest:
        known = await work.get(ServiceRequest, registered.id)
        return work.put((known or registered).but(**changes))

    await intake.do(put)
    assert (await intake.get(ServiceRequest, registered.id)).open
    stored = await intake.do(lambda work: put(work, state="cancelled", open=True, tail="", stage="x"))
    assert (stored.open, stored.tail, stored.stage) == (False, "7K3F", None)


async def ids(intake: RunningService, **query: Any) -> list[str]:
    """All pages of a list, two at a time: the ends of the numbers."""
    seen: list[str] = []
    more: dict[str, Any] = {}
    while True:
        answer = await intake.http.get("/requests", params=query | more | {"limit": 2})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [item["tail"] for item in page["items"]]
        if not page["next"]:
            return seen
        more = {"cursor": page["next"]}


async def test_open_requests_come_the_most_pressing_first_and_the_paused_last(intake: RunningService) -> None:
    """ALL-3; several are due at the same moment, several at none."""
    hours = [5, None, 1, 1, None, 1, 9, -2]
    await store(intake, *(request(n, **due(each)) for n, each in enumerate(hours)))
    await store(intake, request(90, state="closed", open=False))
    expected = ["0007", "0002", "0003", "0005", "0000", "0006", "0001", "0004"]
    assert await ids(intake, open=True) == expected
    assert await ids(intake, sort="due", branch="BJ01") == expected
    assert await ids(intake, open=True, sort="newest") == sorted(expected, reverse=True)
    assert await ids(intake) == ["0090", *sorted(expected, reverse=True)]


async def test_a_page_stands_still_while_requests_are_registered(intake: RunningService) -> None:
    await store(intake, *(request(n, **due(n)) for n in range(4)))
    page = (await intake.http.get("/requests", params={"open": True, "limit": 2})).json()
    await store(intake, request(50, **due(-1)), request(51, **due(2.5)))
    rest = (await intake.http.get("/requests", params={"open": True, "cursor": page["next"]})).json()
    assert [item["tail"] for item in page["items"] + rest["items"]] == ["0000", "0001", "0002", "0051", "0003"]
    newest = await intake.http.get("/requests", params={"cursor": page["next"]})
    assert (newest.status_code, newest.json()["code"]) == (422, "cursor.malformed")


async def test_every_filter_finds_its_own(intake: RunningService) -> None:
    await store(
        intake,
        request(1, owner="desk-9", **due(1, "reply")),
        request(2, branch="SH01", priority=1, channel="web"),
        request(3, state="resolved", kind="installation", open=False),
        request(4, state="closed", open=False, customer="c-2"),
        request(5, state="cancelled", open=False, product=ProductRef(serial="EB-9", model="E1", line="e-bike")),
    )
    at = NOW.isoformat()
    for query, found in (
        ({"owner": "desk-9"}, ["0001"]),
        ({"stage": "reply"}, ["0001"]),
        ({"branch": "SH01"}, ["0002"]),
        ({"priority": 1}, ["0002"]),
        ({"channel": "web"}, ["0002"]),
        ({"kind": "installation"}, ["0003"]),
        ({"state": ["resolved", "closed"]}, ["0004", "0003"]),
        ({"customer": "c-2"}, ["0004"]),
        ({"serial": " eb-9 "}, ["0005"]),
        ({"open": False}, ["0005", "0004", "0003"]),
        ({"state": "registered"}, ["0002", "0001"]),
        ({"registered_from": (NOW + timedelta(minutes=4)).isoformat()}, ["0005", "0004"]),
        ({"registered_from": at, "registered_to": (NOW + timedelta(minutes=2)).isoformat()}, ["0001"]),
        ({"branch": "BJ01", "owner": "desk-7", "open": True, "kind": "repair"}, []),
    ):
        assert await ids(intake, **query) == found, query


async def test_a_number_is_found_by_its_end(intake: RunningService, registered: ServiceRequest) -> None:
    await store(intake, registered.but(version=1, **registered.derived()), request(1), request(101))
    for q in ("7K3F", "7k3f", " 7k3f", "261122-7K3F", "SR-261122-7K3F", "sr-261122-7k3f"):
        assert await ids(intake, q=q) == ["7K3F"], q
    assert await ids(intake, q="7K3F", branch="SH01") == []
    assert await ids(intake, q="OI0l", branch="BJ01") == ["0101"], "read aloud, or typed as they look"


async def test_a_list_that_makes_no_sense_is_refused(intake: RunningService) -> None:
    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"open": False, "sort": "due"}, "list.only_open_are_due"),
        ({"open": False, "stage": "reply"}, "list.only_open_are_due"),
        ({"state": "lost"}, "input.malformed"),
        ({"q": "7K3"}, "input.malformed"),
        ({"colour": "red"}, "input.malformed"),
        ({"registered_from": "yesterday"}, "input.malformed"),
        ({"format": "pdf"}, "input.malformed"),
        ({"limit": 0}, "input.malformed"),
    )
    for query, code in refused:
        answer = await intake.http.get("/requests", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, code), query


FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"branch": "BJ01"},
    {"branch": "BJ01", "state": ["closed", "cancelled"]},
    {"branch": "BJ01", "open": True},
    {"branch": "BJ01", "stage": "visit", "owner": "desk-7"},
    {"open": True},
    {"open": True, "priority": 1, "kind": "repair"},
    {"open": True, "owner": "desk-7"},
    {"open": True, "channel": "web"},
    {"state": ["registered"], "branch": "BJ01"},
    {"open": True, "sort": "newest"},
    {"owner": "desk-7"},
    {"customer": "c-1"},
    {"serial": "RF-1"},
    {"kind": "installation"},
    {"channel": "web"},
    {"q": "0001"},
    {"q": "261122-0001"},
    {"registered_from": NOW, "branch": "BJ01"},
)


def stages(plan: dict[str, Any]) -> set[str]:
    """The names of a plan's steps."""
    inner = [plan[key] for key in ("inputStage", "queryPlan") if key in plan] + plan.get("inputStages", [])
    return {plan.get("stage", "")}.union(*map(stages, inner))


async def test_every_list_runs_on_an_index_in_its_order(intake: RunningService) -> None:
    """Every page, the first and those after; only what is found by number, customer or serial may be sorted."""
    await store(intake, *(request(n, **due(n % 7)) for n in range(300)))
    for query in FILTERS:
        asked = RequestFilter.model_validate(query)
        where = {name: value for name, value in asked.where().items() if value is not None}
        start = Place(asked.order())
        value = {"_id": None, "pressing": "1 2026-11-23T01:00:00.000+00:00"}.get(start.field, NOW)
        for run in (*start.runs(), *Place(start.sort, value, "SR-261122-0007").runs()):
            plan = await intake.runtime.mongo.explain(ServiceRequest, {"$and": [where, run]}, start.keys)
            assert "COLLSCAN" not in stages(plan), (query, run)
            few = {"q", "customer", "serial"} & query.keys() or (query.get("open") and query.get("sort"))
            assert few or "SORT" not in stages(plan), (query, run)
    bare = await intake.runtime.mongo.explain(ServiceRequest, {"fault": "x"}, ("-urgency",))
    assert {"COLLSCAN", "SORT"} <= stages(bare), "what has no index is seen"
