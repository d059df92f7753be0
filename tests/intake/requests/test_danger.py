"""Danger in the customer's words reaches the priority on every way in; a person confirms or denies it (INT-5)."""

from typing import Any

import pytest
from intake import staff
from intake.shop import FAULT, event, publish

from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import eventually
from aftersales.testing.system import RunningService

WORDS = "冰箱不制冷 漏电打人 赶快来人"
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "甲", "phone": "13900000031", "address": "长安街 1 号"},
    "product": {"serial": "RF-31", "model": "BCD-470", "line": "refrigerator"},
    "fault": "no-cooling",
}


async def register(intake: RunningService, **form: Any) -> Any:
    return await staff.say(intake, "POST", "/requests", status=201, **FORM | form)


@pytest.mark.parametrize(
    "words",
    [
        *(
            WORDS,
            "电梯困人",
            "有人被关在电梯里",
            "水管爆裂 厨房全是水",
            "孩子被夹到手",
            "手被卷进打捆机",
            "有火苗",
            "麻电",
        ),
        *("电池发烫 鼓起来了", "刹车不灵", "插头烧黑了", "熱水器漏電 電到孩子了", "聞到瓦斯味"),
        *("people stuck in the lift", "kid got shocked", "the brakes don't work", "burst pipe in the kitchen"),
    ],
)
async def test_words_of_danger_make_a_request_pressing(intake: RunningService, words: str) -> None:
    """INT-5."""
    request = await register(intake, description=words)
    assert (request["danger"], request["priority"], "emergency" in request["cases"]) == (True, 1, True)
    assert request["danger_words"]


@pytest.mark.parametrize("words", ["不制冷", "没有漏电", "no smoke, just noisy", "请问怎么清洗", ""])
async def test_other_words_do_not(intake: RunningService, words: str) -> None:
    """INT-5."""
    request = await register(intake, description=words)
    assert (request["danger"], request["danger_words"]) == (False, [])


async def test_who_has_decided_is_not_overruled_and_a_later_word_ends_the_doubt(intake: RunningService) -> None:
    """INT-5: a suggestion; a person decides."""
    denied = await register(intake, description=WORDS, danger=False)
    assert (denied["danger"], denied["danger_words"]) == (False, [])
    raised = await register(intake, description=WORDS)
    for danger in (True, False):
        command: dict[str, Any] = {"urgency": 2, "danger": danger, "why": "客户确认"}
        decided = await staff.say(intake, "POST", f"/requests/{raised['id']}/priority", **command)
        assert (decided["danger"], decided["danger_words"]) == (danger, [])
    assert decided["priority"] == denied["priority"]


async def test_the_check_a_contact_a_sheet_and_a_partner_hear_it_too(intake: RunningService) -> None:
    """INT-5, INT-12."""
    seen = await staff.say(intake, "POST", "/requests/check", **FORM | {"description": WORDS})
    assert (seen["danger_words"], seen["priority"]) == (["漏电"], 1)
    shared = {name: FORM[name] for name in ("branch", "channel", "customer")}
    subject = {"product": FORM["product"], "fault": "x", "description": WORDS}
    subjects = [subject, subject | {"danger": False}]
    both = await staff.say(intake, "POST", "/contacts", status=201, **shared, subjects=subjects)
    assert [one["danger"] for one in both] == [True, False]
    rows = [{"key": "1", "form": FORM | {"description": WORDS}}]
    await staff.say(intake, "POST", "/imports/requests", rows=rows)
    await publish(intake, event(intake, "e-1", "partner.service_request.v1", FAULT | {"description": WORDS}))

    async def all_four() -> list[ServiceRequest] | None:
        found = await intake.find(ServiceRequest)
        return found if len(found) == 4 else None

    channels = {(one.channel, one.danger) for one in await eventually(all_four)}
    assert channels == {("phone", True), ("phone", False), ("partner", True)}


async def test_the_requests_whose_danger_nobody_has_confirmed_are_a_list(intake: RunningService) -> None:
    """INT-5: a supervisor goes through them."""
    doubtful = await register(intake, description=WORDS)
    confirmed = await register(intake, description=WORDS, danger=True)
    for unconfirmed, found in (True, [doubtful["id"]]), (False, [confirmed["id"]]):
        listed = await intake.http.get("/requests", params={"danger_unconfirmed": unconfirmed})
        assert [one["id"] for one in listed.json()["items"]] == found


async def test_changed_rules_count_at_once_where_they_were_changed(intake: RunningService) -> None:
    """INT-5: a manager edits the words."""
    rules = (await intake.http.get("/classification/rules")).json()["book"]
    await register(intake, description="天花板塌了")
    rules["rules"][0]["words"]["zh-Hans"].append("塌了")
    await staff.say(intake, "PUT", "/classification/rules", **rules)
    request = await register(intake, description="天花板塌了")
    assert request["danger_words"] == ["塌了"]
