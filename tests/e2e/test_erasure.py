"""Export and erasure of all that is stored about a customer, in all services (ALL-6)."""

from typing import Any

import aio_pika
import pytest
import structlog
from e2e import canaries
from e2e.canaries import CLERK, IN_EVENTS, PHONES, WORDS, mentioned, search_databases
from e2e.story import BRANCH, call
from pydantic_core import to_json

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.intake import CustomerErased
from aftersales.common.privacy.eraser import ERASER_LEASE, Eraser
from aftersales.common.privacy.record import Erasure
from aftersales.common.work.group import TALLIES, tally_totals
from aftersales.testing import eventually
from aftersales.values import sibling_number, uuid7

ORDER = {"asked_by": "customer", "why": "asked to be forgotten", "evidence": "CO-1"}


@pytest.fixture
async def heard(aftersales):
    """What leaves the services: every event, URL, and answer that is an error."""
    said: dict[str, list[bytes]] = {"events": [], "urls": [], "errors": []}

    async def hear(response):
        said["urls"].append(str(response.request.url).encode())
        if response.is_error:
            said["errors"].append(await response.aread())

    for running in aftersales.services.values():
        running.http.event_hooks["response"].append(hear)
    url = aftersales.intake.runtime.service.settings.amqp_url.get_secret_value()
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(f"{aftersales.tag}.events", "#")

        async def keep(message):
            said["events"].append(message.body)

        await queue.consume(keep, no_ack=True)
        yield said


async def _end(system, case, clock):
    """Close what is open, and let the contract end."""
    cancelled = {"reason": WORDS["cancelled"]}
    await call(system.intake, "POST", f"/requests/{case['question']}/cancel", cancelled, **CLERK)
    clock.advance(days=2)
    await system.quiet()


async def _erase(system, case) -> Any:
    where = f"/customers/{case['customer']}/erasure"
    await call(system.intake, "POST", where, ORDER, **CLERK)

    async def complete():
        proof = await call(system.intake, "GET", where)
        return proof if proof["completed_at"] else None

    proof = await eventually(complete, 40)
    await system.quiet()
    return proof


async def _counted(system) -> Any:
    """What is counted, for Prometheus and for the key figures."""
    tallies = {name: tally_totals(await one.runtime.mongo.rows(TALLIES, {})) for name, one in system.services.items()}
    period = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-31T00:00:00Z", "branch": BRANCH}
    return tallies, (await system.feedback.http.get("/kpis", params=period)).json()


async def test_all_6_after_an_erasure_no_database_has_a_word_of_the_customer(aftersales, clock, heard):
    """The trail still verifies, the figures stay, and nothing of it was ever in a log, metric, event or URL."""
    with structlog.testing.capture_logs() as logs:
        case = await canaries.live_a_case(aftersales, clock)
        await _end(aftersales, case, clock)
        there = await search_databases(aftersales)
        assert set().union(*there.values()) == {*WORDS, *PHONES, "bytes"}, "every canary is somewhere"
        counted = await _counted(aftersales)
        proof = await _erase(aftersales, case)
        metrics = [await one.metrics() for one in aftersales.services.values()]
    assert await search_databases(aftersales) == {}
    assert await _counted(aftersales) == counted
    for name, running in aftersales.services.items():
        verified = await running.runtime.auditor.verify()
        assert (name, verified.broken, verified.findings) == (name, 0, [])
        assert verified.erased or name == "inventory"
    assert (proof["by"], proof["why"], proof["asked_by"]) == ("clerk-1", ORDER["why"], "customer")
    confirmed = {one["service"]: {row["collection"] for row in one["collections"]} for one in proof["confirmed"]}
    assert confirmed["dispatch"] == {"orders", "audit_values"}
    assert {"followups", "surveys", "results", "answers"} <= confirmed["feedback"]
    assert confirmed["inventory"] == set()
    assert mentioned(to_json(logs, fallback=str)) == set()
    assert mentioned("".join(metrics).encode()) == set()
    assert mentioned(b"".join(heard["events"])) <= IN_EVENTS
    assert mentioned(b"".join(heard["errors"])) == set()
    assert mentioned(b"".join(heard["urls"])) <= {"file name"}


async def test_all_6_an_export_has_everything_that_is_stored_and_leaves_a_record(aftersales, clock):
    case = await canaries.live_a_case(aftersales, clock)
    own = await call(aftersales.intake, "POST", f"/customers/{case['customer']}/export", **CLERK)
    wanted = {"customer": own["customer"], "subject": own["subject"]}
    others = [
        await call(getattr(aftersales, name), "POST", "/personal-data/export", wanted, **CLERK)
        for name in ("dispatch", "inventory", "feedback")
    ]
    (file,) = own["collections"]["customer_files"]
    sent = (await aftersales.intake.http.get(file["link"])).content
    # the question was not cancelled here
    assert mentioned(to_json([own, *others]) + sent) == {*WORDS, *PHONES, "bytes"} - {"cancelled"}
    rows = await aftersales.dispatch.runtime.mongo.rows("personal_exports", {})
    assert [(row["customer"], row["by"], row["collections"]) for row in rows] == [
        (case["customer"], "clerk-1", {"orders": 1})
    ]


