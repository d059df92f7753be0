"""Partner systems: shops and dealers whose software sends CloudEvents over AMQP, right ones and wrong ones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
from aio_pika.abc import AbstractExchange
from deploy.demo.day import Contact, Day
from pydantic_core import to_json

from aftersales.common.broker_urls import broker_urls
from aftersales.common.partners import own_user

EXCHANGE = "aftersales.partners"
TYPE = "partner.service_request.v1"
SHIPPED = "partner.product_shipped.v1"
SHOP = "/partners/corner-shop"
PARCEL_AT, MALFORMED_AT, UNKNOWN_BRANCH_AT = 9 * 60, 9 * 60 + 30, 10 * 60 + 30


@dataclass(frozen=True)
class Partner:
    """The software of one shop."""

    exchange: AbstractExchange
    user: str
    """The RabbitMQ user of its connection."""

    async def send(self, id: str, data: dict[str, Any], kind: str = TYPE) -> None:
        """Publish and wait for the broker's word; the same `id` again is the same event again."""
        event = {
            "specversion": "1.0",
            "id": id,
            "source": SHOP,
            "type": kind,
            "subject": data.get("serial", id),
            "time": datetime.now(UTC),
            "correlationid": id,
            "data": data,
        }
        message = aio_pika.Message(
            to_json(event), content_type="application/cloudevents+json", delivery_mode=2, user_id=self.user
        )
        await self.exchange.publish(message, kind)


@asynccontextmanager
async def partner(amqp_url: str) -> AsyncIterator[Partner]:
    connection = await aio_pika.connect(broker_urls(amqp_url)[0])
    async with connection:
        channel = await connection.channel(on_return_raises=True)
        yield Partner(await channel.get_exchange(EXCHANGE), own_user(broker_urls(amqp_url)[0]))


async def pass_on(day: Day, shop: Partner, contact: Contact) -> None:
    """Send a customer's fault in; one shop's line is bad, and its software sends the same event twice."""
    id = f"{day.tag}-{contact.serial}"
    await shop.send(id, request_of(contact))
    row = contact.row
    if contact.scene == "partner_twice":
        await shop.send(id, request_of(contact))
        day.say("partner", f"a shop sends {row['name']}'s {row['model']} twice, with the same event id")
    else:
        day.say("partner", f"a shop sends {row['name']}'s {row['model']}: {row['description']}")


async def report_parcel(day: Day, shop: Partner, contact: Contact) -> None:
    """Send new stock to the contact's branch, and report the parcel in two events; it counts once."""
    branch, waybill = contact.row["branch"], f"SF-{day.tag}".upper()
    await day.until(PARCEL_AT)
    parcel = {"branch": branch, "to": "branch", "waybill": waybill, "carrier": "顺丰", "serials": [f"NEW-{day.tag}"]}
    for number in (1, 2):
        about = parcel | {"shipped_on": f"{day.began - timedelta(days=1):%Y-%m-%d}"}
        await shop.send(f"{day.tag}-parcel-{number}", about, SHIPPED)
    day.say("partner", f"a shop sends a parcel to {branch} and reports waybill {waybill} in two events")


async def make_mistakes(day: Day, shop: Partner, contact: Contact) -> None:
    """Send one event that names no way to reach the customer, and one for a branch that nobody knows."""
    right = request_of(contact)
    await day.until(MALFORMED_AT)
    bare = {name: value for name, value in right.items() if name not in {"phone", "address"}}
    await shop.send(f"{day.tag}-malformed", bare)
    day.say("partner", "a shop names no way to reach the customer: it must become a dead letter with the reason")
    await day.until(UNKNOWN_BRANCH_AT)
    await shop.send(f"{day.tag}-unknown-branch", right | {"branch": "bj-99"})
    day.say("partner", "a shop sends an event for branch bj-99, which nobody knows: it must become one as well")


def request_of(contact: Contact) -> dict[str, Any]:
    """Say a contact in the partners' contract."""
    row = contact.row
    same = ("branch", "phone", "address", "serial", "model", "line", "purchased_on", "kind", "fault", "description")
    return {name: row[name] for name in same} | {
        "customer_name": row["name"],
        "urgency": int(row["urgency"]),
        "location": {"lat": float(row["lat"]), "lon": float(row["lon"])},
    }
