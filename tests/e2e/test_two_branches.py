"""Nothing of a branch is seen, counted, changed or told in another one, by any route (ALL-2)."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from common.issuer import serve_issuer
from e2e.branches import CANARIES, SERVICES, TwoBranches, example_of, first_parameter, operations
from e2e.conftest import ROWS

from aftersales.common.sign_in.access import access_table
from aftersales.testing.system import start_system

OWN = {"name": "李普通", "phone": "13611112222", "serial": "OWN-1", "address": "北京市朝阳区建国路 88 号"}
BEFORE = {
    "/requests/": "requests",
    "/deadlines/": "requests",
    "/complaints/": "complaints",
    "/contracts/": "contracts",
    "/correspondence/": "correspondence",
    "/customers/": "customers",
    "/documents/": "documents",
    "/entitlements/": "entitlements",
    "/files/": "customer_files",
    "/handovers/": "handovers",
    "/merges/": "merges",
    "/messages/": "messages",
    "/people/": "people",
    "/products/": "products",
    "/boards/branch/": "",
    "/meetings/": "",
    "/orders/": "orders",
    "/technicians/": "technicians",
    "/slips/": "slips",
    "/timelines/": "timelines",
    "/cases/": "timelines",
    "/claims/": "claims",
    "/followups/": "followups",
}
"""What stands before the first parameter of a path, and the collection that it names; empty: a branch."""
REST = {"purpose": "marketing", "week": "2026-W48", "step": "told", "number": "1", "id": "none", "serial": "none"}
"""Values of further parameters."""
CREATES = {("PUT", "/technicians/{code}"), ("PUT", "/people/{code}")}
"""Routes that create what does not exist, so that a code in use can be guessed (ADR 16)."""
NOTHING = {"/customers/{customer}/files", "/customers/{customer}/merges"}
"""Lists that are empty for an owner who does not exist."""
NAMES = {
    "customer": "customers",
    "request": "requests",
    "of": "requests",
    "other": "customers",
    "loser": "customers",
    "to": "people",
    "to_person": "people",
    "from_person": "people",
    "people": "people",
    "taken_by": "people",
    "supervisor": "people",
    "owner": "people",
    "technician": "technicians",
    "file": "customer_files",
    "contract": "contracts",
    "entitlement": "entitlements",
}
"""Names of fields and query parameters that mean a document, and its collection."""
MISSING = "SR-261122-ZZZZ"
"""An id that nothing has, of the form of numbers."""


@pytest.fixture
async def branches(urls, clock) -> AsyncIterator[TwoBranches]:
    with serve_issuer() as issuer:
        async with start_system(urls, clock, ROWS, oidc_issuer=issuer.url, oidc_roles_claim="roles") as built:
            two = TwoBranches(built, issuer, clock)
            await two.open()
            await two.play("sh", "SH01", CANARIES)
            await two.play("bj", "BJ01", OWN)
            yield two


def closed() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield every operation that needs a token."""
    for service in SERVICES:
        for method, path, said in operations(service):
            if access_table().action_of(service, (method, path)) != "":
                yield service, method, path, said


async def test_no_list_search_count_or_export_shows_another_branch(branches: TwoBranches) -> None:
    """ALL-2: each list as it is, and with each filter set to what is the other branch's."""
    theirs = await branches.ids("SH01")
    ids = {id for each in theirs.values() for name, id in each.items() if name not in {"digests", "accounts"}} - {
        "SH01"
    }
    secrets = ids | set(CANARIES.values())
    values: dict[str, str | None] = {name: _any(theirs, collection) for name, collection in NAMES.items()}
    values |= dict.fromkeys(("q", "serial", "product"), CANARIES["serial"])
    values |= {"branch": "SH01", "phone": CANARIES["phone"]}
    leaks, seen = [], 0
    for service, method, path, said in closed():
        if method != "GET" or "{" in path:
            continue
        queries: list[dict[str, str]] = [{}] + [
            {one["name"]: value}
            for one in said.get("parameters", ())
            if one.get("in") == "query" and (value := values.get(one["name"]))
        ]
        queries += (
            [{"q": word} for word in (*CANARIES.values(), "0011", "jinsique")]
            if {"q": "CANARY-7788"} in queries
            else []
        )
        for query in queries:
            http = getattr(branches.system, service).http
            answer = await http.get(path, params=query, headers={"authorization": f"Bearer {branches.tokens['bj']}"})
            seen += answer.status_code == 200
            asked = set(query.values())
            found = {word for word in secrets - asked if word in answer.text}
            leaks += [(service, path, query, answer.status_code, found)] if found else []
    assert not leaks, "\n".join(map(str, leaks))
    assert seen > 60, "most of them were answered"


