"""A clerk's desk in Shanghai: the calls of a day, and what the clerk reads, in Chinese and in the branch's time."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from e2e.story import BRANCH, call, step

from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem
from aftersales.values import sibling_number

CHINESE = {"Accept-Language": "zh-CN", "X-Actor": "desk-8"}
ROOM = {"name": "上海静安服务中心", "zone": "Asia/Shanghai", "location": {"lat": 31.23, "lon": 121.45}}
REPORT = {"cause": "磨损", "solution": "更换", "tested": True, "customer_remarks": "好", "signed_by": "客户"}


async def open_branch(system: RunningSystem, *lines: str, **branch: Any) -> None:
    """A branch with a technician for each of these lines: T-1, T-2 …"""
    await call(system.intake, "PUT", f"/branches/{BRANCH}", ROOM | branch)
    for number, line in enumerate(lines, 1):
        person = {"name": "李师傅", "branch": BRANCH, "skills": [line], "licence_until": "2030-01-01T00:00:00Z"}
        await call(system.dispatch, "PUT", f"/technicians/T-{number}", person)


async def register(system: RunningSystem, customer: dict[str, Any], **form: Any) -> Any:
    """Fill in the form as a clerk does, and wait until every service knows of it."""
    said = {"branch": BRANCH, "channel": "phone", "customer": customer}
    request = await call(system.intake, "POST", "/requests", said | form, **CHINESE)
    await system.quiet()
    return request


async def say(system: RunningSystem, method: str, path: str, **body: Any) -> Any:
    """A call of the desk to intake, and what follows from it in the other services."""
    answer = await call(system.intake, method, path, body, **CHINESE)
    await system.quiet()
    return answer


async def look_up(system: RunningSystem, q: str) -> Any:
    """The one customer whom the clerk finds."""
    answer = await system.intake.http.get("/lookup", params={"q": q}, headers=CHINESE)
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    return item


async def promises(system: RunningSystem, q: str) -> dict[str, str | None]:
    """What the clerk reads about the caller's one open request: each promise in words, with its local time."""
    await system.quiet()
    (case,) = (await look_up(system, q))["open_cases"]
    return {one["words"]: one["due_local"] and _short(one["due_local"]) for one in case["promises"]}


async def clocks(service: RunningService, number: str) -> dict[str, tuple[str, str | None]]:
    """Outcome and deadline in Shanghai of each stage; of a stage that began twice, the last."""
    found = await call(service, "GET", f"/deadlines/{number}")
    each = [one["explanation"]["clock"] for one in found]
    return {one["stage"]: (one["outcome"], one["deadline"] and _short(one["deadline"])) for one in each}


async def visit_clocks(system: RunningSystem, request: Any) -> dict[str, tuple[str, str | None]]:
    """The clocks of the request's work order."""
    await system.quiet()
    return await clocks(system.dispatch, sibling_number(request["id"], "WO"))


async def order_of(system: RunningSystem, request: Any) -> Any:
    """The request's work order as it is now."""
    return await call(system.dispatch, "GET", f"/orders/{sibling_number(request['id'], 'WO')}")


async def visit(system: RunningSystem, request: Any, *names: str, **diagnosis: Any) -> None:
    """The technician's steps; `diagnosis` says more about what was found."""
    bodies = {"diagnose": {"cause": "磨损"} | diagnosis, "complete": REPORT}
    for name in names:
        await step(system, request["id"], name, bodies.get(name))
    await system.quiet()


async def move_to(system: RunningSystem, request: Any, start: str, why: str) -> None:
    """Another day, at the customer's wish."""
    await step(system, request["id"], "move", {"start": start, "asked_by": "customer", "why": why})
    await system.quiet()


async def refuses_to_complete(system: RunningSystem, request: Any) -> str:
    """The words with which the report is refused."""
    path = f"/orders/{sibling_number(request['id'], 'WO')}/complete"
    answer = await system.dispatch.http.post(path, json=REPORT, headers=CHINESE)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["detail"])


async def called_back(system: RunningSystem, request: Any) -> tuple[str, str, str]:
    """The planned call after the repair: its stage, when it is due, and by when it must be made."""

    async def planned() -> Any:
        answer = await system.feedback.http.get(f"/followups/{sibling_number(request['id'], 'FU')}-1")
        return answer.json() if answer.status_code == 200 else None

    found = await eventually(planned)
    (clock,) = found["clocks"]
    return clock["stage"], _short(found["due_at"]), _short(clock["deadline"])


def who_pays(request: Any) -> tuple[str, str, str, str]:
    """Parts, labour, travel, and the reason that the customer is told."""
    cover = request["coverage"]
    return cover["parts"], cover["labour"], cover["travel"], cover["why"]["zh-Hans"]


def _short(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%m-%d %H:%M")
