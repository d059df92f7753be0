"""Customers who are archived without a telephone number, by people and by partners (INT-2, INT-3, INT-12)."""

from typing import Any

import pytest
from intake import staff
from intake.shop import FAULT, SALE, event, publish, receipts, sale

from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing.system import RunningService

ASKED = "partner.service_request.v1"
JOSE: dict[str, Any] = {"branch": "BJ01", "name": "José García", "address": "长安街 2 号"}


async def archive(intake: RunningService, status: int = 201, **said: Any) -> Any:
    return await staff.say(intake, "POST", "/customers", status=status, **said)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"email": "Jose@example.com"}, {"email": "jose@EXAMPLE.com"}),
        ({"chat_id": "小猫爱吃鱼"}, {"chat_id": "小猫爱吃鱼"}),
        ({"wechat": "jose_88"}, {"wechat": "Jose_88"}),
        ({"phones": [{"number": "13900000081"}]}, {"phone": "139 0000 0081"}),
    ],
)
async def test_a_customer_without_a_phone_is_archived_once(
    intake: RunningService, first: dict[str, Any], again: dict[str, Any]
) -> None:
    """INT-2, INT-3: by an e-mail address or an account, with products; a blank phone counts as none."""
    product = {"serial": "EB-77", "model": "E1", "line": "e-bike", "purchased_on": "2026-05-01"}
    one = await archive(intake, **JOSE | {"phone": "", "products": [product]} | first)
    two = await archive(intake, **JOSE | again | {"language": "en"})
    assert (one["id"], two["language"]) == (two["id"], "en")
    assert (await intake.get(Product, "EB-77")).customer == one["id"]


async def test_an_address_is_enough_and_two_of_one_household_stay_two(intake: RunningService) -> None:
    """INT-3: father and son of one name at one address are shown as possible duplicates, and never melted."""
    father, son = [await archive(intake, **JOSE) for _ in range(2)]
    assert (father["phone"], father["phones"], father["id"] == son["id"]) == ("", [], False)
    (double,) = await staff.ask(intake, f"/customers/{father['id']}/duplicates")
    assert (double["customer"]["id"], double["reasons"]) == (son["id"], ["name_and_address"])
    changed = await staff.say(intake, "PATCH", f"/customers/{son['id']}", phones=[{"number": "13900000082"}])
    assert changed["phone"] == "+8613900000082"


async def test_a_customer_whom_nobody_can_reach_needs_the_reason(intake: RunningService) -> None:
    """INT-2: in the same words as at a request; what is said instead is kept."""
    nobody: dict[str, Any] = {"branch": "BJ01", "name": "甲", "phone": " ", "email": ""}
    answer = await intake.http.post("/customers", json=nobody, headers={"Accept-Language": "en"})
    (error,) = answer.json()["params"]["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (422, "body.phone", "request.no_way_to_reach")
    kept = await staff.say(intake, "POST", "/customers", status=201, **nobody, unreachable="户主在国外")
    assert (kept["unreachable"], kept["phones"], kept["addresses"]) == ("户主在国外", [], [])


async def test_a_partners_request_needs_no_phone_where_there_is_another_way(intake: RunningService) -> None:
    """INT-12, INT-2: an e-mail address, an account, an address, or the reason why there is none; cancelled as well."""
    bare = {name: said for name, said in FAULT.items() if name not in {"phone", "address", "serial"}}
    ways: dict[str, dict[str, Any]] = {
        "mail": {"email": "jose@example.com", "address": "长安街 2 号"},
        "chat": {"chat_id": "小猫爱吃鱼", "address": "长安街 2 号"},
        "post": {"address": "长安街 2 号"},
        "none": {"customer_name": None, "unreachable": "匿名信", "kind": "consultation", "description": "几点开门"},
    }
    bodies = [event(intake, id, ASKED, bare | way) for id, way in ways.items()]
    await publish(intake, *bodies, event(intake, "nothing", ASKED, bare), key=ASKED)
    told = {one["id"]: one for one in await receipts(intake, 5)}
    assert {id: one["state"] for id, one in told.items()} == dict.fromkeys(ways, "accepted") | {"nothing": "refused"}
    (wrong,) = told["nothing"]["params"]["errors"]
    assert (wrong["field"], "request.no_way_to_reach" in wrong["problem"]) == ("phone", True)
    assert len(await intake.find(Customer)) == 4
    by_mail = await intake.get(ServiceRequest, told["mail"]["request"])
    assert (await intake.get(Customer, by_mail.customer)).email == "jose@example.com"
    assert (await intake.get(ServiceRequest, told["none"]["request"])).unreachable == "匿名信"
    cancelled = {"request": by_mail.id, "reason": "客户说又好了"}
    await publish(intake, event(intake, "off", "partner.request_cancelled.v1", cancelled))
    assert (await receipts(intake, 6))[0]["state"] == "accepted"


async def test_a_partners_sale_to_a_buyer_without_a_phone_counts_once(intake: RunningService) -> None:
    """INT-12: told again by another event; another name at the same serial number is another buyer."""
    buyer = {name: said for name, said in SALE.items() if name != "phone"}
    kind = "partner.product_sold.v1"
    await publish(intake, event(intake, "1", kind, buyer))
    await receipts(intake, 1)
    await publish(
        intake, event(intake, "2", kind, buyer), event(intake, "3", kind, buyer | {"customer_name": "韩梅梅"})
    )
    await publish(intake, sale(intake, "4"))
    states = {one["id"]: (one["state"], one["code"]) for one in await receipts(intake, 4)}
    assert states == {
        "1": ("accepted", ""),
        "2": ("duplicate", ""),
        "3": ("refused", "sale.of_anothers_product"),
        "4": ("refused", "sale.of_anothers_product"),
    }
    assert len(await intake.find(Customer)) == 1
