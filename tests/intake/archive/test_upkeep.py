"""Upkeep of the archive (INT-16): membership (会员), and when customer data was last confirmed (定期更新)."""

from datetime import date
from typing import Any

import pytest
from intake import staff
from pydantic import ValidationError

from aftersales.common.events.intake import CustomerChanged
from aftersales.intake.archive.domain.customer import ArchiveCustomer, Customer
from aftersales.policy.presets import load_presets
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService

FANG: dict[str, Any] = {"branch": "BJ01", "name": "王芳", "phone": "13800138000", "address": "建国路 1 号"}
GOLD = {"level": "金卡", "number": "VK-20031", "since": "2024-03-01", "until": "2026-12-31"}
REQUEST: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "product": {"serial": "RF-1", "model": "BCD-470", "line": "refrigerator"},
    "fault": "noisy",
}


async def archive(intake: RunningService, **more: Any) -> Any:
    return await staff.say(intake, "POST", "/customers", status=201, **FANG | more)


async def look_up(intake: RunningService, q: str) -> Any:
    (item,) = (await staff.ask(intake, "/lookup", q=q))["items"]
    return item["customer"]


@pytest.mark.parametrize("blank", [{}, {"level": "", "number": "  "}, {"since": None, "until": ""}])
def test_a_membership_of_which_everything_is_blank_is_none(blank: dict[str, Any]) -> None:
    """INT-16: a form with empty fields makes nobody a member."""
    assert ArchiveCustomer.model_validate(FANG | {"membership": blank}).membership is None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"since": "soon"}, "membership.since"),
        ({"colour": "red"}, "membership.colour"),
    ],
)
def test_a_membership_that_cannot_be_is_refused(said: dict[str, Any], error: str) -> None:
    """INT-16."""
    with pytest.raises(ValidationError, match=error):
        ArchiveCustomer.model_validate(FANG | {"membership": said})


@pytest.mark.parametrize(
    ("term", "day", "member"),
    [
        ({"level": "gold"}, date(2020, 1, 1), True),
        (GOLD, date(2024, 2, 29), False),
        (GOLD, date(2024, 3, 1), True),
        (GOLD, date(2026, 12, 31), True),
        (GOLD, date(2027, 1, 1), False),
        (None, date(2026, 1, 1), False),
    ],
)
def test_both_days_of_a_membership_are_included(term: Any, day: date, member: bool) -> None:
    """INT-16."""
    form = ArchiveCustomer.model_validate(FANG | {"membership": term})
    assert (
        Customer(id="c-1", branch="BJ01", name="x", phone="", address="", membership=form.membership).is_member(day)
        is member
    )


async def test_a_member_is_shown_found_by_number_and_told_to_others_without_it(
    intake: RunningService, heard: Any
) -> None:
    """INT-16, ALL-6: through `POST` and `PATCH`, in the lookup, and in the event."""
    fang = await archive(intake, membership=GOLD)
    assert fang["membership"] == GOLD
    shown = await look_up(intake, "vk-20031")
    assert (shown["id"], shown["member"], shown["membership"]["level"]) == (fang["id"], True, "金卡")
    said = await staff.say(intake, "PATCH", f"/customers/{fang['id']}", membership=GOLD | {"until": "2026-11-01"})
    assert said["membership"]["until"] == "2026-11-01"
    assert (await look_up(intake, "8000"))["member"] is False, "it has ended"
    wrong = GOLD | {"since": "2027-01-01"}
    refused = await staff.say(intake, "PATCH", f"/customers/{fang['id']}", status=422, membership=wrong)
    assert refused == "membership.ends_before_it_begins"
    blank = {"level": "", "number": "", "since": "", "until": ""}
    assert (await staff.say(intake, "PATCH", f"/customers/{fang['id']}", membership=blank))["membership"] is None
    terms = [event.membership for event in await heard(CustomerChanged)]
    assert [term and (term.level, str(term.until)) for term in terms] == [
        ("金卡", "2026-12-31"),
        ("金卡", "2026-11-01"),
        None,
    ]
    assert not any("VK-20031" in event.model_dump_json() for event in await heard(CustomerChanged))


