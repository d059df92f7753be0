"""Intake as a whole, by HTTP and events, on a real MongoDB and a real RabbitMQ."""

import asyncio
import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from pydantic import SecretStr

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events.intake import ProductRef
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.heartbeat import BEAT, HeartbeatState
from aftersales.common.policies import PolicyCatalogue
from aftersales.common.work import UnitOfWork
from aftersales.intake.archive.domain.customer import ArchiveCustomer, ContactPoint, Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.main import build_service
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.sales.handlers import archive_customer
from aftersales.intake.settings import Settings
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem, _running_service

Say = dict[str, Callable[..., Any]]
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "fault": "no-cooling",
}
PARTNER: dict[str, Any] = {
    "branch": "BJ01",
    "customer_name": "李雷",
    "phone": "13900139000",
    "address": "长安街 2 号",
    "serial": "EB-0002",
    "model": "E1",
    "line": "e-bike",
    "fault": "no-power",
}


async def _register(intake: RunningService, **changes: Any) -> dict[str, Any]:
    answer = await intake.http.post("/requests", json=FORM | changes, headers={"X-Actor": "desk-7"})
    assert answer.status_code == 201, answer.text
    request: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"/requests/{request['id']}"
    return request


async def _parked(intake: RunningService, number: int = 1) -> list[str]:
    async def enough() -> list[StoredDeadLetter]:
        found = await intake.find(StoredDeadLetter)
        return found if len(found) >= number else []

    return sorted(message.reason for message in await eventually(enough))


async def test_a_request_is_registered_with_its_customer_and_product(intake: RunningService) -> None:
    """INT-2, INT-3, INT-7."""
    request = await _register(intake)
    assert (request["state"], request["owner"], request["priority"]) == ("registered", "desk-7", 3)
    shown = await intake.http.get(f"/requests/{request['id']}")
    assert shown.json() == request
    customer = (await intake.http.get(f"/customers/{request['customer']}")).json()
    assert (customer["name"], customer["phone"], customer["customer_class"]) == ("王芳", "+8613800138000", "C")
    product = (await intake.http.get("/products/rf-0001")).json()
    assert (product["customer"], product["warranty_card"]) == (request["customer"], [])


async def test_one_phone_is_one_customer_however_many_call_at_once(intake: RunningService) -> None:
    """INT-3, inside a group."""
    requests = await asyncio.gather(*(_register(intake) for _ in range(20)))
    assert len({request["customer"] for request in requests}) == 1
    assert len({request["id"] for request in requests}) == 20
    assert len(await intake.find(Customer)) == len(await intake.find(ContactPoint)) == 1


@pytest.mark.parametrize(("keyed", "customers"), [(True, 1), (False, 2)])
async def test_one_phone_is_one_customer_between_replicas(
    intake: RunningService, clock: ManualClock, keyed: bool, customers: int
) -> None:
    """INT-3: the phone is the contact point's key. Without it (broken on purpose) two replicas archive two people."""
    mine: Any = intake.runtime.service.settings
    form = ArchiveCustomer.model_validate(FORM["customer"] | {"branch": "BJ01"})
    started: list[UnitOfWork] = []
    both = asyncio.Event()

    async def archive(work: UnitOfWork) -> Customer:
        customer = await archive_customer(work, form, mine.class_weights, PolicyCatalogue())
        if not keyed:
            work.changes.pop((ContactPoint.COLLECTION, str(form.phone)), None)
        started.append(work)
        if len(started) == 2:
            both.set()
        await both.wait()  # neither sees what the other is about to commit
        return customer

    other = build_service(Settings(**mine.model_dump() | {"instance": "other"}))
    async with _running_service(other, clock) as replica:
        await eventually(lambda: _ready(replica))
        told = await asyncio.gather(intake.do(archive), replica.do(archive))
    assert len({customer.id for customer in told}) == customers
    assert len(await intake.find(Customer)) == customers
    assert (len(started) > 2) is keyed, "the loser is run again, at times more than once"


async def _ready(running_service: RunningService) -> bool:
    return running_service.runtime.prepared


