"""Contacts about an order of an online shop (INT-15): kinds of their own, the order as search key, parcel clocks."""

from typing import Any

import pytest
from intake import staff

from aftersales.intake.classification.domain import Classifier, Described
from aftersales.intake.classification.store import packaged_rules
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.store import order_filter
from aftersales.intake.vocabulary import OF_AN_ORDER
from aftersales.testing.system import RunningService

BUYER = {"name": "买家", "phone": "13900000051"}
ORDER = {"platform": "taobao", "number": "3387 0012 9981", "account": "小猫爱吃鱼"}
CLASSIFIER = Classifier(packaged_rules())


async def register(intake: RunningService, kind: str, **form: Any) -> Any:
    said = {"branch": "BJ01", "channel": "chat", "customer": BUYER, "kind": kind, "order": ORDER}
    return await staff.say(intake, "POST", "/requests", status=201, **said | form)


@pytest.mark.parametrize("kind", sorted(OF_AN_ORDER))
def test_a_contact_about_an_order_needs_the_order(kind):
    """INT-15: its number or the buyer's account; a change of address also the new one."""
    form: dict[str, Any] = {"branch": "BJ01", "channel": "chat", "customer": BUYER, "kind": kind}
    with pytest.raises(ValueError, match=r"request\.order_number_missing"):
        RegisterRequest.model_validate(form)
    details = {"details": {"new_address": "长安街 9 号"}} if kind == "address_change" else {}
    RegisterRequest.model_validate(form | {"order": {"account": "小猫爱吃鱼"}} | details)
    with pytest.raises(ValueError, match=r"request\.order_number_missing"):
        RegisterRequest.model_validate(form | {"order": {"platform": "jd"}} | details)


async def test_it_needs_no_product_and_goes_by_the_shops_policy(intake):
    """INT-15, ALL-1: without a product it went by `enterprise`, with a reply in 24 hours instead of 5 minutes."""
    request = await register(intake, "invoice")
    assert (request["product"]["line"], request["policy"], request["policy_is_general"]) == (
        "online-order",
        "e-commerce@0",
        False,
    )
    assert request["order"] == ORDER
    assert request["coverage"]["reason"] == "claim"


async def test_a_parcel_problem_starts_its_two_clocks_and_answers_end_them(intake):
    """INT-15, FBK-4: a reply in 5 minutes, solved in 48 hours."""
    request = await register(intake, "parcel_problem")
    assert {clock["stage"] for clock in request["clocks"]} >= {"logistics_reply", "logistics", "first_reply"}
    for final, ended in (False, {"logistics_reply"}), (True, {"logistics_reply", "logistics"}):
        reply = {"channel": "chat", "text": "已联系快递", "final": final}
        told = await staff.say(intake, "POST", f"/requests/{request['id']}/replies", **reply)
        met = {clock["stage"] for clock in told["clocks"] if clock["outcome"] == "met"}
        assert met & {"logistics_reply", "logistics"} == ended


@pytest.mark.parametrize("word", ["3387 0012 9981", "小猫爱吃鱼"])
async def test_a_request_is_found_by_order_number_and_account(intake, word):
    """INT-15."""
    request = await register(intake, "missing_piece")
    await register(intake, "missing_piece", order={"number": "1"})
    found = (await intake.http.get("/requests", params={"order_number": word})).json()["items"]
    assert [one["id"] for one in found] == [request["id"]]


async def test_an_imported_request_is_found_by_its_number_in_the_other_system(intake):
    """INT-2, INT-3: a clerk has the old number on a slip."""
    form = {"branch": "BJ01", "channel": "web", "customer": BUYER, "kind": "consultation", "description": "x"}
    rows = [{"key": "1", "form": form | {"elsewhere": {"number": "HD-2024/77"}}}, {"key": "2", "form": form}]
    done = await staff.say(intake, "POST", "/imports/requests", rows=rows)
    found = (await intake.http.get("/requests", params={"order_number": "HD-2024/77"})).json()["items"]
    assert [one["id"] for one in found] == [done["rows"][0]["id"]]


@pytest.mark.parametrize("word", ["3387 0012 9981", "小猫爱吃鱼"])
async def test_a_call_is_looked_up_by_order_number_and_account(intake, word):
    """INT-3, INT-15: the buyer who waits in the chat says an order number, not a phone; by an index."""
    request = await register(intake, "missing_piece")
    (item,) = (await intake.http.get("/lookup", params={"q": word})).json()["items"]
    assert [case["request"] for case in item["open_cases"]] == [request["id"]]
    plan = str(await intake.runtime.mongo.explain(ServiceRequest, order_filter(word)))
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("你好 我要改地址 写成旧家了", "address_change"),
        ("怎么还不发货 都三天了", "delivery_delay"),
        ("收到了 但是少了一件", "missing_piece"),
        ("刚买就降价了 能退差价吗", "price_difference"),
        ("麻烦开一下发票", "invoice"),
        ("物流异常 显示签收可是没收到货", "parcel_problem"),
        ("please cancel my order", "order_cancellation"),
        ("the parcel never arrived", "parcel_problem"),
    ],
)
def test_the_words_of_shop_customers_suggest_their_kind(words, kind):
    """INT-4, INT-15."""
    assert CLASSIFIER.suggest(Described(text=words)).kind == kind
