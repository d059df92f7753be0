"""The most pressing request comes first, by the clocks of all services (ALL-3, INT-5)."""

from datetime import timedelta
from typing import Any

from e2e.story import BRANCH, call, furnish, register, repair, step

from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem


async def listed(system: RunningSystem) -> list[dict[str, Any]]:
    """The branch's open requests in the order of the desk's list."""
    await system.quiet()
    items: list[dict[str, Any]] = (await call(system.intake, "GET", f"/requests?branch={BRANCH}&open=true"))["items"]
    return items


async def board(system: RunningSystem) -> Any:
    await system.quiet()
    return await call(system.intake, "GET", f"/boards/branch/{BRANCH}")


def product(number: int, line: str = "freezer") -> dict[str, str]:
    return {"serial": f"FZ-{number}", "model": "BD-100", "line": line}


async def test_danger_comes_first_and_stays_first_after_the_review(aftersales: RunningSystem) -> None:
    """INT-5, F13: a request with danger was 19th of 22, and last as soon as it was reviewed."""
    await furnish(aftersales, technicians=1)
    for number in range(6):
        await register(aftersales, product=product(number))
    dangerous = await register(aftersales, product=product(9), description="冰柜漏电打人")
    await register(aftersales, product=product(10))
    assert (await listed(aftersales))[0]["id"] == dangerous
    await call(aftersales.intake, "POST", f"/requests/{dangerous}/review", {})
    first = (await listed(aftersales))[0]
    assert (first["id"], first["stage"], first["due_service"]) == (dangerous, "first_reply", "intake"), (
        "answered at once"
    )
    counted = await board(aftersales)
    assert (counted["most_pressing"], counted["danger"]) == (dangerous, 1)
    assert counted["stages"].keys() == {"dispatch", "first_reply"}, "nobody can repair a freezer here"


async def test_the_earliest_deadline_of_any_service_comes_first_and_the_board_shows_the_real_stage(
    aftersales: RunningSystem, clock: Any
) -> None:
    """ALL-3: every request had the same review deadline; dispatch's were not looked at."""
    await furnish(aftersales, technicians=1)
    waiting = await register(aftersales, product=product(1))
    clock.advance(minutes=30)
    sent = await register(aftersales)
    items = await listed(aftersales)
    assert {one["id"]: (one["stage"], one["due_service"]) for one in items} == {
        waiting: ("dispatch", "dispatch"),
        sent: ("arrival", "dispatch"),
    }
    assert [one["due_at"] for one in items] == sorted(one["due_at"] for one in items)
    for name in ("accept", "depart", "arrive"):
        await step(aftersales, sent, name)
    stages = (await board(aftersales))["stages"]
    assert stages.keys() == {"dispatch", "review"}, "the technician is there: only the form must still be reviewed"
    (there,) = (await call(aftersales.intake, "GET", f"/requests/{sent}"))["due_elsewhere"]
    assert (there["service"], there["stage"], there["due_at"]) == ("dispatch", None, None)


async def test_another_target_at_dispatch_moves_the_place_in_the_list(aftersales: RunningSystem, clock: Any) -> None:
    """ALL-3, ALL-10: dispatch's new deadline is heard although no step of the order was taken."""
    await furnish(aftersales, technicians=0)
    one = await register(aftersales, product=product(1))
    clock.advance(minutes=1)
    other = await register(aftersales, product=product(2))
    assert [item["id"] for item in await listed(aftersales)] == [one, other]
    await call(aftersales.intake, "PATCH", f"/requests/{other}", {"rush": True, "why": "客户加急"})
    assert [item["id"] for item in await listed(aftersales)] == [other, one]


async def test_a_callback_is_known_at_the_request(aftersales: RunningSystem, clock: Any) -> None:
    """FBK-1: feedback's deadline reaches intake too."""
    await furnish(aftersales, technicians=1)
    request = await register(aftersales)
    await repair(aftersales, request)

    async def known() -> Any:
        shown = await call(aftersales.intake, "GET", f"/requests/{request}")
        return [one for one in shown["due_elsewhere"] if one["service"] == "feedback" and one["stage"]]

    (callback,) = await eventually(known)
    assert callback["stage"] == "callback"
    assert callback["due_at"] > (clock.now() + timedelta(hours=1)).isoformat()