async def test_an_id_of_another_branch_is_one_that_does_not_exist_in_every_path(branches: TwoBranches) -> None:
    """ALL-2: the same status and code, with and without If-Match; and nothing was changed."""
    theirs = await branches.ids("SH01")
    different, tried = [], 0
    for service, method, path, said in closed():
        place = first_parameter(path)
        collection = BEFORE.get(place[0]) if place else None
        if place is None or collection is None:
            continue
        id = _theirs(theirs, service, place[0], collection)
        if id is None:
            continue
        for headers in ({}, {"if-match": "*"}):
            answers = [
                await branches.ask("bj", service, method, _fill(path, one), example_of(said), **headers)
                for one in (id, _missing(id))
            ]
            told = [(answer.status_code, answer.json().get("code")) for answer in answers]
            tried += 1
            if (method, path) not in CREATES and (told[0] != told[1] or (told[0][0] < 400 and path not in NOTHING)):
                different.append((service, method, path, headers, *told))
    assert not different, "\n".join(map(str, different))
    assert tried > 150
    assert await _changed_by(branches, "p-bj", "SH01") == []


async def test_an_id_of_another_branch_is_one_that_does_not_exist_in_every_body(branches: TwoBranches) -> None:
    """ALL-2: each field of each body that names a document, one after another."""
    theirs, own = await branches.ids("SH01"), await branches.ids("BJ01")
    different, tried = [], 0
    for service, method, path, said in closed():
        body, place = example_of(said), first_parameter(path)
        if body is None or (place and place[0] not in BEFORE):
            continue
        mine = (_theirs(own, service, place[0], BEFORE[place[0]]) if place else "") or MISSING
        for name, at in _fields(body):
            id = _any(theirs, NAMES[name])
            if id is None:
                continue
            answers = [
                await branches.ask("bj", service, method, _fill(path, mine), _with(body, at, one))
                for one in (id, _missing(id))
            ]
            told = [(answer.status_code, answer.json().get("code")) for answer in answers]
            tried += 1
            if told[0] != told[1]:
                different.append((service, method, path, at, *told))
    assert not different, "\n".join(map(str, different))
    assert tried > 15
    assert await _changed_by(branches, "p-bj", "SH01") == []


async def test_a_customer_who_calls_another_branch_is_known_there_from_then_on(branches: TwoBranches) -> None:
    """ALL-2, INT-3: the whole number is needed, and the products come along once they are the subject."""
    lookup = await branches.call("bj", "intake", "GET", "/lookup?q=0011")
    assert lookup["items"] == []
    form: dict[str, Any] = {"branch": "BJ01", "channel": "phone", "kind": "consultation", "description": "问一下保修"}
    form |= {
        "customer": {"name": CANARIES["name"], "phone": CANARIES["phone"]},
        "product": {"serial": CANARIES["serial"]},
    }
    request = await branches.call("bj", "intake", "POST", "/requests", form)
    (item,) = (await branches.call("bj", "intake", "GET", "/lookup?q=0011"))["items"]
    assert item["customer"]["name"] == "金**"
    assert [product["serial"] for product in item["products"]] == [CANARIES["serial"]]
    assert [case["request"] for case in item["open_cases"]] == [request["id"]], "the other branch's cases stay there"
    (customer,) = (await branches.call("sh", "intake", "GET", "/customers?q=0011"))["items"]
    assert (customer["branch"], customer["shared_with"]) == ("SH01", ["BJ01"])


