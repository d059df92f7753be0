"""What an auditor asks of the audit trail over HTTP and on the command line (ALL-5)."""
# ruff: noqa: RUF001 (full width is meant)

import json

import pytest
from cli.system import INTAKE, NOBODY, open_system
from common.auditing import KEY, database, running_service, work
from common.counter import Counter
from prometheus_client.utils import floatToGoString
from pydantic import SecretStr

from aftersales.common.trail.anchors import ANCHORS
from aftersales.testing import ManualClock, eventually


@pytest.fixture
async def sealed(urls, clock):
    async with running_service(urls, clock) as built:
        yield built


async def test_a_verification_is_asked_for_over_http_and_runs_in_the_background(sealed):
    await work(sealed)
    await database(sealed)[Counter.COLLECTION].update_one({"_id": "c0"}, {"$set": {"total": 1000}})
    asked = await sealed.http.post("/audit/verifications")
    assert asked.status_code == 202

    async def finished():
        return (await sealed.http.get("/audit")).json()["last"]

    last = await eventually(finished)
    assert (last["broken"], last["findings"][0]["params"]) == (1, {"document": "counters_of_tests/c0"})

    async def shown():
        page = (await sealed.http.get("/metrics")).text
        return page if "\naftersales_audit_broken 1.0\n" in page else None

    page = await eventually(shown)
    now = floatToGoString(sealed.runtime.clock.now().timestamp())
    assert f"\naftersales_audit_verified_timestamp_seconds {now}\n" in page


async def test_headquarters_asks_who_changed_a_document_when_and_why(sealed):
    """ALL-5."""
    await work(sealed)
    first = (await sealed.http.get("/audit/counters_of_tests/c0", params={"limit": 4})).json()
    assert [(change["version"], change["who"], change["why"]) for change in first["items"]] == [
        (1, "test", "add"),
        (3, "test", "add"),
        (5, "test", "add"),
        (2, "second", "add"),
    ] or len(first["items"]) == 4
    assert first["intact"]
    rest = (await sealed.http.get("/audit/counters_of_tests/c0", params={"cursor": first["next"]})).json()
    assert sorted(change["version"] for change in first["items"] + rest["items"]) == [1, 2, 3, 4, 5, 6]
    await database(sealed)[Counter.COLLECTION].update_one({"_id": "c0"}, {"$set": {"total": 1000}})
    assert not (await sealed.http.get("/audit/counters_of_tests/c0")).json()["intact"]
    unknown = await sealed.http.get("/audit/counters_of_tests/nobody")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "audit.unknown")


async def test_anchors_are_listed_so_that_another_machine_can_keep_them(sealed):
    await work(sealed)
    (anchor,) = (await sealed.http.get("/audit/anchors")).json()
    assert (anchor["number"], anchor["service"], len(anchor["heads"])) == (1, "counter", 2)
    assert (await sealed.http.get("/audit/anchors", params={"after": 1})).json() == []
    assert await sealed.runtime.auditor.anchor() is None  # nothing has grown since


@pytest.fixture(scope="module")
async def program(urls):
    async with open_system(urls, ManualClock(), [INTAKE], audit_key=SecretStr(KEY)) as opened:
        yield opened


BRANCH = {"name": "上海\u202e一店 <b>", "zone": "Asia/Shanghai", "location": {"lat": 31.2, "lon": 121.4}}


async def test_the_command_line_shows_who_changed_a_document(program):
    """ALL-5."""
    put = await program.system.intake.http.put("/branches/hq", json=BRANCH, headers={"x-actor": "hq\x1b[31m"})
    assert put.is_success, put.text
    shown = await program("audit", "show", "branches/hq", "--service", "intake")
    assert shown.code == 0, shown.err
    assert "hq\\u001b[31m" in shown.out
    told = (await program("audit", "show", "branches/hq", "--service", "intake", "--json")).json["intake"]
    assert (told["intact"], [change["version"] for change in told["items"]]) == (True, [1])
    unknown = await program("audit", "show", "branches/不存在", "--service", "intake")
    assert (unknown.code, "branches/不存在" in unknown.err) == (1, True)


@pytest.mark.parametrize(
    ("locale", "changed", "empty"),
    [
        ("en", "Name (name): 上海一店 <b> → Shop “1”", "Branch (branch): (empty) → sh-02"),
        ("zh-Hans", "名称 (name): 上海一店 <b> → Shop “1”", "网点 (branch): （空） → sh-02"),
        ("zh-Hant", "名稱 (name): 上海一店 <b> → Shop “1”", "據點 (branch): （空） → sh-02"),
    ],
)
async def test_the_command_line_shows_each_field_before_and_after_in_words(program, locale, changed, empty):
    """ALL-5."""
    intake = program.system.intake
    first = await intake.http.put("/branches/sh-02", json=BRANCH, headers={"x-actor": "li.na"})
    assert first.is_success, first.text
    await intake.http.put("/branches/sh-02", json=BRANCH | {"name": "Shop “1”"}, headers={"x-actor": "zhang.wei"})
    shown = await program("--lang", locale, "audit", "show", "branches/sh-02", "--service", "intake")
    assert shown.code == 0, shown.err
    for part in (changed, empty, "li.na", "zhang.wei", "register_branch", "2026-11-23 09:00:00"):
        assert part in shown.out, shown.out


async def test_the_command_line_says_that_no_key_is_set(urls):
    """ALL-5."""
    async with open_system(urls, ManualClock(), [INTAKE]) as opened:
        await opened.system.intake.http.put("/branches/hq", json=BRANCH)
        for command in (("show", "branches/hq"), ("verify",)):
            told = await opened("audit", *command, "--service", "intake")
            assert (told.code, "no AFTERSALES_AUDIT_KEY is set" in told.err) == (0, True), told.err


async def test_the_command_line_verifies_and_compares_with_anchors_that_were_kept(program, tmp_path):
    """ALL-5."""
    intake, kept = program.system.intake, tmp_path / "anchors.jsonl"
    await intake.http.put("/branches/sh-01", json=BRANCH)
    await intake.runtime.auditor.anchor()
    (intake_anchor,) = (await intake.http.get("/audit/anchors")).json()
    kept.write_text(json.dumps({"event": "audit.anchored", "anchor": intake_anchor}) + "\nno JSON\n")  # from a log
    assert (await program("audit", "anchors", kept, "--service", "intake")).code == 0  # nothing is new
    assert len(kept.read_text().splitlines()) == 2
    whole = await program("audit", "verify", "--service", "intake", "--anchors", kept)
    assert (whole.code, "is intact" in whole.out) == (0, True), whole.err
    await database(intake)[ANCHORS].delete_many({})
    await intake.http.put("/branches/sh-01", json=BRANCH | {"name": "二店"})
    await database(intake)["branches"].update_one({"_id": "sh-01"}, {"$set": {"name": "x"}})
    broken = await program("--lang", "zh-Hans", "audit", "verify", "--service", "intake", "--anchors", kept)
    assert broken.code == 1
    assert "branches/sh-01 与它的审计记录不符" in broken.err
    assert "2026-11-23 01:00 UTC 的锚点" in broken.err


async def test_the_command_line_says_what_it_cannot_do(program):
    assert (await program("audit", "show", "nonsense")).code == 2
    assert (await program("audit", "verify", "--service", "intake", AFTERSALES_INTAKE_URL=NOBODY)).code == 2