async def test_a_policy_for_members_holds_for_members_of_any_class(intake: RunningService) -> None:
    """INT-16, ALL-1: while the membership lasts; and a correction of the request does not lose it."""
    preset = next(policy for policy in load_presets() if policy.name == "appliance")
    scope = {"lines": ["refrigerator"], "customer_classes": ["member"]}
    policy = preset.model_dump(mode="json") | {"name": "members", "version": 0, "scope": scope}
    await staff.say(intake, "POST", "/policies", status=201, **policy)
    fang = await archive(intake, membership=GOLD, customer_class="A")
    other = await archive(intake, name="李雷", phone="13900139000", membership=GOLD | {"until": "2026-01-01"})
    requests = [
        await staff.say(intake, "POST", "/requests", status=201, **REQUEST | {"customer": {"id": one["id"]}} | product)
        for one, product in ((fang, {}), (other, {"product": REQUEST["product"] | {"serial": "RF-2"}}))
    ]
    assert [one["policy"].partition("@")[0] for one in requests] == ["members", "appliance"]
    corrected = await staff.say(intake, "PATCH", f"/requests/{requests[0]['id']}", why="听错", kind="maintenance")
    assert corrected["policy"].startswith("members")
    asked = {"branch": "BJ01", "line": "refrigerator", "day": "2026-11-30", "customer_class": "A"}
    assert (await staff.ask(intake, "/policies/explain", **asked, member=True))["name"] == "members"
    missed = (await staff.ask(intake, "/policies/explain", **asked))["candidates"]
    assert next(one["missed"] for one in missed if one["name"] == "members") == ["customer_class"]


async def test_a_merge_takes_the_membership_along_and_its_undo_gives_it_back(intake: RunningService) -> None:
    """INT-16, INT-3: unless the customer who stays has one."""
    stays = await archive(intake)
    goes = await archive(intake, phone="13900139000", membership=GOLD)
    merge = await staff.say(intake, "POST", f"/customers/{stays['id']}/merge", other=goes["id"], why="同一人")
    assert (await staff.ask(intake, f"/customers/{stays['id']}"))["membership"] == GOLD
    await staff.say(intake, "POST", f"/merges/{merge['id']}/undo", why="不是")
    assert (await staff.ask(intake, f"/customers/{stays['id']}"))["membership"] is None
    assert (await staff.ask(intake, f"/customers/{goes['id']}"))["membership"] == GOLD


async def test_a_sheet_brings_members_and_an_impossible_term_is_refused_with_words(intake: RunningService) -> None:
    """INT-16."""
    rows = [
        {"key": "1", "form": FANG | {"membership": GOLD}},
        {"key": "2", "form": FANG | {"phone": "13900139000", "membership": GOLD | {"since": "2027-01-01"}}},
    ]
    answer = await intake.http.post("/imports/customers", json={"rows": rows}, headers={"Accept-Language": "zh-CN"})
    first, second = answer.json()["rows"]
    assert (first["outcome"], second["outcome"]) == ("created", "refused")
    assert "2027-01-01 至 2026-12-31" in second["detail"]
    assert (await staff.ask(intake, f"/customers/{first['id']}"))["confirmed_at"] is None


async def test_data_is_due_for_confirmation_after_the_interval_and_a_call_confirms_it(
    intake: RunningService, clock: ManualClock
) -> None:
    """INT-16: who archived it, confirmed it or corrected it is shown; a new class is no word of the customer."""
    rows = [{"key": "1", "form": FANG | {"phone": "13700137000", "name": "老户"}}]
    await intake.http.post("/imports/customers", json={"rows": rows})
    caller = {"name": "新户", "phone": "13600136000", "address": "长安街 1 号"}
    told = await staff.say(intake, "POST", "/requests", by="desk-8", status=201, **REQUEST | {"customer": caller})
    fang = await archive(intake)
    assert (fang["confirmed_by"], fang["confirmed_at"][:10]) == ("desk-7", "2026-11-23")

    async def due(**more: Any) -> list[str]:
        return [one["name"] for one in await staff.items(intake, "/customers/unconfirmed", **more)]

    assert await due() == ["老户"], "nobody has ever confirmed the row of the sheet"
    clock.advance(days=366)
    assert await due(branch="BJ01") == ["新户", "王芳", "老户"]
    shown = await look_up(intake, "13600136000")
    assert (shown["confirmation_due"], shown["confirmed_by"]) == (True, "desk-8")
    await staff.say(intake, "PATCH", f"/customers/{told['customer']}", customer_class="B")
    assert (await look_up(intake, "13600136000"))["confirmation_due"] is True
    first = await staff.ask(intake, "/customers/unconfirmed", limit=2)
    rest = await staff.ask(intake, "/customers/unconfirmed", limit=2, cursor=first["next"])
    assert [one["name"] for one in rest["items"]] == ["老户"]
    done = await intake.http.post(shown["confirm"], headers={"X-Actor": "desk-9"})
    assert (done.status_code, done.json()["confirmed_by"]) == (200, "desk-9")
    await staff.say(intake, "PATCH", f"/customers/{fang['id']}", phones=[{"number": "13800138001"}])
    assert await due() == ["老户"]
    assert (await look_up(intake, "13600136000"))["confirmation_due"] is False
    assert await due(branch="SH01") == []