async def test_a_customer_is_found_by_phone_and_brought_up_to_date(intake: RunningService) -> None:
    """INT-3."""
    form = FORM["customer"] | {"branch": "BJ01", "products": [FORM["product"] | {"purchased_on": "2026-01-31"}]}
    first = await intake.http.post("/customers", json=form)
    assert first.status_code == 201
    again = await intake.http.post("/customers", json=form | {"name": "王小芳", "customer_class": "A"})
    assert again.json()["id"] == first.json()["id"]
    assert (again.json()["name"], again.json()["customer_class"]) == ("王小芳", "A")
    assert (await intake.get(Product, "RF-0001")).customer == first.json()["id"]
    assert (await _register(intake, urgency=3))["priority"] == 1


async def test_a_product_of_somebody_else_stays_theirs(intake: RunningService) -> None:
    first = await _register(intake)
    before = await intake.get(Product, "RF-0001")
    neighbour = await _register(intake, customer=FORM["customer"] | {"phone": "13800138009"})
    assert neighbour["customer"] != first["customer"]
    product = await intake.get(Product, "RF-0001")
    assert (before.customer, before.registered_with) == (first["customer"], first["id"])
    assert product == before.but(registered_with=None, version=2, correlation=product.correlation)


async def test_a_form_that_is_refused_leaves_nothing_behind(intake: RunningService) -> None:
    """INT-2; the clock says 23 November 2026."""
    bought_tomorrow = {"product": FORM["product"] | {"purchased_on": "2026-11-24"}}
    refusals: tuple[tuple[dict[str, Any], int, str], ...] = (
        ({"branch": "XX99"}, 409, "branch.unknown"),
        (bought_tomorrow, 409, "product.purchased_in_future"),
        ({"channel": "pigeon"}, 422, "input.malformed"),
        ({"urgency": 9}, 422, "input.malformed"),
    )
    for changes, status, code in refusals:
        answer = await intake.http.post("/requests", json=FORM | changes)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await intake.find(Customer) == []
    assert await intake.find(ServiceRequest) == []


async def test_a_request_is_cancelled_once(intake: RunningService) -> None:
    number = (await _register(intake))["id"]
    done = await intake.http.post(f"/requests/{number}/cancel", json={"reason": "不修了"})
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    again = await intake.http.post(f"/requests/{number}/cancel", json={"reason": "不修了"})
    assert (again.status_code, again.json()["code"]) == (409, "request.already_cancelled")


async def test_what_does_not_exist_is_not_found(intake: RunningService) -> None:
    for path, status in (
        ("/requests/SR-261122-0000", 404),
        ("/requests/nonsense", 422),
        ("/customers/00000000-0000-0000-0000-000000000000", 404),
        ("/customers/1", 422),
        ("/products/none/such", 404),
        ("/branches/XX99", 404),
    ):
        assert (await intake.http.get(path)).status_code == status, path


