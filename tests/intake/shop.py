"""A partner's system, as intake's tests play it: its events, how it publishes them, the receipts that it reads."""

import json
from typing import Any

import aio_pika

from aftersales.common.events.partner import PartnerProductSold
from aftersales.common.partners import own_user
from aftersales.testing import eventually
from aftersales.testing.system import RunningService, make_envelope

SHOP = "//dealer-88.example/orders"
SALE: dict[str, Any] = {
    "branch": "BJ01",
    "customer_name": "李雷",
    "phone": "13900139000",
    "address": "长安街 2 号",
    "serial": "EB-0002",
    "model": "E1",
    "line": "e-bike",
    "batch": "B7",
    "purchased_on": "2026-11-20",
}
FAULT: dict[str, Any] = {name: SALE[name] for name in SALE if name not in {"batch", "purchased_on"}} | {
    "fault": "no-power"
}


async def publish(
    intake: RunningService, *bodies: bytes, exchange: str = "", key: str = "partner", **about: Any
) -> None:
    """As partners do: to their own exchange, as the user of their connection; `about` are AMQP properties."""
    connection = await aio_pika.connect(intake.runtime.service.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        to = await channel.get_exchange(exchange or intake.runtime.topology.partner_exchange)
        for body in bodies:
            properties: dict[str, Any] = {"delivery_mode": 2, "user_id": own_user(str(connection.url))} | about
            await to.publish(aio_pika.Message(body, **properties), key)


def event(intake: RunningService, id: str, kind: str, data: dict[str, Any], **attributes: Any) -> bytes:
    about = {
        "specversion": "1.0",
        "id": id,
        "source": SHOP,
        "type": kind,
        "time": intake.runtime.clock.now().isoformat(),
    }
    return json.dumps(about | attributes | {"data": data}).encode()


def sale(intake: RunningService, id: str, **changes: Any) -> bytes:
    sold = PartnerProductSold.model_validate(SALE)
    body = json.loads(make_envelope(sold, id=id, source=SHOP, subject=id, time=intake.runtime.clock.now()))
    body["data"] = SALE | changes
    return json.dumps(body).encode()


async def receipts(intake: RunningService, number: int, source: str = SHOP, **query: str) -> list[dict[str, Any]]:
    """At least so many of this source, newest first, in Chinese words."""

    async def enough() -> list[dict[str, Any]]:
        asked = {"source": source} | query
        answer = await intake.http.get("/partners/messages", params=asked, headers={"Accept-Language": "zh"})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items if len(items) >= number else []

    return await eventually(enough)


async def journal(intake: RunningService, last: str) -> list[str]:
    """The keys of all that the journal holds up to the first event of the type `last`."""
    connection = await aio_pika.connect(intake.runtime.service.settings.amqp_url.get_secret_value())
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(10)
        stream = await channel.get_queue(intake.runtime.topology.journal)
        keys: list[str] = []
        async with stream.iterator(arguments={"x-stream-offset": "first"}, timeout=20) as messages:
            async for message in messages:
                await message.ack()
                keys.append(message.routing_key or "")
                if keys[-1] == last:
                    break
        return keys
