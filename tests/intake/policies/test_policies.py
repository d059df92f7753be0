"""Service policies over HTTP and by the program: published, told to all, chosen, explained (ALL-1)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli.system import Program, open_system
from e2e.story import BRANCH, call, furnish, order_in, register, repair

from aftersales.common.policies import PolicyList, PublishedPolicy
from aftersales.feedback.followups.domain import FollowUp
from aftersales.policy.model import Policy
from aftersales.policy.presets import load_presets
from aftersales.policy.reading import parse_policy
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningSystem
from aftersales.values import sibling_number

ALL = ("intake", "dispatch", "inventory", "feedback")
APPLIANCE = next(policy for policy in load_presets() if policy.name == "appliance")


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
    async with open_system(urls, ManualClock()) as program:
        await furnish(program.system)
        yield program


@pytest.fixture
def system(aftersales: Program) -> RunningSystem:
    return aftersales.system


async def publish(system: RunningSystem, body: dict[str, Any]) -> dict[str, Any]:
    answer = await system.intake.http.post("/policies", json=body, headers={"X-Actor": "chief"})
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    assert await call(system.intake, "GET", answer.headers["Location"]) == said["policy"]
    return said


async def test_all_1_what_the_newest_version_says_already_changes_nothing(system: RunningSystem) -> None:
    body = policy("p-9")
    first, again = await publish(system, body), await publish(system, body)
    back = await publish(system, policy("p-9", **within("PT5M", "PT1H"))), await publish(system, body)

    assert again == first
    assert [one["id"] for one in back] == ["p-9@2", "p-9@3"], "an older one may come back"


async def test_all_1_a_policy_is_published_listed_and_shown_and_its_versions_are_counted(system: RunningSystem) -> None:
    first = await publish(system, policy("p-1"))
    second = await publish(system, policy("p-1", **within("PT5M", "PT1H")) | {"version": 77})
    listed = (await call(system.intake, "GET", "/policies?limit=200"))["items"]

    assert [(one["id"], one["policy"]["version"], one["published_by"]) for one in (first, second)] == [
        ("p-1@1", 1, "chief"),
        ("p-1@2", 2, "chief"),
    ]
    assert {"p-1@1", "p-1@2"} <= {one["id"] for one in listed}
    assert await call(system.intake, "GET", "/policies/p-1/2") == second["policy"]
    assert (await call(system.intake, "GET", "/policies/appliance/0"))["title"]["en"] == APPLIANCE.title["en"]
    for path in ("/policies/p-1/3", "/policies/nobodys/0"):
        answer = await system.intake.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "policies.unknown")


async def test_all_1_what_is_unsound_is_refused_with_every_error_in_words(system: RunningSystem) -> None:
    broken = policy("p-2", **within("PT0S", "PT1H"))
    broken["stages"]["dispatch"]["calendar"] = "moon"
    answer = await system.intake.http.post("/policies", json=broken, headers={"Accept-Language": "zh-CN"})
    problem = answer.json()

    assert (answer.status_code, problem["code"], problem["params"]["count"]) == (409, "policy.unsound", 2)
    assert {one["field"]: one["code"] for one in problem["params"]["errors"]} == {
        "stages.dispatch.calendar": "policy.calendar_unknown",
        "stages.dispatch.target": "policy.target_zero",
    }
    assert all("moon" in one["problem"] or "时限" in one["problem"] for one in problem["params"]["errors"])
    assert not [one for one in await system.intake.find(PublishedPolicy) if one.policy.name == "p-2"]
    linted = await system.intake.http.post("/policies/lint", json=broken, headers={"Accept-Language": "zh-CN"})
    said = [{name: one[name] for name in ("field", "code", "problem")} for one in problem["params"]["errors"]]
    assert [one for one in linted.json() if one.pop("level") == "error"] == said
    malformed = await system.intake.http.post("/policies", json=broken | {"priority": {"thresholds": [1, 2]}})
    assert malformed.status_code == 422


async def test_all_1_one_that_ties_is_refused_until_it_does_not(system: RunningSystem) -> None:
    await publish(system, policy("p-3"))
    rival = policy("rival", scope={"branches": ["p-3"], "lines": ["refrigerator"]})
    answer = await system.intake.http.post("/policies", json=rival)
    (error,) = answer.json()["params"]["errors"]

    assert (answer.status_code, error["code"], error["field"]) == (409, "policy.scope_tie", "scope")
    assert error["problem"].startswith("p-3, version 1, covers the same items with the same specificity")
    await publish(system, rival | {"scope": {"branches": ["p-3"], "lines": ["refrigerator"], "work_types": ["repair"]}})


async def test_all_1_every_service_keeps_a_copy(system: RunningSystem) -> None:
    told = await publish(system, policy("p-4"))

    async def everywhere() -> bool:
        copies = [await service.get(PublishedPolicy, "p-4@1") for service in system.services.values()]
        return all(copies) and {copy.policy.model_dump_json() for copy in copies} == {
            copies[0].policy.model_dump_json()
        }

    await eventually(everywhere)
    for name in ALL:
        listed = await system.services[name].get(PolicyList, "published")
        assert listed.published.count("p-4@1") == 1
    assert told["policy"]["scope"]["branches"] == ["p-4"]


async def test_all_1_an_item_under_way_keeps_the_version_it_started_with(system: RunningSystem) -> None:
    """Sent within ten minutes by version 1, within five by version 2; called back within two hours, or three."""
    for times in (("PT10M", "PT2H"), ("PT5M", "PT3H")):
        await publish(system, policy(BRANCH, **within(*times)))
        if times[0] == "PT10M":
            older = await register(system)
    newer = await register(system)
    orders = [await order_in(system, number, "offered") for number in (older, newer)]
    await repair(system, older)
    followup: FollowUp = await system.feedback.get(FollowUp, f"{sibling_number(older, 'FU')}-1")

    assert [order["policy"] for order in orders] == [f"{BRANCH}@1", f"{BRANCH}@2"]
    targets = [[c["terms"]["target"] for c in order["clocks"] if c["stage"] == "dispatch"] for order in orders]
    assert targets == [[600.0], [300.0]]
    assert (followup.policy, followup.clocks[0].terms.target) == (f"{BRANCH}@1", timedelta(hours=2))


async def test_int_8_dispatch_opens_no_order_for_what_the_desk_answers(system: RunningSystem) -> None:
    number = await register(system, kind="consultation")
    await system.quiet()
    closed = await call(
        system.intake, "POST", f"/requests/{number}/replies", {"channel": "phone", "text": "可以", "final": True}
    )
    await system.quiet()

    assert closed["state"] == "closed"
    assert (await system.dispatch.http.get(f"/orders/{sibling_number(number, 'WO')}")).status_code == 404


async def test_all_1_a_policy_holds_from_its_day_on_at_the_branch(system: RunningSystem) -> None:
    """The clock says 09:00 on 23 November in Shanghai."""
    item = {"branch": "p-5", "line": "refrigerator"}
    await publish(system, policy("p-5", effective_from="2026-11-23"))
    await publish(system, policy("p-5", effective_from="2026-11-24"))
    chosen = {}
    for day in ("2026-11-22", "2026-11-23", "2026-11-24"):
        answer = await system.intake.http.get("/policies/explain", params=item | {"day": day})
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
    system, clock = aftersales.system, aftersales.system.clock
    assert isinstance(clock, ManualClock)
    place = {"name": "成都", "zone": "Asia/Shanghai", "location": {"lat": 30.6, "lon": 104.0}}
    await call(system.intake, "PUT", "/branches/p-6", place)
    await publish(system, policy("p-6", effective_from="2026-11-23"))
    await publish(system, policy("p-6", effective_from="2026-11-24"))
    clock.advance(hours=14.5)
    before = await register(system, branch="p-6")
    clock.advance(hours=0.5)
    after = await register(system, branch="p-6")

    kept = [(await call(system.intake, "GET", f"/requests/{number}"))["policy"] for number in (before, after)]
    assert kept == ["p-6@1", "p-6@2"]


def write(folder: Path, body: dict[str, Any]) -> Path:
    path = folder / f"{body['name']}.yaml"
    path.write_text(yaml.safe_dump(body, allow_unicode=True, sort_keys=False), "utf-8")
    return path


async def test_all_1_the_program_publishes_shows_compares_and_explains(aftersales: Program, tmp_path: Path) -> None:
    ours = write(tmp_path, policy("p-7"))
    first = await aftersales("policy", "publish", ours)
    second = await publish(aftersales.system, policy("p-7", **within("PT10M", "PT1H")))
    shown = await aftersales("policy", "show", "p-7@2")
    differs = await aftersales("policy", "diff", "p-7@1", "p-7@2")
    item = ("--branch", "p-7", "--line", "refrigerator", "--day", "2026-11-24")
    explained = await aftersales("policy", "explain", *item)
    by_http = await aftersales.system.intake.http.get(
        "/policies/explain", params={"branch": "p-7", "line": "refrigerator", "day": "2026-11-24"}
    )

    assert first.code == 0, first.err
    assert "Published: p-7, version 1, from 2000-01-01." in first.out
    assert parse_policy(shown.out).policy == Policy.model_validate(second["policy"])
    assert "stages.dispatch.target: PT15M → PT10M" in differs.out
    assert explained.out.startswith("On 2026-11-24 p-7, version 2, holds.")
    assert (by_http.json()["name"], by_http.json()["version"]) == ("p-7", 2)
    assert explained.err == ""


async def test_all_1_the_program_says_why_intake_refuses(aftersales: Program, tmp_path: Path) -> None:
    await publish(aftersales.system, policy("p-8"))
    rival = write(tmp_path, policy("p-8-rival", scope={"branches": ["p-8"], "lines": ["refrigerator"]}))
    refused = await aftersales("--lang", "zh-Hans", "policy", "publish", rival)
    unknown = await aftersales("policy", "show", "p-8@9")

    assert (refused.code, unknown.code) == (1, 2)
    assert "p-8-rival 不能发布" in refused.err
    assert "scope: p-8 版本 1" in refused.err
    assert "p-8@9" in unknown.err


async def test_all_1_a_line_is_explained_in_any_word_and_an_unknown_one_is_said(aftersales: Program) -> None:
    """`fridge` was answered with `enterprise`, without a word about it."""
    known = await aftersales("policy", "explain", "--line", "冰箱")
    unknown = await aftersales("policy", "explain", "--line", "refrigerater")
    assert "appliance, version 0" in known.out
    assert known.err == ""
    assert "enterprise applies because no policy names the line “refrigerater”" in unknown.out
    assert "refrigerator" in unknown.err
    by_http = await aftersales.system.intake.http.get(
        "/policies/explain", params={"branch": "p-9", "line": "Kühlschrank", "day": "2026-11-24"}
    )
    assert (by_http.json()["unclear"]["word"], by_http.json()["policy_is_general"]) == ("Kühlschrank", True)


async def test_all_1_a_policy_for_a_line_in_other_words_is_refused_because_it_would_never_apply(
    system: RunningSystem,
) -> None:
    place = {"name": "西安", "zone": "Asia/Shanghai", "location": {"lat": 34.3, "lon": 108.9}}
    await call(system.intake, "PUT", "/branches/p-10", place)
    for line, code in ("fridge", "policy.line_in_other_words"), ("robot", None):
        scope = {"branches": ["p-10"], "lines": ["refrigerator", line]}
        answer = await system.intake.http.post("/policies", json=policy("p-10", scope=scope))
        assert answer.status_code == (409 if code else 201), answer.text
        errors = [one["code"] for one in answer.json().get("params", {}).get("errors", ())]
        assert errors == ([code] if code else [])
    linted = await system.intake.http.post("/policies/lint", json=policy("p-11", scope=scope))
    assert "policy.line_unknown" in {one["code"] for one in linted.json()}
    number = await register(system, branch="p-10", product={"serial": "RB-1", "model": "R1", "line": "robot"})
    request = await call(system.intake, "GET", f"/requests/{number}")
    assert (request["policy"], request["unclear"]) == ("p-10@1", [])
