"""Entitlements (INT-14): granted once with a purchase, brought to mind in time, used up."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from intake.covers import preset

from aftersales.common.events import Event
from aftersales.common.events.intake import EntitlementDue, ProductSold
from aftersales.intake.agreements.domain.entitlement import (
    Entitlement,
    consume_entitlement,
    derive_entitlements,
    wake_entitlement,
)
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.network.domain import Branch
from aftersales.policy.model import Policy, cover
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService
from aftersales.values import GeoPoint
from aftersales.values.errors import DomainError

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
BRANCH = Branch(id="BJ01", branch="BJ01", name="北京", zone="Asia/Shanghai", location=GeoPoint(lat=39.9, lon=116.4))
BIKE = Product(id="EB-1", branch="BJ01", model="E1", line="e-bike", batch="B7", customer="c-1", purchased_on=DAY)
(RUNNING_IN,) = preset("e-bike").entitlements
REQUESTS = ["SR-261122-0001", "SR-261122-0002"]


def _policy(*grants: cover.Grant) -> Policy:
    return preset("e-bike").model_copy(update={"entitlements": grants})


POLICY = _policy(RUNNING_IN.model_copy(update={"lines": ("e-bike",)}))


def _granted(**changes: Any) -> Entitlement:
    return derive_entitlements(BIKE, DAY, _policy(RUNNING_IN.model_copy(update=changes)), BRANCH, NOW)[0][0]


def test_a_purchase_brings_what_its_line_brings_and_is_told_without_personal_data() -> None:
    (granted,), (sold,) = derive_entitlements(BIKE, DAY, POLICY, BRANCH, NOW)
    assert (granted.id, granted.count, granted.expires_on) == ("EB-1|running_in", 1, date(2027, 2, 18))
    assert (granted.work, granted.policy) == ("maintenance", "e-bike@0"), "INT-6 asks for the kind of work"
    assert isinstance(sold, ProductSold)
    assert (sold.serial, sold.batch, sold.purchased_on) == ("EB-1", "B7", DAY)
    assert [(grant.kind, grant.expires_on) for grant in sold.entitlements] == [("running_in", date(2027, 2, 18))]
    assert "c-1" not in sold.model_dump_json()


def test_a_line_without_grants_is_sold_all_the_same() -> None:
    granted, events = derive_entitlements(BIKE.but(line="tractor"), DAY, POLICY, BRANCH, NOW)
    assert (granted, len(events)) == ((), 1)


def test_nothing_that_has_expired_is_granted_for_an_old_purchase() -> None:
    for age, number in (90, 1), (91, 0):
        day = date(2026, 11, 22) - timedelta(days=age)
        assert len(derive_entitlements(BIKE, day, POLICY, BRANCH, NOW)[0]) == number, age


def test_the_reminder_comes_once_and_within_three_weeks() -> None:
    """Two weeks after the purchase one is left: 4 December begins on 3 December at 16:00 UTC."""
    granted = _granted()
    at = datetime(2026, 12, 3, 16, 0, tzinfo=UTC)
    assert granted.wake_at == at
    assert wake_entitlement(granted, at - timedelta(seconds=1)) == (granted, ())
    due, events = wake_entitlement(granted, at)
    assert due.due
    assert [type(event) for event in events] == [EntitlementDue]
    assert wake_entitlement(due, at + timedelta(days=1)) == (due, ())


def test_it_is_due_no_longer_when_it_has_expired() -> None:
    due, _ = wake_entitlement(_granted(), datetime(2026, 12, 11, tzinfo=UTC))
    gone, events = wake_entitlement(due, due.wake_at or NOW)
    assert (gone.due, gone.wake_at, events) == (False, None, ())
    with pytest.raises(DomainError, match=r"entitlement\.expired"):
        consume_entitlement(gone, REQUESTS[0], "desk-7", due.expires_at)


Use = Callable[[Entitlement, str], Entitlement]


def _use(entitlement: Entitlement, request: str) -> Entitlement:
    return consume_entitlement(entitlement, request, "desk-7", NOW)


def _careless(entitlement: Entitlement, request: str) -> Entitlement:
    """Broken on purpose: does not look for which requests it was used."""
    return entitlement.but(used=(*entitlement.used, *_use(entitlement.but(used=()), request).used))


@pytest.mark.parametrize(("use_one", "used"), [(_use, 1), (_careless, 2)])
def test_one_request_uses_one_however_often_it_is_said(use_one: Use, used: int) -> None:
    assert len(use_one(use_one(_granted(count=3), REQUESTS[0]), REQUESTS[0]).used) == used


def test_what_is_used_up_is_refused_and_nobody_is_reminded_of_it() -> None:
    used = _use(wake_entitlement(_granted(), datetime(2026, 12, 11, tzinfo=UTC))[0], REQUESTS[0])
    assert (used.due, used.wake_at) == (False, None)
    with pytest.raises(DomainError, match=r"entitlement\.used_up"):
        _use(used, REQUESTS[1])


def test_what_is_used_in_part_is_still_brought_to_mind() -> None:
    used = _use(_granted(count=2), REQUESTS[0])
    assert wake_entitlement(used, datetime(2026, 12, 11, tzinfo=UTC))[0].due


Heard = Callable[..., Awaitable[list[Event]]]
PERSON = {"name": "李雷", "phone": "13900139000", "address": "长安街 2 号"}
SOLD = {"serial": "EB-0002", "model": "E1", "line": "e-bike", "batch": "B7", "purchased_on": "2026-11-20"}


async def test_a_purchase_is_granted_once_reminded_of_and_used(
    intake: RunningService, clock: ManualClock, heard: Heard
) -> None:
    """INT-14, over HTTP; the clock says 23 November 2026."""
    for product in (SOLD, SOLD, SOLD | {"purchased_on": "2026-11-19"}):
        await intake.http.post("/customers", json=PERSON | {"branch": "BJ01", "products": [product]})
    request = {"branch": "BJ01", "channel": "phone", "customer": PERSON, "product": SOLD, "fault": "running_in"}
    number = (await intake.http.post("/requests", json=request)).json()["id"]
    (granted,) = (await intake.http.get("/entitlements", params={"serial": "eb-0002"})).json()["items"]
    assert (granted["id"], granted["granted_on"], granted["due"]) == ("EB-0002|running_in", "2026-11-20", False)
    query = {"due": "true", "branch": "BJ01"}
    assert (await intake.http.get("/entitlements", params=query)).json()["items"] == []

    clock.advance(weeks=3)
    due = await eventually(lambda: _items(intake, query))
    assert [item["id"] for item in due] == [granted["id"]]
    assert [event.TYPE for event in await heard(ProductSold, EntitlementDue)] == [ProductSold.TYPE, EntitlementDue.TYPE]
    waiting = {"state": "to_send", "branch": "BJ01"}
    (message,) = await eventually(lambda: _items(intake, waiting, "/messages/worded"))
    assert (message["name"], message["to"], message["template"]) == ("李雷", "+8613900139000", "entitlement_due")
    assert all(word in message["text"] for word in ("EB-0002", "running-in", "2027-02-18")), message["text"]

    for _ in range(2):
        used = await intake.http.post(f"/entitlements/{granted['id']}/use", json={"request": number})
        assert (used.status_code, len(used.json()["used"])) == (200, 1), used.text
    assert (await intake.http.get("/entitlements", params=query)).json()["items"] == []
    other = request | {"product": SOLD | {"serial": "EB-0003"}}
    stranger = (await intake.http.post("/requests", json=other)).json()["id"]
    refused = await intake.http.post(f"/entitlements/{granted['id']}/use", json={"request": stranger})
    assert (refused.status_code, refused.json()["code"]) == (409, "entitlement.of_another_product")


async def test_a_purchase_older_than_any_policy_is_archived_and_grants_nothing(intake: RunningService) -> None:
    old = SOLD | {"serial": "EB-0099", "purchased_on": "1987-05-01"}
    request = {"branch": "BJ01", "channel": "phone", "customer": PERSON, "product": old, "fault": "noise"}
    taken = await intake.http.post("/requests", json=request)
    assert taken.status_code == 201, taken.text
    assert await _items(intake, {"serial": "EB-0099"}) == []


async def _items(intake: RunningService, query: dict[str, str], path: str = "/entitlements") -> list[Any]:
    return (await intake.http.get(path, params=query)).json()["items"]
