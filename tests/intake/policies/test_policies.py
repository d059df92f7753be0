"""Service policies over HTTP and by the program: published, told to all, chosen, explained (ALL-1)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli.house import Program, open_house
from e2e.story import BRANCH, call, furnish, order_in, register, repair

from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.feedback.followups.domain import FollowUp
from aftersales.policy.model import Policy
from aftersales.policy.presets import presets
from aftersales.policy.reading import read
from aftersales.testing import ManualClock, eventually
from aftersales.testing.house import House
from aftersales.values import sibling

ALL = ("intake", "dispatch", "inventory", "feedback")
APPLIANCE = next(policy for policy in presets() if policy.name == "appliance")


def policy(name: str, **changes: Any) -> dict[str, Any]:
    """One of our own for a branch of the same name, as it is sent."""
    return APPLIANCE.model_dump(mode="json", exclude={"version"}) | {
        "name": name,
        "scope": {"branches": [name], "lines": ["refrigerator"]},
        **changes,
    }


def within(dispatch: str, callback: str) -> dict[str, Any]:
    """The stages with these targets."""
    stages = APPLIANCE.model_dump(mode="json")["stages"]
    stages["dispatch"] |= {"target": dispatch, "cases": {}}
    stages["callback"] |= {"target": callback}
    return {"stages": stages}


@pytest.fixture(scope="module")
async def aftersales(urls) -> AsyncIterator[Program]:
    async with open_house(urls, ManualClock()) as program:
        await furnish(program.house)
        yield program


@pytest.fixture
def house(aftersales: Program) -> House:
    return aftersales.house


async def publish(house: House, body: dict[str, Any]) -> dict[str, Any]:
    answer = await house.intake.http.post("/policies", json=body, headers={"X-Actor": "chief"})
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    assert await call(house.intake, "GET", answer.headers["Location"]) == said["policy"]
    return said


async def test_all_1_what_the_newest_version_says_already_changes_nothing(house: House) -> None:
    body = policy("p-9")
    first, again = await publish(house, body), await publish(house, body)
    back = await publish(house, policy("p-9", **within("PT5M", "PT1H"))), await publish(house, body)

    assert again == first
    assert [one["id"] for one in back] == ["p-9@2", "p-9@3"], "an older one may come back"


async def test_all_1_a_policy_is_published_listed_and_shown_and_its_versions_are_counted(house: House) -> None:
    first = await publish(house, policy("p-1"))
    second = await publish(house, policy("p-1", **within("PT5M", "PT1H")) | {"version": 77})
    listed = (await call(house.intake, "GET", "/policies?limit=200"))["items"]

    assert [(one["id"], one["policy"]["version"], one["published_by"]) for one in (first, second)] == [
        ("p-1@1", 1, "chief"),
        ("p-1@2", 2, "chief"),
    ]
    assert {"p-1@1", "p-1@2"} <= {one["id"] for one in listed}
    assert await call(house.intake, "GET", "/policies/p-1/2") == second["policy"]
    assert (await call(house.intake, "GET", "/policies/appliance/0"))["title"]["en"] == APPLIANCE.title["en"]
    for path in ("/policies/p-1/3", "/policies/nobodys/0"):
        answer = await house.intake.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "policies.unknown")


async def test_all_1_what_is_unsound_is_refused_with_every_error_in_words(house: House) -> None:
    broken = policy("p-2", **within("PT0S", "PT1H"))
    broken["stages"]["dispatch"]["calendar"] = "moon"
    answer = await house.intake.http.post("/policies", json=broken, headers={"Accept-Language": "zh-CN"})
    problem = answer.json()

    assert (answer.status_code, problem["code"], problem["params"]["count"]) == (409, "policy.unsound", 2)
    assert {one["field"]: one["code"] for one in problem["params"]["errors"]} == {
        "stages.dispatch.calendar": "policy.calendar_unknown",
        "stages.dispatch.target": "policy.target_zero",
    }
    assert all("moon" in one["problem"] or "时限" in one["problem"] for one in problem["params"]["errors"])
    assert not [one for one in await house.intake.find(PublishedPolicy) if one.policy.name == "p-2"]
    linted = await house.intake.http.post("/policies/lint", json=broken, headers={"Accept-Language": "zh-CN"})
    said = [{name: one[name] for name in ("field", "code", "problem")} for one in problem["params"]["errors"]]
    assert [one for one in linted.json() if one.pop("level") == "error"] == said
    malformed = await house.intake.http.post("/policies", json=broken | {"priority": {"thresholds": [1, 2]}})
    assert malformed.status_code == 422


async def test_all_1_one_that_ties_is_refused_until_it_does_not(house: House) -> None:
    await publish(house, policy("p-3"))
    rival = policy("rival", scope={"branches": ["p-3"], "lines": ["refrigerator"]})
    answer = await house.intake.http.post("/policies", json=rival)
    (error,) = answer.json()["params"]["errors"]

    assert (answer.status_code, error["code"], error["field"]) == (409, "policy.scope_tie", "scope")
    assert error["problem"].startswith("p-3, version 1, covers the same items with the same specificity")
    await publish(house, rival | {"scope": {"branches": ["p-3"], "lines": ["refrigerator"], "work_types": ["repair"]}})


async def test_all_1_every_service_keeps_a_copy(house: House) -> None:
    told = await publish(house, policy("p-4"))

    async def everywhere() -> bool:
        copies = [await room.get(PublishedPolicy, "p-4@1") for room in house.rooms.values()]
        return all(copies) and {copy.policy.model_dump_json() for copy in copies} == {
            copies[0].policy.model_dump_json()
        }

    await eventually(everywhere)
    for name in ALL:
        listed = await house.rooms[name].get(PolicyList, "published")
        assert listed.published.count("p-4@1") == 1
    assert told["policy"]["scope"]["branches"] == ["p-4"]


async def test_all_1_an_item_under_way_keeps_the_version_it_started_with(house: House) -> None:
    """Sent within ten minutes by version 1, within five by version 2; called back within two hours, or three."""
    for times in (("PT10M", "PT2H"), ("PT5M", "PT3H")):
        await publish(house, policy(BRANCH, **within(*times)))
        if times[0] == "PT10M":
            older = await register(house)
    newer = await register(house)
    orders = [await order_in(house, number, "offered") for number in (older, newer)]
    await repair(house, older)
    followup: FollowUp = await house.feedback.get(FollowUp, f"{sibling(older, 'FU')}-1")

    assert [order["policy"] for order in orders] == [f"{BRANCH}@1", f"{BRANCH}@2"]
    targets = [[c["terms"]["target"] for c in order["clocks"] if c["stage"] == "dispatch"] for order in orders]
    assert targets == [[600.0], [300.0]]
    assert (followup.policy, followup.clocks[0].terms.target) == (f"{BRANCH}@1", timedelta(hours=2))


async def test_int_8_dispatch_opens_no_order_for_what_the_desk_answers(house: House) -> None:
    number = await register(house, kind="consultation")
    await house.quiet()
    closed = await call(
        house.intake, "POST", f"/requests/{number}/replies", {"channel": "phone", "text": "可以", "final": True}
    )
    await house.quiet()

    assert closed["state"] == "closed"
    assert (await house.dispatch.http.get(f"/orders/{sibling(number, 'WO')}")).status_code == 404


async def test_all_1_a_policy_holds_from_its_day_on_at_the_branch(house: House) -> None:
    """The clock says 09:00 on 23 November in Shanghai."""
    item = {"branch": "p-5", "line": "refrigerator"}
    await publish(house, policy("p-5", effective_from="2026-11-23"))
    await publish(house, policy("p-5", effective_from="2026-11-24"))
    chosen = {}
    for day in ("2026-11-22", "2026-11-23", "2026-11-24"):
        answer = await house.intake.http.get("/policies/explain", params=item | {"day": day})
        found = answer.json()
        outcomes = {f"{one['name']}@{one['version']}": one["outcome"] for one in found["candidates"]}
        chosen[day] = (f"{found['name']}@{found['version']}", outcomes["p-5@1"], outcomes["p-5@2"])

    assert chosen == {
        "2026-11-22": ("appliance@0", "not_yet", "not_yet"),
        "2026-11-23": ("p-5@1", "chosen", "not_yet"),
        "2026-11-24": ("p-5@2", "replaced", "chosen"),
    }


async def test_all_1_a_request_of_the_evening_before_goes_by_the_older_version(aftersales: Program) -> None:
    """Half past eleven at night at the branch, and half an hour later."""
    house, clock = aftersales.house, aftersales.house.clock
    assert isinstance(clock, ManualClock)
    place = {"name": "成都", "zone": "Asia/Shanghai", "location": {"lat": 30.6, "lon": 104.0}}
    await call(house.intake, "PUT", "/branches/p-6", place)
    await publish(house, policy("p-6", effective_from="2026-11-23"))
    await publish(house, policy("p-6", effective_from="2026-11-24"))
    clock.advance(hours=14.5)
    before = await register(house, branch="p-6")
    clock.advance(hours=0.5)
    after = await register(house, branch="p-6")

    kept = [(await call(house.intake, "GET", f"/requests/{number}"))["policy"] for number in (before, after)]
    assert kept == ["p-6@1", "p-6@2"]


def write(folder: Path, body: dict[str, Any]) -> Path:
    path = folder / f"{body['name']}.yaml"
    path.write_text(yaml.safe_dump(body, allow_unicode=True, sort_keys=False), "utf-8")
    return path


async def test_all_1_the_program_publishes_shows_compares_and_explains(aftersales: Program, tmp_path: Path) -> None:
    ours = write(tmp_path, policy("p-7"))
    first = await aftersales("policy", "publish", ours)
    second = await publish(aftersales.house, policy("p-7", **within("PT10M", "PT1H")))
    shown = await aftersales("policy", "show", "p-7@2")
    differs = await aftersales("policy", "diff", "p-7@1", "p-7@2")
    item = ("--branch", "p-7", "--line", "refrigerator", "--day", "2026-11-24")
    explained = await aftersales("policy", "explain", *item)
    by_http = await aftersales.house.intake.http.get(
        "/policies/explain", params={"branch": "p-7", "line": "refrigerator", "day": "2026-11-24"}
    )

    assert first.code == 0, first.err
    assert "Published: p-7, version 1, from 2000-01-01." in first.out
    assert read(shown.out).policy == Policy.model_validate(second["policy"])
    assert "stages.dispatch.target: PT15M → PT10M" in differs.out
    assert explained.out.startswith("On 2026-11-24 p-7, version 2, holds.")
    assert (by_http.json()["name"], by_http.json()["version"]) == ("p-7", 2)
    assert explained.err == ""


async def test_all_1_the_program_says_why_intake_refuses(aftersales: Program, tmp_path: Path) -> None:
    await publish(aftersales.house, policy("p-8"))
    rival = write(tmp_path, policy("p-8-rival", scope={"branches": ["p-8"], "lines": ["refrigerator"]}))
    refused = await aftersales("--lang", "zh-Hans", "policy", "publish", rival)
    unknown = await aftersales("policy", "show", "p-8@9")

    assert (refused.code, unknown.code) == (1, 2)
    assert "p-8-rival 不能发布" in refused.err
    assert "scope: p-8 版本 1" in refused.err
    assert "p-8@9" in unknown.err
