"""What the running system says is what its schemas say: every GET of the four services, every event of a story."""

import json
from collections import defaultdict
from copy import deepcopy
from typing import Any

import aio_pika
import jsonschema  # type: ignore[import-untyped]
import pytest
from common.answers import WrongAnswer, watch
from contracts.schema import envelope_schema
from e2e.story import BRANCH, call, furnish, register, repair
from e2e.test_turns import publish

from aftersales.common.events import REGISTRY
from aftersales.testing import eventually
from aftersales.values import sibling_number

CONTRACT = {
    "branch": BRANCH,
    "serials": ["SN-0001"],
    "valid_from": "2026-01-01",
    "valid_until": "2027-12-31",
    "response": {"confirm": "PT2H", "resolve": 172_800},
}
CUSTOMER = {"name": "王小明", "phone": "13812345678", "address": "南京西路 1 号", "branch": BRANCH}
MADE_OF_SAMPLES = {
    "code": BRANCH,
    "serial": "SN-0001",
    "branch": BRANCH,
    "name": "default",
    "version": "1",
    "week": "2026-W47",
    "token": "none",
    "source": "shop",
    "id": "none",
}
"""For what the story does not make: an answer of 404 or 422 is described, too."""
MUST_ANSWER = {
    "intake": {"/requests", "/requests/{number}", "/contracts", "/contracts/{number}", "/customers/{customer}"}
    | {"/branches", "/partners/messages", "/products/{serial}", "/deadlines/{number}", "/dead", "/dead/{id}"},
    "dispatch": {"/orders", "/orders/{number}", "/technicians", "/deadlines/{number}"},
    "inventory": {"/parts", "/stock", "/slips", "/slips/{number}", "/movements"},
    "feedback": {"/followups", "/followups/{key}", "/timelines/{request}", "/kpis"},
}
"""With content: what broke its description before is among them."""


async def journal(system: Any, amqp_url: str) -> list[dict[str, Any]]:
    """All events since the start, until one that is published now."""
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        await channel.set_qos(100)
        stream = await channel.get_queue(f"{system.tag}.journal")
        found: list[dict[str, Any]] = []
        await call(
            system.intake, "PUT", "/branches/end", {"name": "End", "zone": "UTC", "location": {"lat": 0, "lon": 0}}
        )
        async with stream.iterator(arguments={"x-stream-offset": "first"}, timeout=20) as messages:
            async for message in messages:
                await message.ack()
                found.append(json.loads(message.body))
                if found[-1]["subject"] == "end":
                    return found
    raise AssertionError("the journal has no end")


async def _story(system: Any, clock: Any) -> dict[str, str]:
    """A repair under a contract, and a partner's events; the ids that came of it."""
    await furnish(system)
    customer = await call(system.intake, "POST", "/customers", CUSTOMER)
    contract = await call(system.intake, "POST", "/contracts", CONTRACT | {"customer": customer["id"]})
    request = await register(system)
    await repair(system, request)
    about = {"specversion": "1.0", "id": "7", "source": "shop", "type": "partner.service_request.v1"}
    await publish(system, json.dumps(about | {"time": clock.now().isoformat(), "data": {"branch": 1}}).encode())
    dead = (await eventually(lambda: _items(system.intake, "/dead")))[0]["id"]
    followup = (await eventually(lambda: _items(system.feedback, "/followups")))[0]["id"]
    order, slip = sibling_number(request, "WO"), f"{sibling_number(request, 'IS')}-1"
    return {
        "customer": customer["id"],
        "contract": contract["id"],
        "request": request,
        "order": order,
        "slip": slip,
        "followup": followup,
        "dead": dead,
    }


async def _items(running_service: Any, path: str) -> list[Any]:
    items: list[Any] = (await running_service.http.get(path)).json()["items"]
    return items


def _filled(service: str, path: str, ids: dict[str, str]) -> str:
    """A path of the document with ids of the story, where it made such a thing."""
    numbers = {"/contracts/{number}": ids["contract"], "/slips/{number}": ids["slip"], "/dead/{id}": ids["dead"]}
    own = {"intake": ids["request"], "dispatch": ids["order"], "feedback": ids["followup"]}.get(service, "none")
    number = numbers.get(path, own)
    known = MADE_OF_SAMPLES | {"number": number, "customer": ids["customer"], "request": ids["request"]}
    known |= {"key": ids["followup"], "id": numbers.get(path, "none")}
    return path.format_map(defaultdict(lambda: "none", known))


async def test_every_get_is_answered_and_every_event_published_as_its_schema_says(aftersales, clock):
    """The real `jsonschema` reads both; an answer that is not as described raises in the client (`watch`)."""
    ids = await _story(aftersales, clock)
    watched = watch(aftersales)
    asked = {"source": "shop", "branch": BRANCH, "from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    for name, running_service in aftersales.services.items():
        for path, operations in watched[name].document["paths"].items():
            if "get" in operations and path != "/live":  # which never ends
                known = {one.get("name") for one in operations["get"].get("parameters", ())}
                for query in ({}, {one: said for one, said in asked.items() if one in known}):
                    await running_service.http.get(_filled(name, path, ids), params=query)
    for name, paths in MUST_ANSWER.items():
        assert {path for path in paths if ("get", path) not in watched[name].seen} == set(), name
    events = await journal(aftersales, aftersales.intake.runtime.service.settings.amqp_url.get_secret_value())
    schemas = {kind: envelope_schema(REGISTRY[kind]) for kind in {event["type"] for event in events}}
    checkers = {
        kind: jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
        for kind, schema in schemas.items()
    }
    wrong = [(event["type"], error.message) for event in events for error in checkers[event["type"]].iter_errors(event)]
    registered = [event["data"] for event in events if event["type"] == "intake.request_registered.v1"]

    assert wrong == []
    assert registered[0]["response"] == {"confirm": 7200, "resolve": 172_800}
    assert len(schemas) >= 15


async def test_an_answer_that_is_not_as_described_is_found(aftersales):
    """On a broken copy of the document, which describes durations as texts again."""
    await furnish(aftersales)
    await register(aftersales)
    await aftersales.quiet()
    answers = watch(aftersales)["dispatch"]
    known, answers.document = answers.document, deepcopy(answers.document)
    answers.document["components"]["schemas"]["Terms"]["properties"]["target"] = {"type": "string"}
    answers.forget()
    try:
        with pytest.raises(WrongAnswer, match="is not of type 'string'"):
            await aftersales.dispatch.http.get("/orders")
    finally:
        answers.document = known
        answers.forget()
