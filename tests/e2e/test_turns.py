"""The turns a story can take: cancelled, declined, short of parts, by a partner, dissatisfied."""

from itertools import takewhile

import aio_pika
import pytest
from e2e.story import BRANCH, REPORT, REQUEST, call, furnish, order_in, receive, register, repair, step

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events.feedback import DissatisfactionRaised
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.partners import own_user
from aftersales.testing import eventually
from aftersales.testing.system import make_envelope
from aftersales.values import sibling_number

STEPS = ("accept", "depart", "arrive", "diagnose")
BODIES = {"diagnose": {"cause": "compressor"}}


async def stock(system):
    """Give received, free, reserved, used of the one part on the shelf."""
    (item,) = (await call(system.inventory, "GET", f"/stock?branch={BRANCH}&part=P-100"))["items"]
    names = ("received", "free", "reserved", "used")
    return tuple(sum(lot[name] for lot in item["lots"]) for name in names)


async def busy(system):
    """Give the orders that the technicians have."""
    people = (await call(system.dispatch, "GET", "/technicians"))["items"]
    return [order for someone in people for order in someone["open_orders"]]


@pytest.mark.parametrize("last", ["registered", *STEPS])
async def test_a_cancellation_at_any_step_releases_parts_technician_and_timers(aftersales, clock, last):
    """INV-14: and nothing of it wakes up later."""
    await furnish(aftersales)
    request = await register(aftersales)
    if last != "registered":
        await order_in(aftersales, request, "offered")
        await aftersales.quiet()
        for name in (*takewhile(lambda name: name != last, STEPS), last):
            await step(aftersales, request, name, BODIES.get(name))
    await call(aftersales.intake, "POST", f"/requests/{request}/cancel", {"reason": "已自行修好"})
    await order_in(aftersales, request, "cancelled")
    await aftersales.quiet()
    assert await stock(aftersales) == (5, 5, 0, 0)
    assert await busy(aftersales) == []
    order = await call(aftersales.dispatch, "GET", f"/orders/{sibling_number(request, 'WO')}")
    assert (order["wake_at"], [c["outcome"] for c in order["clocks"] if c["outcome"] == "open"]) == (None, [])
    clock.advance(days=3)
    await aftersales.quiet()
    assert (await call(aftersales.feedback, "GET", "/followups"))["items"] == []


async def test_a_declined_job_goes_to_somebody_else(aftersales):
    """DSP-4."""
    await furnish(aftersales)
    request = await register(aftersales)
    first = (await order_in(aftersales, request, "offered"))["technician"]
    await aftersales.quiet()
    await step(aftersales, request, "decline", {"reason": "太远"})
    second = (await order_in(aftersales, request, "offered"))["technician"]
    assert {first, second} == {"T-1", "T-2"}
    assert await busy(aftersales) == [sibling_number(request, "WO")]


async def test_nobody_fits_until_somebody_is_taken_on(aftersales, clock):
    """DSP-2: deferred, and retried by timer."""
    await furnish(aftersales, technicians=0)
    request = await register(aftersales)
    order = await order_in(aftersales, request, "waiting")
    assert order["deferred_for"] == "no_skill"
    await furnish(aftersales, technicians=1, stock=0)
    clock.advance(minutes=6)
    assert (await order_in(aftersales, request, "offered"))["technician"] == "T-1"


async def test_a_shortage_moves_the_visit_and_a_delivery_brings_it_back(aftersales):
    """INV-13."""
    await furnish(aftersales, stock=0)
    request = await register(aftersales)
    await order_in(aftersales, request, "offered")
    await aftersales.quiet()
    short = await order_in(aftersales, request, "offered")
    await receive(aftersales, 1)
    await aftersales.quiet()
    filled = await order_in(aftersales, request, "offered")
    assert (short["parts_state"], filled["parts_state"]) == ("short", "reserved")
    assert filled["appointment_start"] < short["appointment_start"]
    await repair(aftersales, request)
    assert await stock(aftersales) == (1, 0, 0, 1)


async def test_a_bad_survey_reopens_the_request_and_somebody_comes_again(aftersales, clock):
    """FBK-2, DSP-7."""
    await furnish(aftersales)
    request = await register(aftersales)
    await repair(aftersales, request)
    clock.advance(hours=5.1)  # 12:00 to 14:00 is quiet (FBK-1)
    followup = f"{sibling_number(request, 'FU')}-1"

    async def due():
        answer = await aftersales.feedback.http.get(f"/followups/{followup}")
        return answer.status_code == 200 and answer.json()["state"] == "due"

    await eventually(due)
    body = {"outcome": "reached", "clerk": "c-1"}
    done = await call(aftersales.feedback, "POST", f"/followups/{followup}/done", body)
    marks = dict.fromkeys(("attitude", "skill", "punctuality", "result"), 1)
    await call(aftersales.feedback, "POST", f"/surveys/{done['survey_token']}", marks)
    assert (await order_in(aftersales, request, "offered"))["visit"] == 2
    await repair(aftersales, request, REPORT | {"parts_used": []})
    assert (await call(aftersales.intake, "GET", f"/requests/{request}"))["visit"] == 2
    assert await stock(aftersales) == (5, 4, 0, 1)


async def publish(system, *bodies):
    """Publish as a partner's system does."""
    connection = await aio_pika.connect(system.intake.runtime.service.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange(f"{system.tag}.partners", ensure=False)
        for body in bodies:
            headers = {"x-attempt": "many", "x-first-failed-at": "never"}  # ours, but nobody keeps a partner from it
            message = aio_pika.Message(body, delivery_mode=2, headers=headers, user_id=own_user(str(connection.url)))
            await exchange.publish(message, "acme.request")


async def test_partner_events_are_taken_once_and_what_does_not_fit_is_parked_with_its_reason(aftersales, clock):
    """INT-12: a duplicate has one effect; nothing that comes in is lost."""
    await furnish(aftersales)
    asked = PartnerServiceRequest(
        branch=BRANCH,
        customer_name="张三",
        phone="13912345678",
        address="人民路 2 号",
        serial="SN-9",
        model="BCD-470",
        line="refrigerator",
        fault="no-cooling",
    )
    attributes = {"id": "acme-1", "source": "/partners/acme", "subject": "SN-9", "time": clock.now()}
    good = make_envelope(asked, **attributes)
    lost = make_envelope(asked.model_copy(update={"branch": "nowhere"}), **attributes | {"id": "acme-2"})
    about = {"request": "SR-261123-0000", "order": "WO-261123-0000", "followup": "FU-261123-0000-1", "visit": 1}
    spoof = DissatisfactionRaised(**about, branch=BRANCH, mark=1, at=clock.now())
    await publish(aftersales, good, good, lost, b"{not json", make_envelope(spoof, **attributes | {"id": "acme-3"}))

    async def parked():
        found = await aftersales.intake.find(StoredDeadLetter)
        return {message.reason for message in found} if len(found) == 3 else None

    assert await eventually(parked) == {"branch.unknown", "event.malformed", "event.not_for_partners"}
    await aftersales.quiet()
    (request,) = (await call(aftersales.intake, "GET", "/requests"))["items"]
    assert (request["channel"], request["fault"]) == ("partner", REQUEST["fault"])
    await order_in(aftersales, request["id"], "offered")
