"""Technicians: they take what they are offered, drive there, look, and mend it with the parts set aside for them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.demo.day import ON_PAPER, Contact, Day, entered, look_after, moment
from deploy.demo.offices import Document, RefusedError
from deploy.demo.store import lacking, set_aside

from aftersales.values import sibling_number

Action = Callable[[Day, Document, Contact | None], Awaitable[Document | None]]
"""What a technician does about an order in some state: the order after it, or nothing when it goes no further now."""

_CAUSES = ("零件老化", "接触不良", "磨损", "进水受潮", "电压不稳烧坏")
_SPARED = 0.15
"""How often one part less than planned will do."""


async def work(day: Day) -> None:
    """Go on with every visit that is under way, also one that an earlier day left behind."""

    async def visits() -> list[Document]:
        return [order for state in ACTIONS for order in await day.offices.every("dispatch", "/orders", state=state)]

    await look_after(day, visits, _visit)


async def _visit(day: Day, seen: Document) -> None:
    """Take one step after the other, as far as it goes now."""
    order: Document | None = await day.offices.ask("dispatch", f"/orders/{seen['id']}")
    contact = day.meet(seen)
    try:
        while order and order["state"] in ACTIONS:
            order = await ACTIONS[order["state"]](day, order, contact)
    except RefusedError as refused:
        if refused.code != "order.wrong_state":  # the customer called it off meanwhile
            raise


async def _take(day: Day, order: Document, contact: Contact | None) -> Document | None:
    """Accept, or decline: then dispatch looks for somebody else at once (DSP-4)."""
    who = order["technician"]
    if _scene(order, contact) != "declined" or order["declined_by"]:
        return await _step(day, order, "accept", minutes=3)
    again = await _step(day, order, "decline", minutes=3, reason="车辆故障")
    then = f"{day.name(again['technician'])} goes" if again["technician"] else "nobody else can go yet"
    day.say("technician", f"{order['id']} {day.name(who)}'s car is broken, so the job is declined; {then}")
    return None


async def _set_out(day: Day, order: Document, contact: Contact | None) -> Document | None:
    """Leave when the parts are set aside; a visit whose parts come only tomorrow is no more of today's business."""
    if order["parts_state"] == "reserved":
        leaves = _scene(order, contact) != "cancelled"  # that customer is about to call it off
        return await _step(day, order, "depart", minutes=8) if leaves else None
    if order["parts_state"] == "short" and contact and contact.serial not in day.ended:
        missing = lacking(await _slip(day, order))
        if missing and set(missing) <= day.next_day_parts:
            day.say("dispatch", f"{order['id']} lacks {', '.join(missing)}, which comes tomorrow: the visit is moved")
            day.end(contact)
    return None


async def _arrive(day: Day, order: Document, contact: Contact | None) -> Document:
    """Be there in time; in a traffic jam, after the end of what was promised (DSP-5)."""
    late = _scene(order, contact) == "late"
    if late:
        day.say("technician", f"{order['id']} {day.name(order['technician'])} is stuck in a traffic jam")
        promised = moment(order["appointment_end"])
        await asyncio.sleep(max(0.0, (promised - datetime.now(UTC)).total_seconds() + 0.3))
    order = await _step(day, order, "arrive", minutes=20)
    if late:
        day.say("technician", f"{order['id']} {day.name(order['technician'])} arrives late: the promise is broken")
    return order


async def _look(day: Day, order: Document, _: Contact | None) -> Document:
    cause = day.dice(order["product"]["serial"], order["visit"], "cause").choice(_CAUSES)
    return await _step(day, order, "diagnose", minutes=8, cause=cause)


async def _mend(day: Day, order: Document, contact: Contact | None) -> Document | None:
    """Name the part that nobody could know of before looking (INV-13), or close the visit with a report."""
    if order["parts_state"] == "pending":
        return None
    slip = await _slip(day, order)
    extra = contact.row["extra_part"] if contact and order["visit"] == 1 else ""
    if not extra or extra in {line["part"] for line in slip["lines"]}:
        return await _report(day, order, slip)
    day.say("technician", f"{order['id']} {day.name(order['technician'])} finds that a {extra} is needed as well")
    return await _step(day, order, "need-part", minutes=2, part=extra)


async def _report(day: Day, order: Document, slip: Document) -> Document:
    """Hand in the signed service report (DSP-10)."""
    used = [{"part": line["part"], "quantity": set_aside(line)} for line in slip["lines"] if line["reserved"]]
    if len(used) > 1 and day.dice(order["product"]["serial"], order["visit"], "spared").random() < _SPARED:
        del used[0]
    return await _step(
        day,
        order,
        "complete",
        minutes=25,
        cause=order["cause"],
        solution="更换零件并试机" if used else "清洁调整并试机",
        parts_used=used,
        tested=True,
        signed_by="客户",
    )


ACTIONS: dict[str, Action] = {
    "offered": _take,
    "accepted": _set_out,
    "on_the_way": _arrive,
    "arrived": _look,
    "diagnosed": _mend,
}


def _scene(order: Document, contact: Contact | None) -> str:
    """Tell what is special about this visit; a second one is like any other."""
    return contact.scene if contact and order["visit"] == 1 else ""


async def _step(day: Day, order: Document, name: str, *, minutes: float, **body: Any) -> Document:
    dice = day.dice(order["product"]["serial"], order["visit"], name)
    minutes *= dice.uniform(0.5, 1.5)
    await day.spend(minutes)
    said = body | _time_of(day, order, minutes)
    done: Document = await day.offices.tell("dispatch", f"/orders/{order['id']}/{name}", said, who=order["technician"])
    return done


def _time_of(day: Day, order: Document, minutes: float) -> dict[str, Any]:
    """Return when a deed of a visit on paper was done: some minutes after the one before it (ADR 18)."""
    contact = day.contacts.get(order["product"]["serial"])
    on_paper = contact and contact.scene in ON_PAPER and order["entered_at"] and entered(order) >= day.began
    if not on_paper or order["visit"] > 1:
        return {}
    last = moment(order["deeds"][-1]["at"] if order["deeds"] else order["registered_at"])
    at = last + timedelta(minutes=minutes)
    return {"at": at.isoformat(), "decided_on": order["version"]} if at < datetime.now(UTC) else {}


async def _slip(day: Day, order: Document) -> Document:
    number = f"{sibling_number(order['request'], 'IS')}-{order['visit']}"
    slip: Document = await day.offices.ask("inventory", f"/slips/{number}")
    return slip
