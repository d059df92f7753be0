"""Headquarters' desk: renews the licence that keeps a request waiting, after the promise to send somebody is broken."""

from deploy.demo.day import Day, look_after
from deploy.demo.offices import Document

RENEWED = "2035-12-31T15:59:59Z"


async def watch(day: Day) -> None:
    """Look after the orders that nobody licensed can take (DSP-1)."""

    async def unlicensed() -> list[Document]:
        waiting = await day.offices.every("dispatch", "/orders", state="waiting")
        return [order for order in waiting if order["deferred_for"] == "no_licence"]

    await look_after(day, unlicensed, _renew)


async def _renew(day: Day, order: Document) -> None:
    day.say("dispatch", f"{order['id']} waits: nobody who knows a {order['product']['line']} has a valid licence")
    breached = await day.offices.until("dispatch", f"/orders/{order['id']}", _too_late)
    for technician in await day.offices.every("dispatch", "/technicians", branch=order["branch"]):
        if order["product"]["line"] in technician["skills"]:
            await _extend(day, technician)
    await day.offices.until("dispatch", f"/orders/{breached['id']}", lambda found: found["technician"] is not None)


def _too_late(order: Document) -> bool:
    return any(clock["stage"] == "dispatch" and clock["outcome"] == "breached" for clock in order["clocks"])


async def _extend(day: Day, technician: Document) -> None:
    particulars = {name: technician[name] for name in ("name", "branch", "skills", "shift", "suspended")}
    path = f"/technicians/{technician['id']}"
    await day.offices.put("dispatch", path, particulars | {"licence_until": RENEWED}, who="headquarters")
    day.say("dispatch", f"headquarters renews {technician['name']}'s licence: the order is assigned at the next try")
