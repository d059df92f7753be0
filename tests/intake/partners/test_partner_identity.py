"""Whose a partner's event is (INT-12): its user, its id and its content, in whatever form and place it comes."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aio_pika.exceptions import AMQPError
from intake.shop import FAULT, SALE, SHOP, event, journal, publish, receipts, sale

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import Envelope, Event
from aftersales.common.events.intake import PartnerMessageAccepted, PartnerMessageRefused, RequestRegistered
from aftersales.common.events.partner import PartnerProductSold, PartnerServiceRequest
from aftersales.common.partners import Gate, own_user, sender_of, to_structured_mode
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.partners.domain import PartnerMessage
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem
from aftersales.values.errors import Malformed

Heard = Callable[..., Awaitable[list[Event]]]
ASKED, SOLD = PartnerServiceRequest.TYPE, PartnerProductSold.TYPE
GATE = Gate("partners", {"dealer": ("//dealer/orders", "//dealer/shop/*"), "us": ("*",), "": ("//anybody/*",)})


def _envelope(source: str = "//dealer/orders", id: str = "7", kind: str = SOLD, **data: Any) -> Envelope:
    about = {"specversion": "1.0", "time": datetime(2026, 11, 22, tzinfo=UTC), "subject": "s", "correlationid": "c"}
    return Envelope.model_validate(about | {"id": id, "source": source, "type": kind, "data": data})


@pytest.mark.parametrize(
    ("user", "source", "origin", "kind", "code"),
    [
        ("dealer", "//dealer/orders", "partners", SOLD, ""),
        ("dealer", "//dealer/shop/1", "partners", SOLD, ""),
        ("us", "//anybody", "partners", SOLD, ""),
        ("", "//dealer/orders", "", SOLD, ""),
        ("", "//anybody/at/all", "partners", SOLD, ""),
        ("stranger", "//anybody/at/all", "partners", SOLD, ""),
        ("dealer", "//dealer/orders/2", "partners", SOLD, "partner.source_not_theirs"),
        ("dealer", "//dealer", "partners", SOLD, "partner.source_not_theirs"),
        ("stranger", "//dealer/orders", "partners", SOLD, "partner.source_not_theirs"),
        ("", "//dealer/orders", "partners", SOLD, "partner.unidentified"),
        ("us", "//dealer/orders", "events", SOLD, "event.wrong_exchange"),
        ("us", "/aftersales/intake", "partners", "intake.request_closed.v1", "event.not_for_partners"),
        ("", "/aftersales/intake", "events", "intake.request_closed.v1", ""),
    ],
)
def test_a_user_may_name_its_own_sources_alone(user: str, source: str, origin: str, kind: str, code: str) -> None:
    envelope = _envelope(source, kind=kind)
    if not code:
        return GATE.admit(envelope, origin, user)
    with pytest.raises(Malformed) as refused:
        GATE.admit(envelope, origin, user)
    assert refused.value.code == code
    return None


def test_names_that_join_to_the_same_text_are_different_events() -> None:
    """`shop|a` with id `1` and `shop` with id `a|1` were one event before."""
    named = [
        ("u", "shop|a", "1"),
        ("u", "shop", "a|1"),
        ("u|shop", "a", "1"),
        ("u", 'shop","a', "1"),
        ("", "shop", "1"),
    ]
    senders = [sender_of(_envelope(source, id), user) for user, source, id in named]

    assert len({sender.event for sender in senders}) == len({sender.content for sender in senders}) == len(named)


def test_content_is_type_and_data_whatever_the_order_and_the_time_of_sending() -> None:
    one, same = (
        _envelope(a=1, b={"c": 1, "d": 2}),
        _envelope(b={"d": 2, "c": 1}, a=1).model_copy(update={"subject": "x"}),
    )

    assert sender_of(one, "u").content == sender_of(same, "u").content
    assert sender_of(one, "u").content != sender_of(_envelope(kind=ASKED, a=1, b={"c": 1, "d": 2}), "u").content
    assert sender_of(one, "u").content != sender_of(_envelope(a=2, b={"c": 1, "d": 2}), "u").content


@pytest.mark.parametrize(
    ("url", "user"),
    [("amqp://guest:x@h:1", "guest"), ("amqp://h", "guest"), ("amqp://a%40b:c@h/v", "a@b"), ("amqps://u@h/", "u")],
)
def test_the_user_of_our_own_url_is_read(url: str, user: str) -> None:
    assert own_user(url) == user


@pytest.mark.parametrize("prefix", ["ce-", "cloudEvents:", "cloudEvents_", "CE_"])
def test_binary_mode_is_read_by_each_prefix(prefix: str) -> None:
    headers = {f"{prefix}id": "7", f"{prefix}source": b"//dealer", f"{prefix}time": datetime(2026, 1, 1), "other": 1}  # noqa: DTZ001 (as AMQP gives it)
    read = json.loads(to_structured_mode(b'{"a": 1}', headers, "application/json; charset=utf-8"))

    assert read == {
        "id": "7",
        "source": "//dealer",
        "time": "2026-01-01T00:00:00+00:00",
        "datacontenttype": "application/json; charset=utf-8",
        "data": {"a": 1},
    }
    assert json.loads(to_structured_mode(b"<a/>", headers, ""))["data_base64"] == "PGEvPg=="
    assert to_structured_mode(b"{}", headers, "application/cloudevents+json") == b"{}"


async def test_who_is_not_named_or_names_another_user_is_refused(
    built: RunningSystem, intake: RunningService, heard: Heard
) -> None:
    """INT-12: RabbitMQ itself refuses a user that is not the connection's."""
    with pytest.raises(AMQPError):
        await publish(intake, sale(intake, "A"), user_id="acme")
    await publish(intake, sale(intake, "A"), user_id=None)
    (receipt,) = await receipts(intake, 1)
    assert (receipt["state"], receipt["code"], receipt["partner"]) == ("refused", "partner.unidentified", "")
    (parked,) = await intake.find(StoredDeadLetter)
    await intake.http.post(f"/dead/{parked.id}/replay")
    await built.quiet()
    (parked,) = await eventually(lambda: intake.find(StoredDeadLetter))
    assert (parked.reason, await intake.find(Product)) == ("partner.unidentified", [])
    await publish(intake, sale(intake, "A"))
    (accepted,) = await receipts(intake, 1, state="accepted")
    assert (accepted["partner"], accepted["serial"]) == ("guest", "EB-0002")


