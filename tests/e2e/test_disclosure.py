"""Personal data is masked in every answer; reading it in full is recorded; ops and auditors never see it (ALL-6)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from common.issuer import serve_issuer
from e2e.branches import CANARIES, COMPLAINT, SERVICES, TwoBranches, first_parameter, operations
from e2e.conftest import ROWS
from e2e.test_two_branches import BEFORE, _fill, _theirs

from aftersales.common.sign_in.access import access_table
from aftersales.testing.system import start_system

FULL = {"personal-data": "full"}
NUMBER = CANARIES["phone"]
ALWAYS = {CANARIES["name"], NUMBER}
"""What nobody sees without asking."""
TEXTS = {CANARIES["address"], COMPLAINT}
"""What callers do not see who may not read personal data."""


@pytest.fixture
async def desk(urls, clock) -> AsyncIterator[TwoBranches]:
    with serve_issuer() as issuer:
        async with start_system(urls, clock, ROWS, oidc_issuer=issuer.url, oidc_roles_claim="roles") as built:
            two = TwoBranches(built, issuer, clock)
            for role in ("ops", "auditor"):
                two.tokens[role] = issuer.token(clock.now(), sub=f"s-{role}", roles=[role])
            await two.open()
            await two.play("sh", "SH01", CANARIES)
            yield two


async def reads(desk: TwoBranches, who: str, **headers: str) -> dict[tuple[str, str], Any]:
    """Return the answer to every GET, of lists and of the documents of SH01."""
    ids, found = await desk.ids("SH01"), {}
    for service in SERVICES:
        for method, path, _ in operations(service):
            place = first_parameter(path)
            id = _theirs(ids, service, place[0], BEFORE.get(place[0], "none")) if place else ""
            if method == "GET" and id is not None and access_table().action_of(service, (method, path)) != "":
                asked = _fill(path, id) + ("?q=0011" if path == "/lookup" else "")
                found[service, path] = await desk.ask(who, service, method, asked, None, **headers)
    return found


def telling(answers: dict[tuple[str, str], Any], words: set[str]) -> set[tuple[str, str]]:
    whole = {("intake", path) for _, path in access_table().whole["intake"]}
    return {
        place
        for place, answer in answers.items()
        if place not in whole and (any(word in answer.text for word in words) or NUMBER[3:] in answer.text)
    }


async def test_names_and_numbers_are_masked_in_every_answer_all_6(desk: TwoBranches) -> None:
    answers = await reads(desk, "sh")
    assert telling(answers, ALWAYS) == set()
    lookup = answers["intake", "/lookup"].json()["items"][0]["customer"]
    assert (lookup["name"], lookup["phone"], lookup["address"]) == ("金**", "+86137****0011", CANARIES["address"])
    assert await desk.system.intake.runtime.mongo.rows("readings", {"route": {"$not": {"$regex": "export|pdf"}}}) == []


async def test_in_full_on_demand_and_the_record_says_who_read_whom_all_6(desk: TwoBranches) -> None:
    customer = (await desk.ids("SH01"))["intake"]["customers"]
    for path in (f"/customers/{customer}", "/lookup?q=0011", "/customers?q=0011", "/requests", "/requests/rows"):
        answer = await desk.ask("sh", "intake", "GET", path, None, **FULL)
        assert CANARIES["name"] in answer.text, path
        listed = await desk.call("hq", "intake", "GET", f"/readings?customer={customer}&who=p-sh")
        newest = listed["items"][0]
        assert (newest["who"], newest["subject"], newest["asked"]) == ("p-sh", "s-sh", path.partition("?")[0])
        assert newest["customers"] == [customer]
    assert len(listed["items"]) == 5
    assert NUMBER not in str(listed), "the query may be a number, and is not recorded"


@pytest.mark.parametrize("role", ["ops", "auditor"])
async def test_ops_and_auditors_never_see_it_all_6(desk: TwoBranches, role: str) -> None:
    answers = await reads(desk, role)
    assert telling(answers, ALWAYS | TEXTS) == set()
    assert sum(answer.status_code == 200 for answer in answers.values()) > 10
    for place, answer in (await reads(desk, role, **FULL)).items():
        assert answer.status_code in {403, 404}, place


async def test_a_command_and_its_stored_answer_are_masked_too_all_6(desk: TwoBranches) -> None:
    form = {"branch": "SH01", "channel": "phone", "kind": "consultation", "description": "问一下"}
    form |= {"customer": {"name": CANARIES["name"], "phone": NUMBER}}  # type: ignore[dict-item]
    for _ in range(2):
        answer = await desk.ask("sh", "intake", "POST", "/requests", form, **{"idempotency-key": "k-1"})
        assert answer.status_code == 201
        assert answer.json()["caller"] == "金**"
    request = await desk.ask("sh", "intake", "GET", f"/requests/{answer.json()['id']}", None, **FULL)
    assert request.json()["caller"] == CANARIES["name"], "stored in full"


async def test_a_masked_name_or_number_is_not_saved_all_6(desk: TwoBranches) -> None:
    customer = (await desk.ids("SH01"))["intake"]["customers"]
    form = {"branch": "SH01", "channel": "phone", "kind": "consultation", "description": "问一下"}
    refused = await desk.ask(
        "sh", "intake", "POST", "/requests", form | {"customer": {"name": "金**", "phone": NUMBER}}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "input.malformed")
    for changes in ({"name": "金**"}, {"phones": [{"number": "+86137****0011"}]}, {"email": "j***@example.com"}):
        answer = await desk.ask("sh", "intake", "PATCH", f"/customers/{customer}", changes)
        assert (answer.status_code, answer.json()["code"]) == (422, "input.malformed"), changes


async def test_a_file_or_an_export_is_recorded_as_a_whole_all_6(desk: TwoBranches) -> None:
    document = (await desk.ids("SH01"))["intake"]["documents"]
    for path in (f"/documents/{document}/pdf", "/requests/export"):
        assert (await desk.ask("sh", "intake", "GET", path)).status_code == 200
    listed = (await desk.call("hq", "intake", "GET", "/readings?who=p-sh"))["items"]
    assert [one["route"] for one in listed] == ["GET /requests/export", "GET /documents/{number}/pdf"]


async def test_an_unknown_wish_is_refused(desk: TwoBranches) -> None:
    answer = await desk.ask("sh", "intake", "GET", "/customers", None, **{"personal-data": "yes"})
    assert (answer.status_code, answer.json()["code"]) == (422, "personal_data.wanted")
