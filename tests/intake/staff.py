"""A branch with its people, for tests that need somebody to answer, and an ear on the bus."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika

from aftersales.testing.system import RunningService

PEOPLE: dict[str, dict[str, Any]] = {
    "desk-7": {"name": "钱一", "roles": ["information_clerk"], "supervisor": "sup-1"},
    "desk-8": {"name": "孙二", "roles": ["information_clerk"], "supervisor": "sup-1"},
    "sup-1": {"name": "李主管", "roles": ["supervisor"]},
    "centre-1": {"name": "周中心", "roles": ["centre"]},
    "hq-1": {"name": "吴总", "roles": ["headquarters"], "branch": "HQ"},
}
PLACE: dict[str, Any] = {"name": "总部", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "email",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "fault": "no-cooling",
}


async def staff(running_service: RunningService, **more: dict[str, Any]) -> None:
    """Register the people of the branch, and `more` by code."""
    await say(running_service, "PUT", "/branches/HQ", **PLACE)
    for code, particulars in (PEOPLE | more).items():
        await say(running_service, "PUT", f"/people/{code}", **{"branch": "BJ01"} | particulars)


async def register(running_service: RunningService, **changes: Any) -> str:
    """Register a request of desk-7 and give its number."""
    request = await say(running_service, "POST", "/requests", by="desk-7", status=201, **FORM | changes)
    number: str = request["id"]
    return number


async def say(
    running_service: RunningService, method: str, path: str, *, by: str = "desk-7", status: int = 200, **body: Any
) -> Any:
    """Call an endpoint as somebody, expect this status, and give the answer; of a refusal, its code."""
    answer = await running_service.http.request(method, path, json=body, headers={"X-Actor": by})
    assert answer.status_code == status, answer.text
    return answer.json() if status < 400 else answer.json()["code"]


async def ask(running_service: RunningService, path: str, **query: Any) -> Any:
    answer = await running_service.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def items(running_service: RunningService, path: str, **query: Any) -> list[Any]:
    listed: list[Any] = (await ask(running_service, path, **query))["items"]
    return listed


@asynccontextmanager
async def overheard(running_service: RunningService) -> AsyncIterator[list[dict[str, Any]]]:
    """Listen to what the service says on the bus."""
    heard: list[dict[str, Any]] = []

    async def note(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.append(json.loads(message.body))

    async with await aio_pika.connect(
        running_service.runtime.service.settings.amqp_url.get_secret_value()
    ) as connection:
        queue = await (await connection.channel()).declare_queue(exclusive=True)
        await queue.bind(running_service.runtime.topology.events, "#")
        await queue.consume(note, no_ack=True)
        yield heard


def data(heard: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """What was said in events of this kind."""
    return [event["data"] for event in heard if event["type"] == f"intake.{kind}.v1"]
