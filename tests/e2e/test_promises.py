"""Promises that the customer can move, through all services (ALL-3, INT-1, DSP-5, DSP-8, FBK-1)."""

from e2e.story import BRANCH, call, furnish, register, repair

from aftersales.policy.presets import load_presets
from aftersales.testing import eventually
from aftersales.values import sibling_number

ENTERPRISE = next(policy for policy in load_presets() if policy.name == "enterprise")


async def clocks(service, number):
    found = await call(service, "GET", f"/deadlines/{number}")
    return {one["explanation"]["clock"]["stage"]: one["explanation"]["clock"] for one in found}


async def until(service, number, stage, fits):
    """Wait until the stage has such a clock."""

    async def seen():
        clock = (await clocks(service, number)).get(stage)
        return clock if clock and fits(clock) else None

    return await eventually(seen)


async def test_a_customer_who_moves_the_day_waits_and_is_not_reached_keeps_every_promise_true(aftersales, clock):
    """F8, F10: by the branch's own policy for enterprises, on a Monday at nine in Shanghai."""
    intake, dispatch = aftersales.intake, aftersales.dispatch
    await furnish(aftersales)
    policy = ENTERPRISE.model_dump(mode="json", exclude={"version"})
    await call(intake, "POST", "/policies", policy | {"name": "sh", "scope": {"branches": [BRANCH]}})
    await aftersales.quiet()
    number = await register(aftersales)
    order = sibling_number(number, "WO")
    await aftersales.quiet()
    assert (await clocks(intake, number))["resolve"]["deadline"] == "2026-11-24T01:00:00Z"

    await call(dispatch, "POST", f"/orders/{order}/not-reached", {"channel": "phone", "why": "无人接听"})
    again = await until(intake, number, "contact_again", lambda _: True)
    assert again["deadline"] == "2026-11-24T15:59:00Z", "the next day at the latest"

    wish = {"start": "2026-11-26T01:00:00Z", "asked_by": "customer", "why": "周四才在家"}
    await call(dispatch, "POST", f"/orders/{order}/move", wish)
    await until(intake, number, "resolve", lambda one: one["deadline"] == "2026-11-27T01:00:00Z")

    await call(dispatch, "POST", f"/orders/{order}/pause", {"reason": "waiting_customer", "why": "等客户付款"})
    await until(intake, number, "resolve", lambda one: one["deadline"] is None)
    clock.advance(hours=2)
    await call(dispatch, "POST", f"/orders/{order}/resume", {"reason": "waiting_customer"})
    await until(intake, number, "resolve", lambda one: one["deadline"] == "2026-11-27T03:00:00Z")

    clock.advance(hours=10, minutes=30)  # half past nine in the evening
    await repair(aftersales, number)
    called = await clocks(aftersales.feedback, f"{sibling_number(number, 'FU')}-1")
    ended = await clocks(intake, number)
    assert ended["resolve"]["outcome"] == "met"
    assert ended["contact_again"]["outcome"] == "waived", "whoever repairs it has reached the customer"
    assert called["callback"]["started_at"] == "2026-11-24T01:00:00Z", "nobody is called at night"