async def test_lists_are_filtered_and_paged(intake: RunningService) -> None:
    numbers = [(await _register(intake))["id"] for _ in range(5)]
    await intake.http.post(f"/requests/{numbers[0]}/cancel", json={"reason": "不修了"})
    seen, cursor = [], None
    while True:
        query: dict[str, Any] = {"branch": "BJ01", "state": "registered", "limit": 2}
        query |= {"cursor": cursor} if cursor else {}
        page = (await intake.http.get("/requests", params=query)).json()
        seen += [request["id"] for request in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == sorted(numbers[1:], reverse=True)
    assert [branch["id"] for branch in (await intake.http.get("/branches")).json()["items"]] == ["BJ01"]


async def test_every_order_of_arrival_ends_the_same(built: RunningSystem, intake: RunningService, say: Say) -> None:
    """DSP-7, FBK-2: 24 requests, each told of two visits in another order, every event twice."""
    orders = list(permutations([("repaired", 1), ("dissatisfied", 1), ("repaired", 2), ("answered", 2)]))
    numbers = [(await _register(intake, product=FORM["product"] | {"serial": f"RF-{i}"}))["id"] for i in range(24)]
    for index, (number, order) in enumerate(zip(numbers, orders, strict=True)):
        for word, visit in order:
            more = {"product": ProductRef(serial=f"RF-{index}", model="m", line="l")} if word == "repaired" else {}
            for _ in range(2):
                await intake.deliver(say[word](visit, request=number, **more), id=f"{index}-{word}-{visit}")

    async def all_closed() -> bool:
        return len(await intake.find(ServiceRequest, state="closed")) == len(orders)

    await eventually(all_closed, 30)
    await built.quiet()
    requests = [await intake.get(ServiceRequest, number) for number in numbers]
    ends = {request.model_dump_json(exclude={"id", "tail", "product", "correlation"}) for request in requests}
    assert len(ends) == 1
    cards = [(await intake.get(Product, f"RF-{index}")).warranty_card for index in range(len(orders))]
    assert all([entry.visit for entry in card] == [1, 2] for card in cards)
    assert await intake.find(StoredDeadLetter) == []


async def test_a_repair_after_a_cancellation_is_on_the_card_and_changes_nothing_else(
    built: RunningSystem, intake: RunningService, say: Say
) -> None:
    request = await _register(intake)
    await intake.http.post(f"/requests/{request['id']}/cancel", json={"reason": "不修了"})
    await intake.deliver(say["repaired"](1, request=request["id"]))
    await eventually(lambda: _card(intake))
    await built.quiet()
    assert (await intake.get(ServiceRequest, request["id"])).state == "cancelled"


async def _card(intake: RunningService) -> Any:
    return (await intake.get(Product, "RF-0001")).warranty_card


async def test_what_never_becomes_possible_is_parked_with_its_reason(intake: RunningService, say: Say) -> None:
    await intake.deliver(say["repaired"](1, request="SR-261122-0000"))
    assert await _parked(intake) == ["request.unknown"]


async def test_a_partner_request_is_a_request_like_any_other_and_taken_once(
    built: RunningSystem, intake: RunningService
) -> None:
    """INT-12."""
    for _ in range(3):
        await intake.deliver(PartnerServiceRequest.model_validate(PARTNER), id="P-1", source="/partner/shop")
    await eventually(lambda: intake.find(ServiceRequest))
    await built.quiet()
    (request,) = await intake.find(ServiceRequest)
    assert (request.channel, request.owner, request.address) == ("partner", "partner", "长安街 2 号")
    by_phone = await _register(intake, customer=FORM["customer"] | {"phone": PARTNER["phone"]})
    assert by_phone["customer"] == request.customer


async def test_a_bad_partner_request_is_parked_with_a_reason_the_partner_can_read(intake: RunningService) -> None:
    """INT-12."""
    for changes in ({"branch": "XX99"}, {"wanted_at": "2026-11-23T10:00:00"}, {"purchased_on": date(2026, 12, 24)}):
        await intake.deliver(PartnerServiceRequest.model_construct(**PARTNER | changes))
    assert await _parked(intake, 3) == ["branch.unknown", "event.data_malformed", "product.purchased_in_future"]
    assert await intake.find(ServiceRequest) == []


async def test_the_heart_beats_as_often_as_it_is_set_to(
    built: RunningSystem, intake: RunningService, clock: ManualClock
) -> None:
    """The first beat is due at the start."""
    seen = set()
    for _ in range(3):
        heartbeat = await eventually(lambda: _beat_at(intake, clock))
        seen.add(heartbeat.version)
        assert heartbeat.wake_at == clock.now() + timedelta(seconds=15)
        clock.advance(seconds=random.choice((15, 20)))
    assert seen == {2, 3, 4}


async def _beat_at(intake: RunningService, clock: ManualClock) -> HeartbeatState | None:
    heartbeat: HeartbeatState | None = await intake.get(HeartbeatState, BEAT)
    return heartbeat if heartbeat and heartbeat.seen_at == clock.now() else None


def test_settings_name_the_figures_of_the_rulebook() -> None:
    """ALL-1."""
    settings = Settings(mongo_url=SecretStr("mongodb://x"))
    assert settings.heartbeat_every.total_seconds() == 15
