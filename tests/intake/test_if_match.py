"""`If-Match` in every kind of command: what creates has nothing to match, what changes has, lists are many."""

from typing import Any

import pytest

from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService

CALLER = {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"}
FRIDGE = {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"}
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": CALLER,
    "product": FRIDGE,
    "fault": "no-cooling",
}
TERMS: dict[str, Any] = {"branch": "BJ01", "serials": ["RF-0001"], "valid_from": "2026-11-01"}
TERMS |= {"valid_until": "2027-10-31"}
RECALL = {"kind": "recall", "title": "x", "why": "x", "remedy": "x", "starts_on": "2026-11-01", "models": ["M"]}
HANDOVER = {"branch": "BJ01", "shift": "x", "from_person": "A1", "to_role": "supervisor"}
HANDOVER |= {"ends_at": "2026-11-23T04:00:00Z"}
CREATES: list[tuple[str, dict[str, Any]]] = [
    ("/requests", FORM),
    (
        "/contacts",
        {name: FORM[name] for name in ("branch", "channel", "customer")}
        | {"subjects": [{"product": FRIDGE, "fault": "noisy"}]},
    ),
    ("/customers", CALLER | {"branch": "BJ01"}),
    ("/contracts", TERMS | {"customer": "0190b5e2-7c3a-7def-8123-456789abcdef"}),
    ("/recalls", RECALL),
    ("/notices", {"kind": "other", "title": "x", "branches": ["BJ01"]}),
    ("/handovers", HANDOVER),
    ("/public/complaints", {"name": "x", "text": "x", "phone": "13800138000", "branch": "BJ01"}),
]
ROWS = [
    ("/imports/requests", FORM),
    ("/imports/customers", CALLER | {"branch": "BJ01"}),
    ("/imports/products", FRIDGE | {"phone": "13800138000"}),
]


async def send(intake: RunningService, method: str, path: str, body: Any, expected: str = "") -> tuple[int, str | None]:
    headers = {"If-Match": expected} if expected else {}
    answer = await intake.http.request(method, path, json=body, headers=headers)
    said = answer.json()
    return answer.status_code, said.get("code") if isinstance(said, dict) else None


async def stored(intake: RunningService) -> dict[str, Any]:
    names = sorted({kind.COLLECTION for kind in intake.runtime.service.indexes} - {"heartbeats"})
    return {name: await intake.runtime.mongo.rows(name, {}) for name in names}


@pytest.mark.parametrize("expected", ["*", '"1"', '"7"'])
async def test_what_creates_a_document_refuses_if_match_and_creates_none(intake: RunningService, expected: str) -> None:
    """RFC 9110, section 13.1.1: the branch that the form names is not what the command is about."""
    before = await stored(intake)
    for path, body in CREATES:
        assert await send(intake, "POST", path, body, expected) == (412, "version.none"), path
    assert await stored(intake) == before


async def test_the_same_commands_are_done_without_it(intake: RunningService) -> None:
    clerk = {"name": "x", "branch": "BJ01", "roles": ["information_clerk"]}
    assert (await send(intake, "PUT", "/people/A1", clerk))[0] == 200
    for path, body in CREATES:
        if path == "/contracts":
            (owner,) = (await intake.http.get("/customers")).json()["items"]
        form = body | ({"customer": owner["id"]} if path == "/contracts" else {})
        assert (await send(intake, "POST", path, form))[0] == 201, path


@pytest.mark.parametrize(("path", "form"), ROWS)
async def test_many_rows_refuse_if_match(intake: RunningService, path: str, form: dict[str, Any]) -> None:
    before = await stored(intake)
    for dry_run in (False, True):
        batch = {"rows": [{"key": "a", "form": form}], "dry_run": dry_run}
        assert await send(intake, "POST", path, batch, '"1"') == (412, "version.none")
    assert await stored(intake) == before


async def test_what_changes_a_document_is_held_against_that_one(intake: RunningService) -> None:
    """Also where the form names others: the contract is at version 1, its customer at 2 and its branch at 1."""
    await send(intake, "POST", "/customers", CALLER | {"branch": "BJ01"})
    (owner,) = (await intake.http.get("/customers")).json()["items"]
    terms = TERMS | {"customer": owner["id"]}
    assert await send(intake, "PUT", "/contracts/HT-1", terms, '"1"') == (412, "version.missing")
    assert await send(intake, "GET", "/contracts/HT-1", None) == (404, "contracts.unknown")
    assert (await send(intake, "PUT", "/contracts/HT-1", terms))[0] == 200
    more = terms | {"lines": ["lathe"]}
    assert await send(intake, "PUT", "/contracts/HT-1", more, '"2"') == (412, "version.changed")
    assert (await send(intake, "PUT", "/contracts/HT-1", more, '"1"'))[0] == 200
    assert await send(intake, "PUT", "/contracts/HT-1", terms, '"1"') == (412, "version.changed")


async def test_attendance_is_held_against_itself_not_against_its_plan(
    intake: RunningService, clock: ManualClock
) -> None:
    """ALL-8: the ETag of a list of attendance brings its correction in."""
    session = {"code": "S-1", "starts_at": "2026-11-23T01:00:00Z", "trainer": "A2"}
    plan = {"title": "x", "topic": "x", "participants": ["A1"], "sessions": [session]}
    for title in ("x", "y"):
        assert (await send(intake, "PUT", "/trainings/T-1", plan | {"title": title}))[0] == 200
    clock.advance(days=2)
    path, marks = "/trainings/T-1/sessions/S-1/attendance", [{"person": "A1", "status": "present"}]
    assert await send(intake, "PUT", path, {"marks": marks}, "*") == (412, "version.missing")
    tag = (await intake.http.put(path, json={"marks": marks})).headers["etag"]
    corrected = {"marks": [marks[0] | {"status": "absent"}]}
    assert (await send(intake, "PUT", path, corrected, tag))[0] == 200
    assert await send(intake, "PUT", path, {"marks": marks}, tag) == (412, "version.changed")


async def test_what_is_refused_anyway_keeps_its_reason(intake: RunningService) -> None:
    """RFC 9110, section 13.2.1."""
    unknown = "/requests/SR-261122-0000/cancel"
    assert await send(intake, "POST", unknown, {"reason": "x"}, "*") == (404, "requests.unknown")
    assert await send(intake, "PUT", "/people/A1", {"name": "x", "branch": "XX99", "roles": ["x"]}, "*") == (
        409,
        "branch.unknown",
    )
