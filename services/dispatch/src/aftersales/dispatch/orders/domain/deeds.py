"""Technicians' deeds on an order, and the times at which they count (ADR 18). Pure."""

from datetime import datetime

from aftersales.common.deeds import Deed, DeedForm, ReportReceipt, judge_deed, mark_claimed

from .order import OrderDecision, WorkOrder


def take_deed(order: WorkOrder, what: str, form: DeedForm, now: datetime, by: str) -> Deed:
    """Return the deed as it counts: after the last deed and the last step of the order, and not after its report."""
    since = max([order.registered_at, *(step.at for step in order.history), *(deed.at for deed in order.deeds[-1:])])
    return judge_deed(what, form, since, ReportReceipt(now, by, order.version))


def note_deed(before: WorkOrder, decision: OrderDecision, deed: Deed) -> OrderDecision:
    """Store the deed of a decision; its step and its events say that their time is the technician's word."""
    order, events = decision
    order = order.but(deeds=(*order.deeds, deed))
    steps = order.history
    if deed.claimed and len(steps) > len(before.history):
        steps = (*steps[:-1], steps[-1].model_copy(update={"claimed": True}))
    return order.but(history=steps), mark_claimed(events, deed)
