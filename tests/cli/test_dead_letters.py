"""`aftersales dead` and `aftersales version`, as people and scripts run them, on real services."""

import json
from collections.abc import AsyncIterator
from importlib.metadata import version

import pytest
import typer
from cli.system import NOBODY, Program, open_system

from aftersales.cli.app import app
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.work import audit
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock, eventually

BRANCH = {"name": "上海", "zone": "Asia/Shanghai", "location": {"lat": 31.23, "lon": 121.45}}
PARTNER = {
    "customer_name": "李雷",
    "phone": "13900139000",
    "address": "长安街 2 号",
    "serial": "RF-1",
    "model": "BCD-258",
    "line": "refrigerator",
    "fault": "no-cooling",
}


@pytest.fixture(scope="module")
async def aftersales(urls) -> AsyncIterator[Program]:
    async with open_system(urls, ManualClock()) as program:
        yield program


async def kill(program: Program, branch: str, *ids: str) -> list[str]:
    """Partner requests for a branch that nobody knows; gives the ids under which their events are remembered."""
    for id in ids:
        event = PartnerServiceRequest.model_validate(PARTNER | {"branch": branch})
        await program.system.intake.deliver(event, id=id, source="/partner/shop")

    async def parked() -> list[str] | None:
        found = await program.system.intake.find(StoredDeadLetter)
        known = {json.loads(message.body)["id"]: message.event_id for message in found if message.body[:1] == b"{"}
        return [known[id] for id in ids] if known.keys() >= set(ids) else None

    return await eventually(parked)


async def listed(program: Program, *options: str) -> list[str]:
    done = await program("dead", "list", "--json", "--limit", "0", *options)
    assert done.code == 0, done.err
    return [letter["event_id"] for letter in done.json]


async def test_dead_letters_are_listed_for_people_and_for_scripts(aftersales):
    (id,) = await kill(aftersales, "XX-1", "list-1")
    await aftersales.system.dispatch.deliver_raw(b"\x1b[2Jno event\xff")
    (odd,) = await eventually(lambda: aftersales.system.dispatch.find(StoredDeadLetter))
    shown = await aftersales("dead", "list")
    everything = await aftersales("dead", "list", "--json")
    letters = {letter["event_id"]: letter for letter in everything.json}

    assert (shown.code, shown.err) == (0, "")
    assert [word for word in ("service", "intake", "branch.unknown", "dispatch", id) if word not in shown.out] == []
    assert letters[id]["service"] == "intake"
    assert [letter for letter in letters.values() if "body" in letter] == []
    assert letters[odd.event_id]["reason"] == "event.malformed"
    assert "\x1b" not in everything.out


async def test_filters_and_limits_narrow_the_list(aftersales):
    ids = await kill(aftersales, "XX-2", "narrow-1", "narrow-2")
    by_reason = await listed(
        aftersales, "--where", "reason=branch.unknown", "--where", f"type={PartnerServiceRequest.TYPE}"
    )
    limited = await aftersales("dead", "list", "--json", "--limit", "1", "--service", "intake")

    assert set(ids) <= set(by_reason)
    assert await listed(aftersales, "--where", "reason=no.such") == []
    assert await listed(aftersales, "--service", "feedback") == []
    assert len(limited.json) == 1
    assert "There are more than 1" in limited.err


async def test_one_dead_letter_is_shown_wherever_it_is(aftersales):
    (id,) = await kill(aftersales, "XX-3", "show-1")
    (letter,) = (await aftersales("dead", "show", id)).json
    assert json.loads(letter["body"])["data"]["customer_name"] == "李雷"
    missing = await aftersales("dead", "show", "no-such", AFTERSALES_LOCALE="zh-Hans")

    assert (letter["event_id"], letter["params"]) == (id, {"branch": "XX-3"})
    assert (await aftersales("dead", "show", letter["id"], "--service", "intake")).json == [letter]
    assert (missing.code, missing.out) == (1, "")
    assert "没有死信 no-such" in missing.err


async def test_a_replayed_letter_is_handled_once_its_reason_is_gone(aftersales):
    first, second, third = await kill(aftersales, "sh-09", "replay-1", "replay-2", "replay-3")
    await aftersales.system.intake.http.put("/branches/sh-09", json=BRANCH)
    done = await aftersales("dead", "replay", first, second)

    async def both() -> bool:
        return len(await aftersales.system.intake.find(ServiceRequest, branch="sh-09")) == 2

    await eventually(both)
    left = await listed(aftersales)
    again = await aftersales("dead", "replay", first)

    assert (done.code, done.err) == (0, "")
    assert "Sent again: 2" in done.out
    assert (first in left, second in left, third in left) == (False, False, True)
    assert again.code == 1
    assert f"There is no dead letter {first}" in again.err


async def test_a_letter_whose_reason_is_not_gone_comes_back(aftersales):
    (id,) = await kill(aftersales, "XX-4", "back-1")
    (before,) = await aftersales.system.intake.find(StoredDeadLetter, event_id=id)
    done = await aftersales("dead", "replay", id, "--json")

    (after,) = await eventually(lambda: aftersales.system.intake.find(StoredDeadLetter, event_id=id))
    assert [letter["event_id"] for letter in done.json] == [id]
    assert after.body == before.body


