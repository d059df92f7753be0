"""docs/clocks.md tells what the services do: its policy is published, its story played, its output compared (ALL-3)."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli.system import ROWS, Program, open_system
from policy.calendars import local

from aftersales.common.events.inventory import MissingLine, PartReserved, PartShort
from aftersales.policy.model import Policy
from aftersales.policy.presets import load_presets
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService

PAGE = Path(__file__).parents[2] / "docs" / "clocks.md"
REQUEST: dict[str, Any] = {
    "branch": "sh-01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "南京路 1 号"},
    "product": {"serial": "SV-1", "model": "X1", "line": "server"},
    "fault": "no-power",
    "urgency": 3,
}


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


def policy() -> dict[str, Any]:
    """A company's, with the stage of the page and that of callbacks."""
    company = next(policy for policy in load_presets() if policy.name == "enterprise").model_dump(mode="json")
    stage = yaml.safe_load(block("yaml"))["resolve"]
    company |= {"name": "sh-01", "scope": {"branches": ["sh-01"]}, "calendars": {}}
    return company | {"stages": {"resolve": stage, "callback": company["stages"]["callback"]}}


@pytest.fixture
async def aftersales(urls):
    clock = ManualClock(local("2026-09-29 16:00"))
    services = [row for row in ROWS if row[0].__module__ != "aftersales.inventory.main"]
    async with open_system(urls, clock, services) as program:
        yield program


async def ask(service: RunningService, method: str, path: str, body: Any) -> Any:
    answer = await service.http.request(method, path, json=body, headers={"X-Actor": "desk-7"})
    assert answer.status_code < 300, answer.text
    return answer.json()


async def play(program: Program) -> str:
    """The story of the page; gives the request's number."""
    intake, clock = program.system.intake, program.system.clock
    assert isinstance(clock, ManualClock)

    async def at(moment: str) -> None:
        clock.advance(seconds=(local(moment) - clock.now()) / timedelta(seconds=1))
        await program.system.quiet()

    place = json.loads(block("sh").split("-d '")[1].strip().removesuffix("'"))
    await ask(intake, "PUT", "/branches/sh-01", place)
    await ask(intake, "POST", "/policies", policy())
    number = str((await ask(intake, "POST", "/requests", REQUEST))["id"])
    about = {"slip": "IS-1", "order": number.replace("SR", "WO"), "request": number, "branch": "sh-01", "visit": 1}
    await at("2026-09-30 14:00")
    missing = (MissingLine(part="PSU", quantity=1),)
    await intake.deliver(PartShort(**about, at=clock.now(), slip_version=1, missing=missing))
    await at("2026-09-30 16:00")
    await intake.deliver(PartReserved(**about, at=clock.now(), slip_version=2, lines=()))
    await at("2026-09-30 17:00")
    await ask(intake, "POST", f"/requests/{number}/priority", {"urgency": 1, "why": "客户说可以等"})
    await at("2026-10-09 11:00")
    return number


async def test_the_page_shows_what_the_program_prints(aftersales: Program) -> None:
    number = await play(aftersales)
    done = await aftersales("sla", "explain", number)
    shown = block("console").split("\n", 1)[1]

    assert done.code == 0, done.err
    told = re.sub(number, "SR-260929-7K3F", done.out)
    assert [line.rstrip() for line in told.strip().splitlines()] == shown.strip().splitlines(), told


def test_the_policy_of_the_page_is_sound() -> None:
    assert Policy.model_validate(policy()).stages["resolve"].by_priority["2"] == timedelta(hours=12)
