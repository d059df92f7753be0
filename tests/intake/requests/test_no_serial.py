"""Contacts about something without a serial number, a model or an address (INT-2, INT-9)."""

from typing import Any

import pytest
from intake import staff

from aftersales.intake.archive.domain.product import Product
from aftersales.values.serials import is_placeholder


async def register(intake: Any, phone: str, *, customer: dict[str, Any] | None = None, **form: Any) -> dict[str, Any]:
    about = {"branch": "BJ01", "channel": "phone", "customer": {"name": "甲", "phone": phone} | (customer or {})}
    told: dict[str, Any] = await staff.say(intake, "POST", "/requests", status=201, **about | form)
    return told


@pytest.mark.parametrize("kind", ["consultation", "complaint"])
async def test_a_question_about_nothing_in_particular_needs_a_name_a_phone_and_words(intake, kind):
    """INT-2: nothing is compulsory that the kind does not need."""
    told = await register(intake, "13900000001", kind=kind, description="请问周日几点关门")
    assert (told["product"]["line"], told["address"], told["state"]) == ("general", "", "registered")


async def test_a_burst_pipe_needs_a_line_and_an_address_for_the_visit(intake):
    """INT-2: property has no serial numbers at all."""
    wanted = {"description": "水管爆裂 厨房全是水"}
    assert await say_refused(intake, wanted) == "request.line_missing"
    assert await say_refused(intake, wanted | {"product": {"line": "plumbing"}}) == "request.address_missing"
    told = await register(
        intake, "13900000002", product={"line": "plumbing"}, customer={"address": "阳光花园 3 号楼 501"}, **wanted
    )
    assert told["product"] == {"serial": f"PR-{told['id'][3:]}", "model": "unknown", "line": "water-supply"}
    assert told["fault"] == "unspecified"


async def test_the_archive_fills_in_what_a_known_caller_leaves_out(intake):
    """INT-3: the serial number is enough for a product that is known, and the address for a customer who is."""
    product = {"serial": "RF-77", "model": "BCD-470", "line": "refrigerator"}
    await register(intake, "13900000003", product=product, customer={"address": "长安街 1 号"}, fault="noisy")
    told = await register(intake, "13900000003", product={"serial": "rf-77"}, fault="not-cooling")
    assert (told["product"], told["address"]) == (product, "长安街 1 号")


@pytest.mark.parametrize("serial", ["unknown", "0000", "n/a", "不详", "无", "", "XXXX", "---", "没有"])
async def test_two_customers_without_a_number_do_not_share_a_product(intake, serial):
    """INT-9: an invented number made one product of two, with a false repeat and a shared warranty card."""
    product = {"serial": serial, "model": "BCD-470", "line": "refrigerator"}
    first, second = [
        await register(intake, phone, product=product, customer={"address": "x"}, fault="no-cooling")
        for phone in ("13900000004", "13900000005")
    ]
    assert first["product"]["serial"] != second["product"]["serial"]
    assert second["repeats"] is None
    owner = (await intake.get(Product, first["product"]["serial"])).customer
    assert owner == first["customer"]
    similar = (await intake.http.get(f"/requests/{second['id']}/similar")).json()
    assert similar == []


async def test_the_check_before_saving_says_the_same(intake):
    """INT-2."""
    form = {
        "branch": "BJ01",
        "channel": "phone",
        "customer": {"name": "甲", "phone": "13900000006", "address": "x"},
        "product": {"serial": "不清楚", "line": "refrigerator"},
        "description": "不制冷",
    }
    seen = await staff.say(intake, "POST", "/requests/check", **form)
    assert (seen["product"], seen["duplicates"], seen["repeats"]) == (None, [], None)


async def test_the_archive_itself_refuses_a_placeholder_with_words(intake):
    """INT-3: in the archive a product is its number."""
    form = {
        "branch": "BJ01",
        "name": "甲",
        "phone": "13900000007",
        "address": "x",
        "products": [{"serial": "UNKNOWN", "model": "BCD-470", "line": "refrigerator"}],
    }
    answer = await intake.http.post("/customers", json=form, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 422
    assert answer.json()["params"]["errors"][0]["code"] == "product.serial_placeholder"
    assert "序列号未知" in answer.json()["params"]["errors"][0]["problem"]


@pytest.mark.parametrize("serial", ["RF-1", "X1", "00012", "NA-77", "1112", "NONE-1", "无锡1"])
def test_a_number_that_only_looks_odd_is_no_placeholder(serial):
    """INT-2."""
    assert not is_placeholder(serial)


async def say_refused(intake: Any, form: dict[str, Any]) -> str:
    whole = {"branch": "BJ01", "channel": "phone", "customer": {"name": "甲", "phone": "13900000002"}} | form
    answer = await intake.http.post("/requests", json=whole)
    assert answer.status_code == 422
    code: str = answer.json()["code"]
    return code