async def test_a_manager_gives_no_access_beyond_the_own_branch(branches: TwoBranches) -> None:
    """ALL-8: neither by a role that sees all, nor by another branch, nor by taking over somebody who has one."""
    boss = {"name": "总部", "branch": "BJ01", "roles": ["headquarters"], "subject": "s-boss"}
    await branches.call("hq", "intake", "PUT", "/people/boss", boss)
    for person, form in (
        ("p-bj", {"roles": ["service_manager", "leadership"]}),
        ("p-bj", {"roles": ["service_manager"], "branches": ["SH01"]}),
        ("new", {"roles": ["information_clerk"], "branch": "SH01"}),
        ("boss", {"roles": ["information_clerk"], "subject": "s-bj2"}),
    ):
        answer = await branches.ask("bj", "intake", "PUT", f"/people/{person}", {"name": "x", "branch": "BJ01"} | form)
        assert answer.status_code == 403, (person, form, answer.text)
    fine = {"name": "新人", "branch": "BJ01", "roles": ["information_clerk"], "subject": "s-new"}
    await branches.call("bj", "intake", "PUT", "/people/new", fine)
    taken = await branches.ask("bj", "intake", "PUT", "/people/new2", fine)
    assert (taken.status_code, taken.json()["code"]) == (409, "person.subject_taken")


def _any(ids: dict[str, dict[str, str]], collection: str) -> str | None:
    return next((each[collection] for each in ids.values() if collection in each), None)


def _theirs(ids: dict[str, dict[str, str]], service: str, before: str, collection: str) -> str | None:
    if not collection:
        return "SH01"
    if before == "/deadlines/" and service != "intake":
        collection = {"dispatch": "orders", "feedback": "followups"}[service]
    return ids.get(service, {}).get(collection)


def _missing(id: str) -> str:
    """Return an id of the same form that nothing has."""
    if re.fullmatch(r"[0-9a-f-]{36}(\|.*)?", id):
        return f"{'1' if id[0] == '0' else '0'}{id[1:]}"
    numbered = re.sub(r"(?<=-)[0-9A-Z]{4}(?=$|-)", "7QX7", id, count=1)
    return numbered if numbered != id else f"{id[:-1]}{'9' if id[-1].isdigit() else 'q'}"


def _fill(path: str, first: str) -> str:
    filled = re.sub(r"\{\w+\}", first, path, count=1)
    return re.sub(r"\{(\w+)\}", lambda found: REST.get(found[1], "none"), filled)


def _fields(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield each field of a body that names a document, with its place."""
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in steps:
        if name in NAMES and isinstance(value, str):
            yield name, (*at, name)
        elif name in NAMES and isinstance(value, list) and value and isinstance(value[0], str):
            yield name, (*at, name, 0)
        else:
            yield from _fields(value, (*at, name))
    if isinstance(body, dict) and at and at[-1] == "customer" and "name" in body:
        yield "customer", (*at, "id")


def _with(body: Any, at: tuple[Any, ...], value: str) -> Any:
    """Return the body with this value at that place."""
    if not at:
        return value
    changed = body.copy()
    changed[at[0]] = _with(body[at[0]] if isinstance(body, list) or at[0] in body else {}, at[1:], value)
    return changed


async def _changed_by(branches: TwoBranches, who: str, branch: str) -> list[tuple[str, str]]:
    """Return the documents of a branch that somebody changed."""
    found = []
    for name in SERVICES:
        runtime = getattr(branches.system, name).runtime
        records = await runtime.mongo.rows("audit", {"changes.who": who})
        changed = {one["document"] for record in records for one in record["changes"] if one["who"] == who}
        for kind in runtime.service.indexes:
            rows = await runtime.mongo.rows(kind, {"branch": branch}, only=("_id",))
            found += [(name, id) for row in rows if (id := f"{kind.COLLECTION}/{row['_id']}") in changed]
    return found
