"""Callers without a telephone number: a letter, an e-mail, a chat, a walk-in (INT-2)."""

from typing import Any

import pytest
from intake import staff

from aftersales.testing import eventually
from aftersales.testing.system import RunningService

QUESTION: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "email",
    "kind": "consultation",
    "description": "几点开门",
}


async def register(intake: RunningService, status: int = 201, **form: Any) -> Any:
    return await staff.say(intake, "POST", "/requests", status=status, **QUESTION | form)


async def show_customer(intake: RunningService, request: Any) -> Any:
    return (await intake.http.get(f"/customers/{request['customer']}")).json()


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"email": "Jose@example.com"}, {"email": "jose@EXAMPLE.com"}),
        ({"chat_id": "小猫爱吃鱼"}, {"chat_id": "小猫爱吃鱼"}),
    ],
)
async def test_an_address_or_account_leads_to_the_same_customer_as_a_phone_does(
    intake: RunningService, first: Any, again: Any
) -> None:
    """INT-2: who writes twice is one customer, found by that in the search, and no phone is asked for."""
    one = await register(intake, customer={"name": "何塞"} | first)
    two = await register(intake, customer={"name": "何塞"} | again)
    assert one["customer"] == two["customer"]
    customer = await show_customer(intake, one)
    assert (customer["phone"], customer["phones"]) == ("", [])
    found = (await intake.http.get("/lookup", params={"q": next(iter(again.values()))})).json()
    assert [item["customer"]["id"] for item in found["items"]] == [one["customer"]]


async def test_two_letters_from_strangers_make_two_customers(intake: RunningService) -> None:
    """INT-2: an address is a way to reach somebody, but it is not theirs alone."""
    one = await register(intake, channel="letter", customer={"name": "甲", "address": "朝阳路 1 号"})
    two = await register(intake, channel="letter", customer={"name": "乙", "address": "朝阳路 1 号"})
    assert one["customer"] != two["customer"]
    assert (one["address"], one["caller"]) == ("朝阳路 1 号", "甲")


async def test_an_anonymous_letter_needs_neither_name_nor_number(intake: RunningService) -> None:
    """INT-2: the reason stands instead; an escalation has nobody to inform, and says so."""
    complaint = await register(
        intake, channel="letter", kind="complaint", description="师傅态度不好", customer={"unreachable": "匿名信"}
    )
    assert (complaint["unreachable"], complaint["caller"]) == ("匿名信", "")
    await staff.staff(intake)
    await staff.say(intake, "POST", f"/requests/{complaint['id']}/escalate", by="desk-7", reason="x", proposal="更换")
    lost = {"branch": "BJ01", "state": "unreachable"}
    (message,) = await eventually(lambda: staff.items(intake, "/messages", **lost))
    assert (message["channel"], message["channels"]) == (None, [])


async def test_a_caller_who_cannot_be_reached_without_a_reason_is_refused(intake: RunningService) -> None:
    """INT-2: the answer says which ways there are."""
    answer = await intake.http.post(
        "/requests", json=QUESTION | {"customer": {"name": "甲"}}, headers={"Accept-Language": "zh-CN"}
    )
    (error,) = answer.json()["params"]["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (
        422,
        "body.customer.phone",
        "request.no_way_to_reach",
    )
    assert "chat_id" in error["problem"]


async def test_a_phone_that_is_told_later_joins_the_customer(intake: RunningService) -> None:
    """INT-2, INT-3: the number is corrected at the request; until then their name can be, without a new customer."""
    request = await register(intake, customer={"name": "何赛", "email": "jose@example.com"})
    renamed = await staff.say(intake, "PATCH", f"/requests/{request['id']}", why="听错", caller="何塞")
    assert renamed["customer"] == request["customer"]
    customer = await staff.say(intake, "PATCH", f"/customers/{request['customer']}", phones=[{"number": "13900000071"}])
    assert customer["phone"] == "+8613900000071"
    called = await register(intake, channel="phone", customer={"name": "何塞", "phone": "13900000071"})
    assert called["customer"] == request["customer"]


async def test_what_was_written_by_a_merged_customer_leads_to_the_one_that_stays(intake: RunningService) -> None:
    """INT-3: and back again when the merge is undone."""
    stays = await register(intake, channel="phone", customer={"name": "何塞", "phone": "13900000072"})
    goes = await register(intake, customer={"name": "何塞", "email": "jose@example.com"})
    merge = await staff.say(
        intake, "POST", f"/customers/{stays['customer']}/merge", other=goes["customer"], why="同一人"
    )
    again = await register(intake, customer={"name": "何塞", "email": "jose@example.com"})
    assert again["customer"] == stays["customer"]
    await staff.say(intake, "POST", f"/merges/{merge['id']}/undo", why="不是")
    last = await register(intake, customer={"name": "何塞", "email": "jose@example.com"})
    assert last["customer"] == goes["customer"]
