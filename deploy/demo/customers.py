"""Customers: they call, write or walk in over the day, and a few of them change their minds."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo import agreements, papers, partners
from deploy.demo.day import ON_PAPER, Contact, Day
from deploy.demo.offices import Document
from deploy.demo.partners import Partner

from aftersales.values import sibling_number

LATEST, NEARLY = timedelta(hours=24), timedelta(seconds=8)
"""The promise to send somebody (DSP-2), and what is left of it when the last request is entered."""


async def come(day: Day, shop: Partner) -> None:
    """Let each of today's contacts come at its time."""
    async with asyncio.TaskGroup() as group:
        first = next(iter(day.contacts.values()))
        group.create_task(partners.report_parcel(day, shop, first))
        group.create_task(partners.make_mistakes(day, shop, first))
        for contact in day.contacts.values():
            await day.until(contact.at)
            group.create_task(_contact(day, shop, contact))


async def _contact(day: Day, shop: Partner, contact: Contact) -> None:
    if contact.scene.startswith("partner"):
        await partners.pass_on(day, shop, contact)
        return day.stage.taken()
    request = await _register(day, contact)
    day.stage.taken()
    if contact.serial == agreements.SERIAL:
        await papers.hand_over(day, contact, request)
    if contact.scene == "cancelled":
        await _change_mind(day, contact, request)
    return None


async def _register(day: Day, contact: Contact) -> Document:
    """Have the branch's desk write the request down (INT-2)."""
    row = contact.row
    form = form_of(contact) | time_of(day, contact)
    request: Document = await day.offices.tell(
        "intake", "/requests", form, who=f"desk-{row['branch']}", key=f"{day.tag}-{contact.serial}"
    )
    if contact.scene:
        words = f"{row['name']} ({row['channel']}): {row['description']}"
        day.say("desk", f"{request['id']} {words} [{row['model']}, priority {request['priority']}]")
    return request


async def _change_mind(day: Day, contact: Contact, request: Document) -> None:
    """Cancel once a technician is found and the parts are set aside: all of it must be let go again."""
    order = f"/orders/{sibling_number(request['id'], 'WO')}"
    await day.offices.until("dispatch", order, lambda found: found["parts_state"] == "reserved")
    await day.spend(10)
    clerk, cancel = f"desk-{request['branch']}", f"/requests/{request['id']}/cancel"
    await day.offices.tell("intake", cancel, {"reason": "已自行修好"}, who=clerk)
    day.say("customer", f"{request['id']} {contact.row['name']} has mended it alone and cancels")
    await day.offices.until("dispatch", order, lambda found: found["state"] == "cancelled")
    day.requests[request["id"]] = contact
    day.end(contact)


def time_of(day: Day, contact: Contact) -> dict[str, str]:
    """Return when the contact was: most were taken on paper during the day, and are entered in the evening (INT-2)."""
    if contact.scene == "unlicensed":  # nearly too late when it is entered, so that the breach is seen
        return {"at": (datetime.now(UTC) - LATEST + NEARLY).isoformat()}
    if contact.scene in ON_PAPER and contact.serial != agreements.SERIAL:
        return {"at": day.paper_time(contact.at).isoformat()}
    return {}


def form_of(contact: Contact) -> dict[str, Any]:
    """Fill in the request form from the contact."""
    row = contact.row
    return {name: row[name] for name in ("branch", "channel", "kind", "fault", "description")} | {
        "customer": {name: row[name] for name in ("name", "phone", "address")},
        "product": {name: row[name] for name in ("serial", "model", "line", "purchased_on")},
        "urgency": int(row["urgency"]),
        "location": {"lat": float(row["lat"]), "lon": float(row["lon"])},
    }
