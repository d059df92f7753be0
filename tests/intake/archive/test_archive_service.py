"""The archive by HTTP (INT-3, ALL-6), on a real MongoDB and a real RabbitMQ."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import pytest

from aftersales.intake.archive.domain.customer import ContactPoint, Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem

FANG = {"branch": "BJ01", "name": "王芳", "phone": "13800138000", "address": "建国路 1 号"}
FRIDGE = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"}
CHANGED = "intake.customer_changed.v1"


@asynccontextmanager
async def _overheard(running_service: RunningService) -> AsyncIterator[list[dict[str, Any]]]:
    """What others are told of customers."""
    heard: list[dict[str, Any]] = []

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.append(json.loads(message.body))

    connection = await aio_pika.connect(running_service.runtime.service.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(running_service.runtime.topology.events, CHANGED)
        await queue.consume(hear, no_ack=True)
        yield heard


async def _send(intake: RunningService, method: str, path: str, body: Any, **headers: str) -> Any:
    answer = await intake.http.request(method, path, json=body, headers={"X-Actor": "desk-7"} | headers)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def test_all_that_is_known_of_a_customer_is_shown_and_others_hear_what_they_need(intake: RunningService) -> None:
    async with _overheard(intake) as heard:
        said = {
            "kind": "organisation",
            "aliases": ["天成"],
            "phones": [{"number": "010-88886666", "label": "work", "ext": "801"}],
            "addresses": [{"text": "长安街 2 号", "district": "西城区", "location": {"lat": 39.9, "lon": 116.4}}],
            "contacts": [{"name": "李雷", "role": "经理", "phone": {"number": "13900139000"}}],
            "email": "office@example.cn",
            "wechat": "tiancheng88",
            "preferred_channel": "message",
            "criteria": {"size": 90, "spend": 80, "importance": 70, "loyalty": 60},
            "vip": {"team": "北京大客户组", "perks": ["当日上门"]},
            "quiet_hours": "22:00-07:00 12:00-14:00",
            "language": "zh-Hant",
        }
        customer = await _send(intake, "POST", "/customers", FANG | said)
        assert (customer["customer_class"], customer["standing"]["score"]) == ("A", 76.5)
        shown = await intake.http.get(f"/customers/{customer['id']}")
        assert shown.json() == customer
        assert [address["district"] for address in shown.json()["addresses"]] == ["", "西城区"]
        assert {point.id for point in await intake.find(ContactPoint)} == {
            "+8613800138000",
            "+861088886666",
            "+8613900139000",
            "mailto:office@example.cn",
            "chat:tiancheng88",
        }
        await _send(intake, "PATCH", f"/customers/{customer['id']}", {"name": "天成物业"})
        await _send(intake, "PATCH", f"/customers/{customer['id']}", {"customer_class": "B"})
        await eventually(lambda: _some(heard, 2))
    assert [(event["data"]["customer_class"], event["sequence"]) for event in heard] == [("A", 2), ("B", 4)]
    assert heard[0]["data"] == {
        "customer": customer["id"],
        "branch": "BJ01",
        "customer_class": "A",
        "vip": True,
        "language": "zh-Hant",
        "quiet_hours": "22:00-07:00 12:00-14:00",
        "membership": None,
        "merged_into": None,
    }


async def _some(heard: list[Any], number: int) -> bool:
    return len(heard) >= number


async def test_who_is_archived_is_told_of_once_and_who_only_calls_is_not(
    built: RunningSystem, intake: RunningService
) -> None:
    async with _overheard(intake) as heard:
        form = {"branch": "BJ01", "channel": "phone", "product": FRIDGE, "fault": "no-cooling"}
        caller = {"name": "李雷", "phone": "13900139000", "address": "长安街 2 号"}
        await _send(intake, "POST", "/requests", form | {"customer": caller})
        for _ in range(2):
            fang = await _send(intake, "POST", "/customers", FANG)
        await eventually(lambda: _some(heard, 1))
        await built.quiet()
    assert [event["subject"] for event in heard] == [fang["id"]]
    assert "王" not in json.dumps(heard, ensure_ascii=False)


async def test_a_phone_of_somebody_else_is_refused_with_their_id_and_nothing_changes(intake: RunningService) -> None:
    """INT-3: every phone of everybody, contacts included, leads to one customer."""
    fang = await _send(intake, "POST", "/customers", FANG)
    contact = {"name": "韩梅梅", "phone": {"number": "13700137000"}}
    lei = await _send(intake, "POST", "/customers", FANG | {"phone": "13900139000", "contacts": [contact]})
    attempts: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("PATCH", f"/customers/{fang['id']}", {"phones": [{"number": "13800138000"}, {"number": "13900139000"}]}),
        ("PATCH", f"/customers/{fang['id']}", {"contacts": [contact]}),
        ("POST", "/customers", FANG | {"phones": [{"number": "13700137000"}]}),
        ("POST", "/customers", FANG | {"phone": "13600136000", "phones": [{"number": "13700137000"}]}),
    )
    for method, path, body in attempts:
        refused = await intake.http.request(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "phone.taken")
        assert refused.json()["params"]["customer"] == lei["id"]
    assert (await intake.get(Customer, fang["id"])).version == fang["version"]
    assert len(await intake.find(ContactPoint)) == 3


async def test_a_phone_that_was_given_up_is_free_for_the_next(intake: RunningService) -> None:
    fang = await _send(intake, "POST", "/customers", FANG)
    await _send(intake, "PATCH", f"/customers/{fang['id']}", {"phones": [{"number": "13900139000"}]})
    other = await _send(intake, "POST", "/customers", FANG | {"name": "李雷"})
    assert other["id"] != fang["id"]


async def test_a_change_to_a_customer_that_somebody_changed_meanwhile_is_refused(intake: RunningService) -> None:
    fang = await _send(intake, "POST", "/customers", FANG)
    path, tag = f"/customers/{fang['id']}", f'"{fang["version"]}"'
    await _send(intake, "PATCH", path, {"language": "en"}, **{"If-Match": tag})
    late = await intake.http.patch(path, json={"language": "zh-Hans"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "version.changed")
    assert (await intake.get(Customer, fang["id"])).language == "en"


async def test_a_consent_is_given_and_taken_back_with_who_noted_it(intake: RunningService) -> None:
    """ALL-6."""
    fang = await _send(intake, "POST", "/customers", FANG)
    path = f"/customers/{fang['id']}/consents/marketing"
    await _send(intake, "PUT", path, {"given": True, "how": "service report", "evidence": "SR-1/p2"})
    after = await _send(intake, "PUT", path, {"given": False, "how": "phone"})
    assert [(one["purpose"], one["given"], one["by"]) for one in after["consents"]] == [
        ("marketing", True, "desk-7"),
        ("marketing", False, "desk-7"),
    ]
    assert after["consents"][1]["at"].startswith("2026-11-23")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/customers/00000000-0000-0000-0000-000000000000", 404),
        ("GET", "/customers/00000000-0000-0000-0000-000000000000/products", 404),
        ("GET", "/customers/00000000-0000-0000-0000-000000000000/duplicates", 404),
        ("GET", "/models/none", 404),
        ("GET", "/customers?cursor=1", 422),
        ("PATCH", "/customers/1", 422),
    ],
)
async def test_what_is_not_there_is_said_so(intake: RunningService, method: str, path: str, status: int) -> None:
    assert (await intake.http.request(method, path, json={})).status_code == status


async def test_a_product_of_an_unknown_model_waits_until_somebody_settles_it(intake: RunningService) -> None:
    free = await _send(intake, "POST", "/customers", FANG | {"products": [FRIDGE | {"serial": "OLD-1"}]})
    model = await _send(intake, "PUT", "/models/BCD-258", {"line": "refrigerator", "title": "冰箱 258 升"})
    assert (await intake.http.get("/models")).json()["items"] == [model]
    assert (await intake.http.get("/models/BCD-258")).json()["warranty_months"] is None
    products = [FRIDGE | {"line": "fridge"}, {"serial": "RF-0002", "model": "BCD-25B", "line": "fridge"}]
    form = {"branch": "BJ01", "channel": "phone", "product": products[1], "fault": "no-cooling"}
    caller = {key: FANG[key] for key in ("name", "phone", "address")}
    await _send(intake, "POST", "/requests", form | {"customer": caller})
    await _send(intake, "POST", "/customers", FANG | {"products": products[:1]})
    held = (await intake.http.get("/products", params={"quarantined": "true", "branch": "BJ01"})).json()["items"]
    assert [(one["id"], one["quarantine"], one["customer"]) for one in held] == [
        ("RF-0002", "model_unknown", free["id"])
    ]
    assert (await intake.get(Product, "RF-0001")).line == "refrigerator"
    settled = await _send(intake, "POST", "/products/rf-0002/settle", {"model": "BCD-258", "why": "铭牌照片"})
    assert (settled["model"], settled["line"], settled["status"]) == ("BCD-258", "refrigerator", "in_use")
    assert (await intake.http.get("/products", params={"quarantined": "true"})).json()["items"] == []
    again = await intake.http.post("/products/rf-0002/settle", json={"why": "再来"})
    assert (again.status_code, again.json()["code"]) == (409, "product.not_quarantined")


async def test_a_product_changes_hands_and_is_scrapped(intake: RunningService) -> None:
    seller = await _send(intake, "POST", "/customers", FANG | {"products": [FRIDGE]})
    buyer = await _send(intake, "POST", "/customers", FANG | {"phone": "13900139000", "name": "李雷"})
    path = "/products/RF-0001"
    sold = await _send(intake, "POST", f"{path}/transfer", {"to": buyer["id"], "why": "二手转让"})
    assert (sold["customer"], sold["history"][0]["owner"]) == (buyer["id"], seller["id"])
    assert sold["history"][0]["on"] == "2026-11-23"
    late = await intake.http.post(f"{path}/transfer", json={"to": buyer["id"], "why": "x"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert (await intake.http.get(f"/customers/{seller['id']}/products")).json()["items"] == []
    assert (await _send(intake, "POST", f"{path}/status", {"status": "scrapped", "why": "事故"}))[
        "status"
    ] == "scrapped"
    refused = await intake.http.post(f"{path}/transfer", json={"to": seller["id"], "why": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "product.scrapped")
    assert (await intake.http.post(f"{path}/transfer", json={"to": "1", "why": "x"})).status_code == 422
