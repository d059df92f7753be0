"""Partner events (INT-12): accepted once each, a bad one refused in words that the partner can read."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from intake.shop import FAULT, SALE, SHOP, event, publish, receipts, sale

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import Event
from aftersales.common.events.intake import PartnerMessageRefused, ProductSold, RequestCancelled
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.partners.domain import PartnerMessage, refuse_message, stated_sender
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem

Heard = Callable[..., Awaitable[list[Event]]]
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def _refused(code: str = "branch.unknown", **params: Any) -> PartnerMessage:
    about = {"source": SHOP, "message": "1", "type": "partner.product_sold.v1", "state": "refused"}
    return PartnerMessage(id=f"{SHOP}|1", code=code, params=params, at=NOW, **about)


def test_a_refusal_is_told_once_and_again_only_for_another_reason() -> None:
    first, told = refuse_message(None, _refused(branch="XX"))
    assert [type(event) for event in told] == [PartnerMessageRefused]
    assert refuse_message(first, _refused(branch="XX")) == (first, ())
    second, told = refuse_message(first, _refused("sale.on_another_day", serial="EB-1"))
    assert (second.code, len(told)) == ("sale.on_another_day", 1)


def test_what_was_accepted_is_not_refused_afterwards() -> None:
    accepted = _refused("").but(state="accepted")
    assert refuse_message(accepted, _refused()) == (accepted, ())


@pytest.mark.parametrize(
    ("body", "known"),
    [
        (b'{"source": "//shop", "id": "7"}', ("//shop", "7")),
        (b'{"source": 7, "id": "7"}', ("unknown", "7")),
        (b'{"source": "//shop", "id": "\\ud800"}', ("//shop", "digest")),
        (b'{"source": "//shop\\u0000", "id": ""}', ("unknown", "digest")),
        (b"[]", ("unknown", "digest")),
        (b"no json", ("unknown", "digest")),
        (b"\xff\xfe", ("unknown", "digest")),
        (b"[" * 100_000, ("unknown", "digest")),
    ],
)
def test_the_sender_is_read_as_far_as_the_message_says_it(body: bytes, known: tuple[str, str]) -> None:
    said = stated_sender(body, "dealer-88", "digest")
    assert (said.source, said.id, said.user, said.digest) == (*known, "dealer-88", "digest")


async def test_a_sale_is_archived_once_in_however_many_events_it_is_told(
    built: RunningSystem, intake: RunningService, heard: Heard
) -> None:
    """INT-12, INT-3, INT-14."""
    same = [sale(intake, id) for id in ("A", "A", "B")]
    await publish(intake, *same)
    await receipts(intake, 2)
    await publish(intake, sale(intake, "C", customer_name="李大雷", phone="+86 139 0013 9000"), *same)
    found = await receipts(intake, 3)
    await built.quiet()
    assert {receipt["id"]: (receipt["state"], receipt["serial"]) for receipt in found} == {
        "A": ("accepted", "EB-0002"),
        "B": ("duplicate", "EB-0002"),
        "C": ("duplicate", "EB-0002"),
    }
    (customer,) = await intake.find(Customer)
    (product,) = await intake.find(Product)
    assert (customer.name, product.customer, product.batch) == ("李雷", customer.id, "B7")
    assert (product.version, len(await intake.find(Entitlement))) == (1, 1)
    assert len(await heard(ProductSold)) == 1
    assert await intake.find(StoredDeadLetter) == []


async def test_a_bad_event_is_parked_recorded_and_told_to_the_partner(intake: RunningService, heard: Heard) -> None:
    """INT-12: each with its code, in the reader's words, and nothing of it is done."""
    known = {"name": "王芳", "phone": "13800138000", "address": "建国路", "branch": "BJ01"}
    product = {"serial": "EB-0009", "model": "E1", "line": "e-bike", "purchased_on": "2026-11-01"}
    await intake.http.post("/customers", json=known | {"products": [product]})
    bad = {
        "branch": {"branch": "XX99"},
        "day": {"purchased_on": "2026-12-24"},
        "field": {"purchased_on": "soon", "colour": "red"},
        "other": {"serial": "EB-0009"},
        "again": {"serial": "EB-0009", "phone": "13800138000"},
    }
    await publish(intake, *(sale(intake, id, **changes) for id, changes in bad.items()))
    found = await receipts(intake, len(bad), state="refused")
    assert {receipt["id"]: receipt["code"] for receipt in found} == {
        "branch": "branch.unknown",
        "day": "product.purchased_in_future",
        "field": "event.data_malformed",
        "other": "sale.of_anothers_product",
        "again": "sale.on_another_day",
    }
    words = next(receipt["words"] for receipt in found if receipt["id"] == "branch")
    assert words.startswith("没有网点 XX99")
    assert len(await intake.find(StoredDeadLetter)) == len(bad)
    told = {event.id: event for event in await heard(PartnerMessageRefused) if isinstance(event, PartnerMessageRefused)}
    assert set(told) == set(bad)
    assert {wrong.field for wrong in told["field"].errors} == {"purchased_on", "colour"}
    assert [(param.name, param.value) for param in told["branch"].params] == [("branch", "XX99")]
    assert len(await intake.find(Customer)) == len(await intake.find(Product)) == 1