async def test_dropping_asks_first_and_the_audit_trail_keeps_who_did(aftersales):
    first, second = await kill(aftersales, "XX-5", "drop-1", "drop-2")
    (row,) = await aftersales.system.intake.find(StoredDeadLetter, event_id=first)
    refused = await aftersales("dead", "drop", first, second, stdin="n\n")
    kept = await listed(aftersales)
    dropped = await aftersales("dead", "drop", first, "--service", "intake", "--yes", LOGNAME="storekeeper")
    left = await listed(aftersales)
    document = f"{StoredDeadLetter.COLLECTION}/{row.id}"
    changes = await audit.read_changes(aftersales.system.intake.runtime.mongo, document)

    assert refused.code == 1
    assert "Drop 2 for good?" in refused.err
    assert refused.out.strip() == ""
    assert {first, second} <= set(kept)
    assert (dropped.code, dropped.out.strip()) == (0, "Dropped: 1.")
    assert (first in left, second in left) == (False, True)
    assert [change["who"] for change in changes if not change["after"]] == ["storekeeper"]


async def test_a_filter_drops_all_it_finds_and_nothing_else(aftersales):
    await kill(aftersales, "XX-6", "all-1", "all-2")
    before = await listed(aftersales)
    others = await listed(aftersales, "--where", "reason=event.malformed")
    done = await aftersales("dead", "drop", "--where", "reason=branch.unknown", "-y", "--json")

    assert {letter["event_id"] for letter in done.json} == set(before) - set(others)
    assert await listed(aftersales) == others


async def test_a_silent_service_does_not_hide_the_others(aftersales):
    (id,) = await kill(aftersales, "XX-7", "silent-1")
    done = await aftersales("--url", f"feedback={NOBODY}", "dead", "list")

    assert done.code == 2
    assert id in done.out
    assert "feedback does not answer" in done.err
    assert "`make up`" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dead", "drop", "--yes"], "say which"),
        (["dead", "replay", "some-id", "--where", "reason=x"], "an ID needs no --where"),
        (["dead", "list", "--where", "branch=x"], "neither reason=CODE nor type=EVENT_TYPE"),
        (["dead", "list", "--service", "kitchen"], "kitchen is none of intake"),
        (["--url", "kitchen=http://x", "version"], "names none of intake"),
        (["--url", "intake=localhost", "version"], "is not an address"),
        (["import", "--zone", "Moon/Crater", "stock", "x.csv"], "not a time zone"),
    ],
)
async def test_a_command_that_cannot_be_meant_is_refused_with_an_example(aftersales, arguments, words):
    done = await aftersales(*arguments)

    assert done.code == 2
    assert words in done.err


async def test_versions_of_the_program_and_of_each_service_are_shown(aftersales):
    ours = version("aftersales-cli")
    every = await aftersales("version", "--json")
    done = await aftersales("--url", f"dispatch={NOBODY}", "version")
    for_scripts = await aftersales("--url", f"dispatch={NOBODY}", "version", "--json")
    lines = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}

    assert (every.code, every.json["version"]) == (0, ours)
    assert [(one["service"], one["version"], one["url"]) for one in every.json["services"]] == [
        (name, ours, url) for name, url in aftersales.urls.items()
    ]
    assert (done.code, for_scripts.code) == (2, 2)
    assert (ours in lines["aftersales"], ours in lines["intake"]) == (True, True)
    assert "does not answer" in lines["dispatch"]
    assert "dispatch does not answer at http://127.0.0.1:9" in done.err
    assert {one["service"]: one["version"] for one in for_scripts.json["services"]}["dispatch"] is None


async def test_sending_everything_again_asks_first(aftersales):
    first, second = await kill(aftersales, "XX-8", "ask-1", "ask-2")
    chosen = ("--service", "intake", "--where", "reason=branch.unknown")
    refused = await aftersales("dead", "replay", *chosen, "--json", stdin="n\n")
    alone = await aftersales("dead", "replay", *chosen, "--json")
    kept = {message.times for message in await aftersales.system.intake.find(StoredDeadLetter, event_id=first)}
    sent = await aftersales("dead", "replay", *chosen, "--json", "--yes")

    assert [(done.code, done.out.strip()) for done in (refused, alone)] == [(1, "")] * 2
    assert "again?" in refused.err
    assert (first in refused.err, second in refused.err) == (True, True)
    assert kept == {1}
    assert sent.code == 0
    assert {first, second} <= {letter["event_id"] for letter in sent.json}


@pytest.mark.parametrize("columns", ["20", "80", "300"])
@pytest.mark.parametrize("terminal", ["", "1"])
async def test_an_id_can_be_copied_at_any_width(aftersales, columns, terminal):
    name = "订单 " + "0123456789" * 12
    (id,) = await kill(aftersales, "XX-9", f"{name}-{columns}{terminal}")
    shown = await aftersales("dead", "list", COLUMNS=columns, TTY_COMPATIBLE=terminal, NO_COLOR="1")

    lines = [line for line in shown.out.splitlines() if id in line]
    assert len(lines) == 1
    assert ("branch.unknown" in lines[0]) == (not terminal or columns == "300"), "a block for each on a narrow terminal"


async def test_help_lists_columns_and_commands(aftersales):
    program = await aftersales("--help")
    sheet = await aftersales("import", "requests", "--help")
    completion = await aftersales(_AFTERSALES_COMPLETE="source_bash")

    assert [word for word in ("import", "dead", "version", "AFTERSALES_INTAKE_URL") if word not in program.out] == []
    assert [word for word in ("phone", "电话", "電話", "--dry-run") if word not in sheet.out] == []
    assert "_AFTERSALES_COMPLETE" in completion.out


def test_every_command_gives_json_to_scripts():
    def without(command, path):
        if isinstance(command, typer.core.TyperGroup):
            return [found for name, one in command.commands.items() for found in without(one, (*path, name))]
        return [] if any("--json" in option.opts for option in command.params) else [" ".join(path)]

    assert without(typer.main.get_command(app), ()) == []
    lacking = typer.Typer()
    lacking.command("one")(lambda: None)
    lacking.command("two")(lambda: None)
    assert without(typer.main.get_command(lacking), ()) == ["one", "two"]
