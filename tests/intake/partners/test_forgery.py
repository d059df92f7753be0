"""A partner states what only our own services may: it never becomes true, on whatever way it comes (INT-12)."""

import aio_pika
import pytest
from intake.conftest import FORM, repaired

from aftersales.common.amqp import Delivery
from aftersales.common.dead_letters import ORIGIN, StoredDeadLetter
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem, make_envelope
from aftersales.values import sibling_number, uuid7

OUR_OWN: dict[str, str | int] = {ORIGIN: "aftersales.events", "x-attempt": 1}
"""What a partner would have to claim."""


@pytest.fixture
async def forged(intake: RunningService) -> tuple[str, bytes]:
    """The number of an open request, and an event that would resolve it."""
    answer = await intake.http.post("/requests", json=FORM)
    number: str = answer.json()["id"]
    order = sibling_number(number, "WO")
    event: RepairCompleted = repaired(1, request=number, order=order)
    return number, make_envelope(event, id=uuid7(), subject=order, time=intake.runtime.clock.now())


async def _send(intake: RunningService, exchange: str, key: str, body: bytes, **headers: str | int) -> None:
    async with await aio_pika.connect(intake.runtime.service.settings.amqp_url.get_secret_value()) as connection:
        channel = await connection.channel(on_return_raises=True)
        target = await channel.get_exchange(exchange) if exchange else channel.default_exchange
        await target.publish(aio_pika.Message(body, delivery_mode=2, headers={**headers}), key)


async def _parked(intake: RunningService) -> StoredDeadLetter:
    async def found() -> list[StoredDeadLetter]:
        return await intake.find(StoredDeadLetter)

    (message,) = await eventually(found)
    assert isinstance(message, StoredDeadLetter)
    return message


async def test_a_partners_forged_event_is_never_replayed(
    built: RunningSystem, intake: RunningService, forged: tuple[str, bytes]
) -> None:
    number, body = forged
    topology = intake.runtime.topology
    await _send(intake, topology.partner_exchange, "partner.anything", body, **OUR_OWN)
    parked = await _parked(intake)
    assert (parked.reason, parked.exchange) == ("event.not_for_partners", topology.partner_exchange)
    answer = await intake.http.post(f"/dead/{parked.id}/replay", headers={"Accept-Language": "zh"})
    assert (answer.status_code, answer.json()["code"]) == (409, "dead.never_replayed")
    await built.quiet()
    assert (await intake.http.get(f"/requests/{number}")).json()["state"] == "registered"
    assert (await _parked(intake)).id == parked.id


@pytest.mark.parametrize("known", [True, False], ids=["sound", "broken"])
async def test_where_a_message_came_from_is_kept_over_a_retry(
    built: RunningSystem, intake: RunningService, forged: tuple[str, bytes], known: bool
) -> None:
    """Broken: sent again without its origin, as rows were that did not keep it."""
    number, body = forged
    topology = intake.runtime.topology
    await _send(intake, "", topology.queue, body, **({ORIGIN: topology.partner_exchange} if known else {}))
    await built.quiet()
    state = (await intake.http.get(f"/requests/{number}")).json()["state"]
    assert state == ("registered" if known else "resolved")


async def test_what_rabbitmq_delivered_too_often_keeps_its_origin(
    intake: RunningService, forged: tuple[str, bytes]
) -> None:
    """It moves the message to the dead queue, and its word on where that was published counts."""
    _, body = forged
    topology = intake.runtime.topology
    await intake.runtime.bus.stop_consuming(5)
    await _send(intake, topology.partner_exchange, "partner.anything", body)
    async with await aio_pika.connect(intake.runtime.service.settings.amqp_url.get_secret_value()) as connection:
        channel = await connection.channel()
        queue, dead = await channel.get_queue(topology.queue), await channel.get_queue(topology.dead)

        async def moved() -> bool:
            if message := await queue.get(fail=False):
                await message.reject(requeue=True)
            return bool((await channel.declare_queue(dead.name, passive=True)).declaration_result.message_count)

        await eventually(moved, 30)
        message = await dead.get()
        deaths = message.headers["x-death"]
        assert isinstance(deaths, list)
        assert message.exchange == topology.direct  # which counts as none, as for the service's own consumer
        assert intake.runtime.inbound._origin(_delivery(message, topology.dead)) == topology.partner_exchange
        await message.ack()


def _delivery(message: aio_pika.abc.AbstractIncomingMessage, queue: str) -> Delivery:
    return Delivery(message.body, dict(message.headers), queue, str(message.routing_key), "", lambda: None)