async def test_what_cannot_be_read_is_recorded_as_far_as_it_says_who_sent_it(
    intake: RunningService, heard: Heard
) -> None:
    """INT-12: no JSON, no CloudEvent, a type that is not theirs, a type that nobody knows."""
    good = json.loads(sale(intake, "x"))
    lacking = {name: value for name, value in good.items() if name != "time"}
    bodies = [lacking | {"id": "L"}, good | {"id": "O", "type": "intake.request_closed.v1"}]
    bodies += [good | {"id": "U", "type": "partner.unheard_of.v1"}]
    await publish(intake, b"no json", *(json.dumps(body).encode() for body in bodies))
    assert {receipt["id"]: receipt["code"] for receipt in await receipts(intake, 3)} == {
        "L": "event.malformed",
        "O": "event.not_for_partners",
        "U": "event.unknown_type",
    }
    (unreadable,) = await receipts(intake, 1, "unknown")
    assert (unreadable["code"], unreadable["type"], len(unreadable["id"])) == ("event.malformed", "unknown", 64)
    assert len(await heard(PartnerMessageRefused)) == 4


async def test_a_refused_event_that_is_sent_again_when_it_can_be_done_is_accepted(
    built: RunningSystem, intake: RunningService, heard: Heard
) -> None:
    """INT-12: the dead letter is replayed, and the receipt says what became of it in the end."""
    event = PartnerServiceRequest.model_validate(
        {name: SALE[name] for name in ("customer_name", "phone", "address", "serial", "model", "line")}
        | {"branch": "SH01", "fault": "no-power"}
    )
    for _ in range(2):
        await intake.deliver(event, id="R", source=SHOP)
    (receipt,) = await receipts(intake, 1)
    await built.quiet()
    assert (receipt["state"], len(await heard(PartnerMessageRefused))) == ("refused", 1)
    place = {"name": "上海", "zone": "Asia/Shanghai", "location": {"lat": 31.2, "lon": 121.4}}
    await intake.http.put("/branches/SH01", json=place)
    for dead in (await intake.http.get("/dead")).json()["items"]:  # it came twice, at two times
        await intake.http.post(f"/dead/{dead['id']}/replay")
    (receipt,) = await receipts(intake, 1, state="accepted")
    assert (receipt["code"], receipt["words"], len(await intake.find(ServiceRequest))) == ("", "", 1)


async def test_what_is_no_partners_event_leaves_no_receipt(
    built: RunningSystem, intake: RunningService, say: Any, heard: Heard
) -> None:
    await intake.deliver_raw(b"no json")
    await intake.deliver(say["repaired"](1, request="SR-261122-0000"))

    async def both() -> bool:
        return len(await intake.find(StoredDeadLetter)) == 2

    await eventually(both)
    await built.quiet()
    assert await intake.find(PartnerMessage) == []
    assert await heard(PartnerMessageRefused) == []


async def test_int_12_a_partner_cancels_its_own_request_once_and_no_other(
    intake: RunningService, built: RunningSystem, heard: Heard
) -> None:
    """INT-12: refused in the same words whether the number is unknown or somebody else's."""
    await publish(intake, event(intake, "1", "partner.service_request.v1", FAULT), key="partner.service_request.v1")
    (asked,) = await receipts(intake, 1)
    desk = SALE | {"name": SALE["customer_name"]}
    form = {"branch": "BJ01", "channel": "phone", "customer": {name: desk[name] for name in ("name", "phone")}}
    ours = (await intake.http.post("/requests", json=form | {"kind": "consultation", "description": "?"})).json()["id"]
    kind = "partner.request_cancelled.v1"
    for id, number in (("2", asked["request"]), ("3", asked["request"]), ("4", ours), ("5", "SR-261122-ZZZZ")):
        body = event(intake, id, kind, {"request": number, "reason": "客户说又好了"})
        await publish(intake, body, body, key=kind)
    told = {one["id"]: one for one in await receipts(intake, 5)}
    assert [told[id]["state"] for id in "2345"] == ["accepted", "duplicate", "refused", "refused"]
    assert {told[id]["code"] for id in "45"} == {"partner.request_unknown"}
    cancelled = (await intake.http.get(f"/requests/{asked['request']}")).json()
    assert (cancelled["state"], cancelled["history"][-1]["why"]) == ("cancelled", "客户说又好了")
    assert (await intake.http.get(f"/requests/{ours}")).json()["state"] == "registered"
    assert [one.TYPE for one in await heard(RequestCancelled)] == [RequestCancelled.TYPE]