async def test_an_impostor_does_not_make_the_real_event_vanish(built: RunningSystem, intake: RunningService) -> None:
    """Its receipt is one of its own, so that the real partner's event 7 is neither known nor refused."""
    await publish(intake, event(intake, "7", ASKED, FAULT), user_id=None)
    await receipts(intake, 1, state="refused")
    await publish(intake, event(intake, "7", ASKED, FAULT))
    (accepted,) = await receipts(intake, 1, state="accepted")
    (request,) = await intake.find(ServiceRequest)
    assert accepted["request"] == request.id
    assert len(await receipts(intake, 2)) == 2


async def test_an_accepted_request_is_named_in_receipt_event_and_document(intake: RunningService, heard: Heard) -> None:
    """INT-12: the partner finds its number, and the desk the partner."""
    await publish(intake, event(intake, "7", ASKED, FAULT, subject="DEALER-88-10417"))
    (receipt,) = await receipts(intake, 1, id="7")
    (told, registered) = await heard(PartnerMessageAccepted, RequestRegistered)
    if isinstance(told, RequestRegistered):
        told, registered = registered, told
    request = (await intake.http.get(f"/requests/{receipt['request']}")).json()

    assert (receipt["state"], receipt["reference"]) == ("accepted", "DEALER-88-10417")
    assert told.model_dump() | {"at": None} == {
        "source": SHOP,
        "id": "7",
        "type": ASKED,
        "partner": "guest",
        "reference": "DEALER-88-10417",
        "duplicate": False,
        "request": request["id"],
        "serial": None,
        "waybill": None,
        "at": None,
    }
    assert isinstance(registered, RequestRegistered)
    assert registered.request == request["id"]
    assert request["partner"] == {"partner": "guest", "source": SHOP, "id": "7", "reference": "DEALER-88-10417"}


async def test_another_content_under_the_same_id_is_refused_and_the_same_is_known(
    built: RunningSystem, intake: RunningService, heard: Heard
) -> None:
    """INT-12: a counter that starts again, or an order number used for two kinds of event, loses no customer."""
    await publish(intake, event(intake, "7", ASKED, FAULT))
    await receipts(intake, 1)
    later = event(intake, "7", ASKED, dict(reversed(FAULT.items())), time="2026-11-22T05:00:00Z")
    await publish(
        intake, later, event(intake, "7", ASKED, FAULT | {"serial": "EB-0003"}), event(intake, "7", SOLD, SALE)
    )
    found = await receipts(intake, 3)
    await built.quiet()
    assert sorted((receipt["state"], receipt["code"]) for receipt in found) == [
        ("accepted", ""),
        ("refused", "partner.other_content"),
        ("refused", "partner.other_content"),
    ]
    assert len({receipt["digest"] for receipt in found}) == 3
    assert len(await heard(PartnerMessageRefused)) == 2
    assert len(await intake.find(ServiceRequest)) == 1
    assert len(await intake.find(StoredDeadLetter)) == 2


