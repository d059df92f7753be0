"""A typhoon: a closure that is entered today moves what is promised for after it, in every service (ALL-3)."""

from e2e.story import BRANCH, call, furnish, register, repair

from aftersales.policy.presets import load_presets
from aftersales.testing import eventually
from aftersales.values import sibling_number

APPLIANCE = next(policy for policy in load_presets() if policy.name == "appliance")
PLACE = {"name": "上海静安服务中心", "zone": "Asia/Shanghai", "location": {"lat": 31.23, "lon": 121.45}}
OFFICE = {"week": ["09:00-18:00"] * 5 + ["", ""]}
TYPHOON = {"day": "2026-11-24", "hours": "", "why": "台风 “山竹”"}


def by_the_branchs_hours():
    """A policy of the branch: a reply, a technician and a callback within a day and a half of its own time."""
    stages = APPLIANCE.model_dump(mode="json")["stages"]
    usual = {"calendar": "branch", "warn_at": [0.8], "cases": {}, "target": "PT14H"}
    stages["dispatch"] |= usual
    stages["callback"] |= usual | {"target": "PT8H"}
    stages["first_reply"] = usual | {"starts_on": "request_registered", "stops_on": "customer_answered"}
    policy = APPLIANCE.model_dump(mode="json", exclude={"version"})
    return policy | {"name": BRANCH, "scope": {"branches": [BRANCH]}, "stages": stages}


async def promised(service, number, stage):
    """The deadline of a stage, and the explanation's lines."""
    for one in await call(service, "GET", f"/deadlines/{number}"):
        if one["explanation"]["clock"]["stage"] == stage:
            return one["explanation"]["clock"]["deadline"], one["explanation"]["lines"]
    raise AssertionError(f"{number} has no clock of {stage}")


async def test_a_closure_moves_the_promises_of_intake_dispatch_and_feedback(aftersales, clock):
    await furnish(aftersales)
    clock.advance(seconds=1)
    await call(aftersales.intake, "PUT", f"/branches/{BRANCH}", PLACE | {"hours": OFFICE})
    await call(aftersales.intake, "POST", "/policies", by_the_branchs_hours(), **{"X-Actor": "chief"})
    await aftersales.quiet()
    repaired = await register(aftersales)
    await repair(aftersales, repaired)
    freezer = {"serial": "FZ-1", "model": "BD-100", "line": "freezer"}
    waiting = await register(aftersales, product=freezer)
    await aftersales.quiet()
    items = (
        (aftersales.intake, waiting, "first_reply"),
        (aftersales.dispatch, sibling_number(waiting, "WO"), "dispatch"),
        (aftersales.feedback, sibling_number(repaired, "FU"), "callback"),
    )
    before = [await promised(*item) for item in items]
    clock.advance(seconds=1)
    await call(aftersales.intake, "PUT", f"/branches/{BRANCH}", PLACE | {"hours": OFFICE | {"days": [TYPHOON]}})
    await aftersales.quiet()
    clock.advance(seconds=10)

    for item, (deadline, _) in zip(items, before, strict=True):

        async def moved(item=item, deadline=deadline):
            now, lines = await promised(*item)
            return now != deadline and (now, lines)

        now, lines = await eventually(moved)
        assert now > deadline
        assert [line["detail"] for line in lines if line["why"] == "special"] == [TYPHOON["why"]], item[2]
        assert not [line for line in lines if line["kind"] == "counted" and line["start"][:10] == TYPHOON["day"]]

    fresh = await register(aftersales, product=freezer | {"serial": "FZ-2"})
    late, _ = await promised(aftersales.intake, fresh, "first_reply")
    assert late[:10] == (await promised(*items[0]))[0][:10], "who comes later is promised the same day"