async def test_all_6_an_erasure_that_came_twice_or_an_event_that_came_late_brings_nothing_back(aftersales, clock):
    case = await canaries.live_a_case(aftersales, clock)
    await _end(aftersales, case, clock)
    proof = await _erase(aftersales, case)
    again = await call(aftersales.intake, "POST", f"/customers/{case['customer']}/erasure", ORDER)
    assert (again["version"], again["completed_at"]) == (proof["version"], proof["completed_at"])
    known = await aftersales.dispatch.get(Erasure, case["customer"])
    event = CustomerErased(customer=known.id, branch=BRANCH, at=known.at, **dict(known.subject))
    await aftersales.dispatch.deliver(event, id=uuid7())
    order = sibling_number(case["request"], "WO")
    product = {"serial": canaries.SERIAL, "model": "BCD-470", "line": "refrigerator"}
    late = RepairCompleted.model_validate(
        {
            "order": order,
            "request": case["request"],
            "branch": BRANCH,
            "visit": 2,
            "at": clock.now(),
            "product": product,
        }
        | {"technician": "T-1", "fault": "no-cooling", "cause": WORDS["cause"], "solution": WORDS["solution"]}
        | {"parts_used": [], "policy": ""}
    )
    await aftersales.feedback.deliver(late, id=uuid7())
    await aftersales.quiet()
    assert "feedback.results" in await search_databases(aftersales), "the event had its effect"
    assert await aftersales.dispatch.get(Erasure, case["customer"]) == known
    clock.advance(minutes=2)

    async def clean():
        return await search_databases(aftersales) == {}

    await eventually(clean, 30)


class _Interrupted(Exception):
    """The process was killed here."""


@pytest.mark.parametrize("step", ["_delete_bytes", "_erase_values", "_erase_messages", "_redact_answers"])
async def test_all_6_an_interrupted_erasure_is_finished_by_the_next_process(aftersales, clock, step):
    case = await canaries.live_a_case(aftersales, clock)
    await _end(aftersales, case, clock)
    runtime = aftersales.intake.runtime
    assert await runtime.mongo.leases.claim(ERASER_LEASE, "another", canaries.A_WHILE)
    await call(aftersales.intake, "POST", f"/customers/{case['customer']}/erasure", ORDER)

    async def die(*_: object) -> None:
        raise _Interrupted

    first = type("Dying", (Eraser,), {step: die})(
        runtime.mongo, runtime.writer, clock, runtime.service.personal, runtime.service.files
    )
    with pytest.raises(_Interrupted):
        await first.erase(await aftersales.intake.get(Erasure, case["customer"]))
    assert any(name.startswith("intake.") for name in await search_databases(aftersales)), "not finished"
    await runtime.mongo.leases.release(ERASER_LEASE, "another")
    await _erase(aftersales, case)
    assert await search_databases(aftersales) == {}


async def test_all_6_an_erased_customer_is_a_stone(aftersales, clock):
    """Nothing can be added, no search finds them; the same number is a new customer; the proof names nobody."""
    case = await canaries.live_a_case(aftersales, clock)
    where = f"/customers/{case['customer']}"
    intake = aftersales.intake

    async def refusal(method: str, path: str, body: Any, status: int, **headers: str) -> str:
        answer = await intake.http.request(method, path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return str(answer.json()["code"])

    assert await refusal("POST", f"{where}/erasure", ORDER, 409) == "erasure.request_open"
    cancelled = {"reason": WORDS["cancelled"]}
    await call(intake, "POST", f"/requests/{case['question']}/cancel", cancelled, **CLERK)
    assert await refusal("POST", f"{where}/erasure", ORDER, 409) == "erasure.contract_runs"
    clock.advance(days=2)
    naming = ORDER | {"why": f"{WORDS['name']} wants it"}
    assert await refusal("POST", f"{where}/erasure", naming, 422) == "erasure.names_the_customer"
    assert await refusal("POST", f"{where}/erasure", ORDER, 412, **{"If-Match": '"1"'}) == "version.changed"
    await _erase(aftersales, case)

    stone = await call(intake, "GET", where)
    assert (stone["name"], stone["phone"], stone["phones"]) == ("", "", [])
    assert stone["erased_at"]
    assert (await call(intake, "GET", f"/customers?q={PHONES['phone'][-4:]}"))["items"] == []
    assert await refusal("PATCH", where, {"name": "x"}, 409) == "customer.erased"
    form = {"branch": BRANCH, "channel": "phone", "kind": "consultation", "description": "?"}
    assert await refusal("POST", "/requests", form | {"customer": {"id": case["customer"]}}, 409) == "customer.erased"
    repeated = await intake.http.post("/requests", json=canaries.FORM, headers=CLERK | {"Idempotency-Key": "first"})
    assert (repeated.status_code, repeated.json()["code"]) == (409, "customer.erased")
    sent = await intake.http.post(f"{where}/files", params={"name": "x.png"}, content=canaries.PNG)
    assert (sent.status_code, sent.json()["code"]) == (409, "customer.erased")
    caller = {"name": "somebody", "phone": PHONES["phone"]}
    fresh = await call(intake, "POST", "/requests", form | {"customer": caller})
    assert fresh["customer"] != case["customer"]
