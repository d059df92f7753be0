"""Events of inventory about a visit's parts, and their effect on the appointment (INV-13).

These events can arrive in any order: the slip's version decides which is newer, and the state decides the rest.
"""

from datetime import datetime

from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.policy import sla
from aftersales.values.errors import NotYet

from .assignment import earliest_start, move_appointment
from .order import ENDED, ON_SITE, OrderDecision, OrderPolicy, PartsState, WorkOrder, enter_state, finish_change

PartNews = PartReserved | PartShort


def is_old(order: WorkOrder, event: PartNews) -> bool:
    """Whether the order is past this event. Raises `NotYet` for a visit that has not begun."""
    if order.state == "cancelled" or order.visit > event.visit:
        return True
    if order.visit < event.visit:
        raise NotYet("order.visit_unknown", order=order.id, visit=event.visit)
    return order.state in ENDED or 0 < event.slip_version <= order.slip_version


def record_shortage(order: WorkOrder, event: PartShort, now: datetime, by: str, policy: OrderPolicy) -> OrderDecision:
    """Record missing parts. A technician on site must come again; an appointment that is still ahead moves, once."""
    heard = _heard(order, event, "short")
    heard = heard.but(clocks=sla.pause_clocks(heard.clocks, "waiting_part", "inventory", now))
    if order.state in ON_SITE:
        return finish_change(order, enter_state(heard, "waiting_for_parts", now, by), now)
    if order.parts_state == "short" or order.state in ("waiting", "waiting_for_parts") or not order.appointment_start:
        return finish_change(order, heard, now)
    later = max(order.appointment_start + policy.shortage_delay, now + policy.lead)
    moved, told = move_appointment(heard, later, now, "parts_short", policy)
    return finish_change(order, moved, now, told)


def record_reservation(
    order: WorkOrder, event: PartReserved, now: datetime, by: str, policy: OrderPolicy
) -> OrderDecision:
    """Record reserved parts. A delayed visit gets a new time; any other keeps its time."""
    heard = _heard(order, event, "reserved")
    heard = heard.but(clocks=sla.resume_clocks(heard.clocks, "waiting_part", now))
    again = order.state == "waiting_for_parts"
    ahead = order.state in ("offered", "accepted", "on_the_way")
    if not again and not (ahead and order.parts_state == "short"):
        return finish_change(order, heard, now)
    moved, told = move_appointment(heard, earliest_start(heard, now, policy), now, "parts_reserved", policy)
    return finish_change(order, enter_state(moved, "accepted", now, by) if again else moved, now, told)


def _heard(order: WorkOrder, event: PartNews, state: PartsState) -> WorkOrder:
    return order.but(parts_state=state, slip_version=max(order.slip_version, event.slip_version))
