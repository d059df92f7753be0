"""Technicians' deeds on an order, and the times at which they count (ADR 18). Pure."""

from collections.abc import Iterable
from datetime import datetime
from itertools import dropwhile

from aftersales.common.deeds import Deed, DeedForm, ReportReceipt, judge_deed, mark_claimed

from .order import OrderDecision, State, Step, WorkOrder

PLANNED: tuple[State, ...] = ("waiting", "offered")
"""States that the planning leads to, and no deed."""


def take_deed(order: WorkOrder, what: str, form: DeedForm, now: datetime, by: str) -> Deed:
    """Return the deed as it counts: after the last deed and the last step of the order, and not after its report.

    If the contact itself was entered later, the first visit was arranged by telephone, before it was planned here.
    """
    steps: Iterable[Step] = order.history
    if order.entered_at:
        steps = dropwhile(lambda step: step.state in PLANNED, steps)
    since = max([order.registered_at, *(step.at for step in steps), *(deed.at for deed in order.deeds[-1:])])
    return judge_deed(what, form, since, ReportReceipt(now, by, order.version))


def note_deed(before: WorkOrder, decision: OrderDecision, deed: Deed) -> OrderDecision:
    """Store the deed of a decision; its step and its events say that their time is the technician's word."""
    order, events = decision
    order = order.but(deeds=(*order.deeds, deed))
    steps = order.history
    if deed.claimed and len(steps) > len(before.history):
        steps = (*steps[:-1], steps[-1].model_copy(update={"claimed": True}))
    return order.but(history=steps), mark_claimed(events, deed)
