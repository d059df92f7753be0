"""Recalls and upgrades (INT-4): every affected product is found, told about and counted, once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aftersales.common.events import Event
from aftersales.common.events.intake import RecallOpened, RecallProgressed
from aftersales.common.mongo import Writes, to_document
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.recalls.domain import (
    CaseState,
    Cursor,
    Recall,
    RecallCase,
    RecallForm,
    RecallStep,
    SerialRange,
    count_found,
    count_move,
    find_case,
    open_recall,
    take_step,
)
from aftersales.intake.recalls.store import affected_queries, remaining_queries
from aftersales.testing import eventually
from aftersales.testing.system import RunningService
from aftersales.values.errors import DomainError

Heard = Callable[..., Awaitable[list[Event]]]
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
FORM: dict[str, Any] = {
    "kind": "recall",
    "title": "电池接头可能过热",
    "why": "供应商批次不良",
    "remedy": "更换接头",
    "safety": True,
    "starts_on": "2026-12-01",
}


def _recall(**changes: Any) -> Recall:
    return open_recall("RC-261122-0001", RecallForm.model_validate(FORM | {"models": ["E1"]} | changes), NOW)[0]


def _product(serial: str = "EB-0001", **changes: Any) -> Product:
    bike = {"model": "E1", "line": "e-bike", "batch": "B7", "customer": "c-1", "branch": "BJ01"}
    return Product.model_validate({"id": serial} | bike | changes)


@pytest.mark.parametrize(
    ("criteria", "serials"),
    [
        ({"models": ["E1"]}, {"EB-0001", "EB-0002"}),
        ({"models": ["E1"], "batches": ["B7"]}, {"EB-0001"}),
        ({"models": [], "batches": ["B7"]}, {"EB-0001", "EB-0003"}),
        ({"models": [], "serials": ["eb-0004"]}, {"EB-0004"}),
        ({"models": [], "ranges": [{"prefix": "eb-", "first": "0002", "last": "0003"}]}, {"EB-0002", "EB-0003"}),
        ({"models": ["E1"], "batches": ["B7"], "serials": ["EB-0004"]}, {"EB-0001", "EB-0004"}),
    ],
)
def test_models_batches_ranges_and_serials_say_what_is_affected(criteria: dict[str, Any], serials: set[str]) -> None:
    products = [
        _product("EB-0001"),
        _product("EB-0002", batch="B8"),
        _product("EB-0003", model="E2"),
        _product("EB-0004", model="E2", batch=None),
    ]
    recall = _recall(**criteria)
    assert {product.id for product in products if recall.affects(product)} == serials


@pytest.mark.parametrize("serial", ["EB-1", "EB-00015", "EB-0015A", "XB-0015", "EB-0009", "EB-0021", "EB-00²0"])
def test_a_range_counts_digits_of_its_own_length_only(serial: str) -> None:
    held = SerialRange(prefix="EB-", first="0010", last="0020")
    assert held.holds("EB-0010")
    assert held.holds("EB-0020")
    assert not held.holds(serial)


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_a_range_holds_what_lies_between_as_numbers_do(one: int, other: int, number: int) -> None:
    first, last = sorted((one, other))
    held = SerialRange(prefix="EB-", first=f"{first:04}", last=f"{last:04}")
    assert held.holds(f"EB-{number:04}") == (first <= number <= last)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"models": []}, "recall.affects_nothing"),
        ({"ranges": [{"prefix": "EB-", "first": "1", "last": "10"}]}, "recall.range_malformed"),
        ({"ranges": [{"prefix": "EB-", "first": "20", "last": "10"}]}, "recall.range_malformed"),
    ],
)
def test_a_recall_of_nothing_is_malformed(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError, match=code):
        _recall(**changes)


def test_the_queries_find_at_least_what_is_affected_and_go_on_where_they_stopped() -> None:
    recall = _recall(models=["E1", "E2"], serials=["EB-9"], ranges=[{"prefix": "EB-", "first": "1", "last": "3"}])
    queries = affected_queries(recall)
    assert queries == [
        {"model": {"$in": ["E1", "e1"]}},
        {"model": {"$in": ["E2", "e2"]}},
        {"_id": {"$gte": "EB-1", "$lte": "EB-3"}},
        {"_id": {"$in": ("EB-9",)}},
    ]
    assert list(remaining_queries(queries, Cursor(query=2, after="EB-2"))) == [
        (2, {"_id": {"$gte": "EB-1", "$lte": "EB-3", "$gt": "EB-2"}}),
        (3, {"_id": {"$in": ("EB-9",)}}),
    ]
    both = {"batch": {"$in": ["B7", "b7"]}, "model": {"$in": ["E1", "e1"]}}
    assert affected_queries(_recall(batches=["B7"])) == [both]


def _case(state: CaseState = "found") -> RecallCase:
    return find_case(_recall(), _product(), NOW, "timer").but(state=state)


@pytest.mark.parametrize("step", get_args(RecallStep))
def test_the_same_step_again_changes_nothing_and_nothing_follows_done(step: RecallStep) -> None:
    case = take_step(_case(), step, "", "desk-7", NOW)
    assert [entry.state for entry in case.history] == ["found", step]
    assert take_step(case, step, "", "desk-7", NOW) == case
    if step != "done":
        with pytest.raises(DomainError, match=r"recall\.wrong_step"):
            take_step(_case("done"), step, "", "desk-7", NOW)


def test_who_is_scheduled_was_told_before() -> None:
    with pytest.raises(DomainError, match=r"recall\.wrong_step"):
        take_step(_case("scheduled"), "told", "", "desk-7", NOW)
    assert take_step(_case("declined"), "told", "想通了", "desk-7", NOW).history[-1].note == "想通了"


def test_progress_is_reported_every_five_per_cent_and_not_for_each_product() -> None:
    recall = count_found(_recall(), 200, None, NOW)[0]
    reports: list[float] = []
    for _ in range(200):
        recall, events = count_move(recall, "found", "done", NOW)
        reports += [event.completion for event in events if isinstance(event, RecallProgressed)]
    assert reports == [float(n) for n in range(5, 101, 5)]
    assert (recall.total, recall.completion) == (200, 100.0)


async def _archive(intake: RunningService, *products: Product) -> None:
    """Put products into the archive as they stand there."""
    writes = Writes()
    writes.insert(Product.COLLECTION, *(to_document(product.but(version=1)) for product in products))
    await intake.runtime.mongo.commit(writes)


async def _searched(intake: RunningService, number: str) -> dict[str, Any] | None:
    shown: dict[str, Any] = (await intake.http.get(f"/recalls/{number}")).json()
    return shown if shown["searched"] else None


async def _open(intake: RunningService, **changes: Any) -> str:
    made = await intake.http.post("/recalls", json=FORM | changes)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_every_affected_product_of_a_large_archive_gets_one_case(intake: RunningService, heard: Heard) -> None:
    """INT-4: 1 240 of 1 700 products, found in steps, some of them by two criteria."""
    await _archive(
        intake,
        *(_product(f"EB-{n:04}", customer=f"c-{n}") for n in range(1200)),
        *(_product(f"EX-{n:04}", model="E2") for n in range(500)),
    )
    ranges = [{"prefix": "EX-", "first": "0100", "last": "0139"}, {"prefix": "EB-", "first": "0000", "last": "0999"}]
    number = await _open(intake, models=["E1"], batches=["B7"], ranges=ranges, serials=["EB-0001", "NOT-SOLD"])
    shown = await eventually(lambda: _searched(intake, number), 30)
    assert (shown["total"], shown["counts"]) == (1240, {"found": 1240})
    cases = await intake.find(RecallCase, recall=number)
    assert len({case.product for case in cases}) == len(cases) == 1240
    opened, *steps = await heard(RecallOpened, RecallProgressed)
    assert isinstance(opened, RecallOpened)
    assert len(steps) in range(3, 7)
    assert [step.searched for step in steps if isinstance(step, RecallProgressed)] == [False] * (len(steps) - 1) + [
        True
    ]


async def test_a_step_of_the_search_that_is_repeated_finds_nothing_twice(intake: RunningService) -> None:
    """INT-4: a crash between two steps, and a second replica that wakes the same recall."""
    await _archive(intake, *(_product(f"EB-{n:04}") for n in range(30)))
    number = await _open(intake, models=["E1"])
    await eventually(lambda: _searched(intake, number))
    for _ in range(2):
        recall = await intake.get(Recall, number)
        await intake.do(_rewind, recall)
        await eventually(lambda: _searched(intake, number))
    assert (await _searched(intake, number) or {})["counts"] == {"found": 30}
    assert len(await intake.find(RecallCase)) == 30


async def _rewind(work: Any, recall: Recall) -> None:
    work.put((await work.require(Recall, recall.id)).but(cursor=Cursor(), wake_at=work.now))


PERSON = {"name": "李雷", "phone": "13900139000", "address": "长安街 2 号"}
BIKE = {"serial": "EB-0001", "model": "E1", "line": "e-bike", "batch": "B7"}

NEW = {"serial": "EB-0009"}


async def test_a_product_that_is_archived_later_gets_its_case_while_the_recall_is_open(intake: RunningService) -> None:
    """INT-4; whoever calls about it can be told."""
    number = await _open(intake, models=["E1"], batches=["B7"])
    await eventually(lambda: _searched(intake, number))
    form = PERSON | {"branch": "BJ01", "products": [BIKE, BIKE | {"serial": "EB-0002", "batch": "B8"}]}
    for _ in range(2):
        await intake.http.post("/customers", json=form)
    assert (await _searched(intake, number) or {})["counts"] == {"found": 1}
    for product, told in (BIKE, [number]), (BIKE | {"serial": "EB-0002", "batch": "B8"}, []), (BIKE | NEW, [number]):
        call = {"branch": "BJ01", "channel": "phone", "customer": PERSON, "product": product, "fault": "noise"}
        shown = (await intake.http.post("/requests/check", json=call)).json()["recalls"]
        assert [recall["id"] for recall in shown] == told, product
    await intake.http.post(f"/recalls/{number}/cases/EB-0001/done", json={})
    call = {"branch": "BJ01", "channel": "phone", "customer": PERSON, "product": BIKE, "fault": "noise"}
    assert (await intake.http.post("/requests/check", json=call)).json()["recalls"] == []

    closed = await intake.http.post(f"/recalls/{number}/close", json={"reason": "完成"})
    assert closed.json()["state"] == "closed"
    await intake.http.post("/customers", json=form | {"products": [BIKE | {"serial": "EB-0003"}]})
    assert len(await intake.find(RecallCase)) == 1
    for state, listed in ("open", 0), ("closed", 1):
        assert len((await intake.http.get("/recalls", params={"state": state})).json()["items"]) == listed


async def test_the_steps_of_the_cases_are_counted_with_them(intake: RunningService) -> None:
    """INT-4: told, done, declined; the counts are those of the documents."""
    await _archive(intake, *(_product(serial) for serial in ("EB-1", "EB-2", "EB/3", "EB-4")))
    number = await _open(intake, models=["E1"])
    await eventually(lambda: _searched(intake, number))
    steps = [("EB-1", "told"), ("EB-1", "told"), ("EB-1", "done"), ("EB/3", "declined"), ("EB-4", "told")]
    for serial, step in steps:
        taken = await intake.http.post(f"/recalls/{number}/cases/{serial}/{step}", json={"note": "电话"})
        assert (taken.status_code, taken.json()["state"]) == (200, step), taken.text
    refused = await intake.http.post(f"/recalls/{number}/cases/EB-1/told", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "recall.wrong_step")
    unknown = await intake.http.post(f"/recalls/{number}/cases/EB-9/told", json={})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "recall_cases.unknown")

    shown = (await intake.http.get(f"/recalls/{number}")).json()
    assert {state: count for state, count in shown["counts"].items() if count} == {
        "found": 1,
        "told": 1,
        "done": 1,
        "declined": 1,
    }
    assert (shown["total"], shown["completion"]) == (4, 25.0)
    for query, serials in ({"state": "told"}, ["EB-4"]), ({"branch": "BJ01"}, ["EB/3", "EB-4", "EB-2", "EB-1"]):
        page = (await intake.http.get(f"/recalls/{number}/cases", params=query)).json()
        assert [case["product"] for case in page["items"]] == serials


async def test_the_search_runs_on_indexes(intake: RunningService) -> None:
    explain = intake.runtime.mongo.explain
    recall = _recall(batches=["B7"], serials=["EB-1"], ranges=[{"prefix": "EB-", "first": "1", "last": "3"}])
    for query in (*affected_queries(recall), *affected_queries(_recall())):
        plan = str(await explain(Product, query, sort=("_id",)))
        assert "IXSCAN" in plan or "EXPRESS" in plan, query
        assert "'SORT'" not in plan, query
    for where in ({"recall": "r"}, {"recall": "r", "state": "told"}, {"recall": "r", "branch": "BJ01"}):
        plan = str(await explain(RecallCase, where, sort=("-_id",)))
        assert "IXSCAN" in plan, where
        assert "'SORT'" not in plan, where
    assert "IXSCAN" not in str(await explain(RecallCase, {"model": "E1"}))
