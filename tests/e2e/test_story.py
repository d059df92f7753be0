"""The main job end to end: a fault goes in, a KPI comes out, through all four services."""

import json

import aio_pika
import pytest
from e2e.story import REQUEST, call, furnish, register, repair

from aftersales.testing import eventually
from aftersales.values import sibling_number


@pytest.fixture
async def heard(aftersales):
    """Every event, as a partner that listens would hear it."""
    events = []
    url = aftersales.intake.runtime.service.settings.amqp_url.get_secret_value()
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(f"{aftersales.tag}.events", "#")

        async def hear(message):
            events.append(json.loads(message.body))

        await queue.consume(hear, no_ack=True)
        yield events


async def test_a_fault_becomes_a_repair_a_callback_a_survey_and_a_kpi(aftersales, clock, heard):
    """DSP-4, INV-3, DSP-10, INT-3, FBK-1, FBK-2, FBK-8."""
    began = clock.now()
    await furnish(aftersales)
    request = await register(aftersales)
    await repair(aftersales, request)
    slip = await call(aftersales.inventory, "GET", f"/slips/{sibling_number(request, 'IS')}-1")
    assert slip["state"] == "used"
    product = await call(aftersales.intake, "GET", f"/products/{REQUEST['product']['serial']}")
    assert [entry["request"] for entry in product["warranty_card"]] == [request]
    assert (await call(aftersales.intake, "GET", f"/requests/{request}"))["state"] == "resolved"

    clock.advance(hours=5.1)  # 12:00 to 14:00 is quiet (FBK-1)
    followup = f"{sibling_number(request, 'FU')}-1"

    async def due():
        answer = await aftersales.feedback.http.get(f"/followups/{followup}")
        return answer.status_code == 200 and answer.json()["state"] == "due"

    await eventually(due)
    done = await call(
        aftersales.feedback, "POST", f"/followups/{followup}/done", {"outcome": "reached", "clerk": "c-1"}
    )
    marks = {"attitude": 5, "skill": 5, "punctuality": 4, "result": 5}
    await call(aftersales.feedback, "POST", f"/surveys/{done['survey_token']}", marks)
    await aftersales.quiet()
    assert (await call(aftersales.intake, "GET", f"/requests/{request}"))["state"] == "closed"
    until = clock.advance(seconds=1)
    answer = await aftersales.feedback.http.get(
        "/kpis", params={"from": began.isoformat(), "to": until.isoformat(), "branch": "sh-01"}
    )
    kpis = answer.json()
    assert kpis["requests"] == 1
    assert kpis["first_visit_fix_rate"] == 1.0
    assert kpis["callback_coverage"] == 1.0
    about = {event["type"]: event["correlationid"] for event in heard if event["data"].get("request") == request}
    assert len(about) >= 14, "all the way, timers' events included"
    assert len(set(about.values())) == 1, "one id for a customer contact, from the first call to the KPI"
    metrics = await aftersales.dispatch.metrics()
    assert 'aftersales_sla_deadlines_total{branch="sh-01",outcome="met",stage="dispatch"} 1.0' in metrics