async def test_an_event_that_was_taken_before_the_receipts_had_their_new_ids_is_known(
    built: RunningSystem, intake: RunningService
) -> None:
    """And one whose old id another event's source and id join to is not."""
    old = {"branch": "-", "type": ASKED, "state": "accepted", "at": intake.runtime.clock.now()}

    async def leave(work: Any) -> None:
        work.put(PartnerMessage(id=f"{SHOP}|7", source=SHOP, message="7", **old))
        work.put(PartnerMessage(id=f"{SHOP}|a|1", source=f"{SHOP}|a", message="1", **old))

    await intake.do(leave)
    await publish(intake, event(intake, "7", ASKED, FAULT), event(intake, "a|1", ASKED, FAULT | {"serial": "EB-0003"}))
    (accepted,) = await receipts(intake, 1, id="a|1")
    await built.quiet()
    (request,) = await intake.find(ServiceRequest)
    assert (request.id, request.product.serial) == (accepted["request"], "EB-0003")


async def test_binary_mode_is_taken_and_what_is_wrong_with_it_is_told_under_its_source(intake: RunningService) -> None:
    """INT-12: as CloudEvents' AMQP binding and the SDKs send it; retries and replays carry it on whole."""
    about = {"specversion": "1.0", "type": ASKED, "source": SHOP, "time": "2026-11-22T04:00:00Z"}
    for id, data in (("good", FAULT), ("bad", FAULT | {"branch": "XX99"}), ("worse", {"branch": 1})):
        headers = {f"cloudEvents:{name}": value for name, value in about.items()} | {"cloudEvents:id": id}
        await publish(intake, json.dumps(data).encode(), headers=headers, content_type="application/json")
    await publish(intake, b"<order/>", headers=headers | {"cloudEvents:id": "xml"}, content_type="text/xml")
    await publish(intake, b"[]", content_type="application/cloudevents-batch+json")
    found = {receipt["id"]: receipt for receipt in await receipts(intake, 4)}
    assert {id: receipt["code"] for id, receipt in found.items()} == {
        "good": "",
        "bad": "branch.unknown",
        "worse": "event.data_malformed",
        "xml": "event.malformed",
    }
    assert found["xml"]["type"] == ASKED
    assert {wrong["field"] for wrong in found["xml"]["params"]["errors"]} == {"datacontenttype", "data"}
    (batch,) = await receipts(intake, 1, "unknown")
    assert (batch["code"], batch["partner"]) == ("event.batch", "guest")


async def test_an_event_on_the_wrong_exchange_is_refused_and_stays_out_of_the_journal(intake: RunningService) -> None:
    """INT-12: it was confirmed, kept in the journal with all its personal data, and heard of by nobody."""
    topology = intake.runtime.topology
    await publish(intake, event(intake, "7", ASKED, FAULT), exchange=topology.events, key=ASKED)
    (receipt,) = await receipts(intake, 1)
    assert (receipt["code"], receipt["params"]) == ("event.wrong_exchange", {"exchange": topology.partner_exchange})
    with pytest.raises(AMQPError):
        await publish(intake, event(intake, "8", ASKED, FAULT), exchange=topology.events, key="dealer.orders")
    await publish(intake, event(intake, "8", ASKED, FAULT))
    await receipts(intake, 1, state="accepted")
    kept = set(await journal(intake, PartnerMessageAccepted.TYPE))
    assert kept >= {PartnerMessageRefused.TYPE, RequestRegistered.TYPE}
    assert not kept & {ASKED, "dealer.orders"}


@pytest.mark.parametrize("source", ["not a uri at all \n", "../..", "a?b#c%2F", "上海店", "x" * 256])
async def test_receipts_of_any_source_can_be_read(intake: RunningService, source: str) -> None:
    await publish(intake, event(intake, "7", ASKED, FAULT, source=source))
    (receipt,) = await receipts(intake, 1, source)
    assert (receipt["state"], receipt["source"]) == ("accepted", source)
