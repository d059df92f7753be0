"""The work order (派工单): its state, its timer, and how it begins, ends and begins again (DSP-7)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, TypeVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.deeds import Deed
from aftersales.common.events import Event
from aftersales.common.events.dispatch import (
    DispatchDueChanged,
    OrderCancelled,
    OrderCreated,
    OrderEvent,
)
from aftersales.common.events.intake import (
    ProductRef,
    RequestCancelled,
    RequestFacts,
    RequestReopened,
    RequestReprioritised,
    SurchargeTold,
)
from aftersales.common.fields import shared_fields
from aftersales.common.sla_events import DISPATCH_MARKS, Duty, due_changes
from aftersales.policy import sla
from aftersales.policy.calendars import Calendar, round_the_clock
from aftersales.policy.model import Policy as ServicePolicy
from aftersales.policy.model.stages import CASES, KnownStage, PauseReason, SpecialCase, StageName
from aftersales.policy.sla import ChangeNote, stages
from aftersales.policy.sla.model import Seconds
from aftersales.policy.sla.stages import Response, Situation, reach_milestone
from aftersales.values import GeoPoint, Money, Value
from aftersales.values.errors import NotYet

from .report import ServiceReport

State = Literal[
    "waiting",  # no technician yet
    "offered",
    "accepted",
    "on_the_way",
    "arrived",
    "diagnosed",
    "waiting_for_parts",  # the technician was on site, and must come again
    "completed",
    "cancelled",
]
"""`waiting`: no technician yet; `waiting_for_parts`: the technician was on site and must come again."""
NUMBER = r"^WO-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$"
PartsState = Literal["none", "pending", "reserved", "short"]
Quotation = Literal["none", "needed", "accepted"]
ON_SITE: tuple[State, ...] = ("arrived", "diagnosed")
ENDED: tuple[State, ...] = ("completed", "cancelled")
E = TypeVar("E", bound=OrderEvent)
OrderDecision = tuple["WorkOrder", tuple[Event, ...]]
STAGES: frozenset[KnownStage] = frozenset({"dispatch", "arrival", "repair", "workshop"})
ARRIVAL: KnownStage = "arrival"
"""The stages whose clocks run here."""


class Figures(Value):
    """The figures with which dispatch plans."""

    lead: timedelta
    """DSP-3: the shortest time until a technician can be there."""
    window: timedelta
    """DSP-5: length of the agreed window."""
    retry_after: timedelta
    """Wait before the next search for a technician."""
    shortage_delay: timedelta
    """INV-13: delay of the visit when parts are missing."""


class OrderPolicy(Figures):
    """The service policy of the order, and the figures that follow from it."""

    service: ServicePolicy


class Step(Value):
    """DSP-7: a state with its time, and the person or service that caused it."""

    state: State
    at: datetime
    by: str
    claimed: bool = False
    """Whether the time is the word of the technician, who reported it later (`deeds`)."""


class Wait(Value):
    """A reason for which the work waits."""

    reason: PauseReason
    why: str
    since: datetime
    by: str
    until: datetime | None = None
    """The time at which the work goes on by itself."""


class WorkOrder(Aggregate):
    """The work for one request. A customer who was not satisfied gets another `visit` of the same order."""

    COLLECTION: ClassVar[str] = "orders"
    OF_CONTACT: ClassVar[bool] = True

    request: str
    product: ProductRef
    fault: str
    """The fault code."""
    priority: int
    """From 1 (immediately) to 4 (any time)."""
    registered_at: datetime
    """The time of the contact."""
    entered_at: datetime | None = None
    """The time at which the contact was entered, if that was later (ADR 18)."""
    wanted_at: datetime | None = None
    """The time at which the customer wants the visit."""
    location: GeoPoint | None = None
    visit: int = 1
    """The number of this visit, from 1."""
    state: State = "waiting"
    technician: str | None = None
    """The code of the technician; null: none is assigned."""
    declined_by: tuple[str, ...] = ()
    deferred_for: str | None = None
    """Why nobody could be sent, while the order waits (DSP-2)."""
    deferred_at: datetime | None = None
    """Time since when that reason holds."""
    retry_at: datetime | None = None
    """Latest time of the next search for a technician; a change of technicians or parts causes an earlier one."""
    appointment_start: datetime | None = None
    appointment_end: datetime | None = None
    parts_state: PartsState = "none"
    """State of this visit's parts; `none` before inventory is asked and after the order ended."""
    slip_version: int = 0
    """The newest version of this visit's issue slip that was received."""
    cause: str | None = None
    """The cause of the fault, once found."""
    report: ServiceReport | None = None
    """Report of the newest visit; earlier ones are on the warranty card."""
    called_off: str | None = None
    """Reason of the request's cancellation, even if it was received only after a completed visit."""
    owner: str = ""
    """The clerk who took the contact and owns it to the end (INT-7)."""
    policy: str = ""
    """The service policy that the request keeps until its end, such as `e-bike@3` (ALL-1)."""
    contract: str | None = None
    """The contract whose targets apply (INT-13)."""
    response: dict[StageName, Seconds] = {}  # noqa: RUF012 (a field, copied per instance)
    """Targets of that contract, which replace the policy's."""
    calendar: Calendar | None = None
    """The branch's hours when the request came in; None means round the clock."""
    quiet_hours: str = ""
    """The customer's times without calls."""
    quotation: Quotation = "none"
    """Whether the work may be finished only after the customer has accepted a quotation (DSP-17)."""
    quoted: Money | None = None
    """The amount that the customer accepted."""
    price_list_first: bool = False
    """The customer is shown the price list before the work starts (INT-6)."""
    surcharges: tuple[SurchargeTold, ...] = ()
    """What labour and travel cost more for rush, holiday or night work, in a quotation and on the bill (ALL-10)."""
    covered_at: datetime | None = None
    """Time of the newest decision on coverage that was received."""
    waits: tuple[Wait, ...] = ()
    """Reasons for which the work waits now (DSP-7)."""
    unit_due_at: datetime | None = None
    """The time at which the customer has the product back from the workshop; None unless it is there (DSP-9)."""
    moved_by_us: int = 0
    """How often this visit's appointment was moved at our wish (DSP-5)."""
    major: bool = False
    """The technician found a major fault (DSP-8)."""
    cases: tuple[SpecialCase, ...] = ()
    """Emergency, rush or holiday work, for which the policy may have other figures (ALL-10)."""
    plan: int = 1
    """The number of the present plan; a corrected request gets a new one (INT-2)."""
    corrections: int = 0
    """The number of the newest correction of the request that was received."""
    contacts: int = 0
    """How often the customer has called again about it (ALL-4)."""
    contacted_at: datetime | None = None
    """Time of the last of these calls."""
    flag: str | None = None
    """The colour of the request's flag at that time."""
    ranked_at: datetime | None = None
    """Time of the newest change of priority that was received (INT-5)."""
    history: tuple[Step, ...] = ()
    deeds: tuple[Deed, ...] = ()
    """Reports of the technicians, each with the time of the deed and of the report (ADR 18)."""

    def derived_events(self, before: Aggregate | None) -> Iterable[Event]:
        """Yield the next deadline for intake's lists, if it has changed."""
        return due_changes(DispatchDueChanged, before, self, self.request)


def enter_state(order: WorkOrder, state: State, now: datetime, by: str, **changes: Any) -> WorkOrder:
    """Change the state, and add the step to the history."""
    return order.but(state=state, history=(*order.history, Step(state=state, at=now, by=by)), **changes)


def make_event(kind: type[E], order: WorkOrder, now: datetime, **more: Any) -> E:
    """Return an event about the order in its present state."""
    return kind(order=order.id, request=order.request, branch=order.branch, visit=order.visit, at=now, **more)


def sla_situation(order: WorkOrder, policy: OrderPolicy, agreed: datetime | None = None) -> Situation:
    """Return the facts for the order's promises; `agreed` is the end of the appointment."""
    calendar = order.calendar or round_the_clock("UTC")
    own = Response(order.contract or "", tuple(order.response.items()))
    found = {*order.cases, "major"} if order.major else order.cases
    cases = tuple(case for case in CASES if case in found)
    return Situation(policy.service, calendar, order.priority, cases, order.visit, agreed, response=own)


def pass_milestone(order: WorkOrder, milestone: str, at: datetime, policy: OrderPolicy) -> WorkOrder:
    """Start and stop the clocks of this service for the milestone."""
    return order.but(clocks=reach_milestone(order.clocks, milestone, at, STAGES, sla_situation(order, policy)))


def finish_change(before: WorkOrder, order: WorkOrder, now: datetime, *events: Event) -> OrderDecision:
    """Finish a change: set the timer, and add events for the thresholds that clocks passed in it (ALL-3)."""
    ends = [wait.until for wait in order.waits]
    waits = [at for at in (sla.next_wake(order.clocks), order.retry_at, *ends) if at]
    duty = Duty(order.owner, order.technician or "dispatcher")
    passed = DISPATCH_MARKS.passed(before, order, now, request=order.request, duty=duty)
    return order.but(wake_at=min(waits, default=None)), (*events, *passed)


def open_order(number: str, event: RequestFacts, now: datetime, by: str, policy: OrderPolicy) -> OrderDecision:
    """Open the order (DSP-2). Its clock runs from the receipt of the report, which shows late events."""
    order = WorkOrder(id=number, **shared_fields(event, WorkOrder) | {"cases": cases_of(event)})
    order = _awaiting(order, event.registered_at, policy)
    if order.wanted_at and order.wanted_at > event.registered_at:
        order = await_customer(
            order, order.wanted_at, ChangeNote(event.registered_at, event.owner, "wanted_at"), policy
        )
    created = make_event(OrderCreated, order, now, product=order.product, fault=order.fault, priority=order.priority)
    return enter_state(order, "waiting", now, by), (created,)


def change_order_hours(
    order: WorkOrder, calendar: Calendar, said: ChangeNote, now: datetime, policy: OrderPolicy
) -> OrderDecision:
    """Apply the branch's new hours to the remaining time of promises, and to later promises (ALL-3)."""
    if said.at < order.registered_at:  # the request was registered with these hours, or newer ones
        return order, ()
    there = order.but(calendar=calendar)
    clocks = stages.change_hours(order.clocks, sla_situation(there, policy), said)
    return finish_change(order, there.but(clocks=clocks), now)


def cases_of(event: RequestFacts | RequestReprioritised) -> tuple[SpecialCase, ...]:
    return tuple(case for case in CASES if case in event.cases)


def cancel_order(order: WorkOrder, event: RequestCancelled, now: datetime, by: str) -> OrderDecision:
    """Cancel the order. A completed one stays completed, and no other visit follows it."""
    if order.state in ENDED:
        return order.but(called_off=event.reason), ()
    return end_order(order.but(called_off=event.reason), event.reason, now, by)


def end_order(order: WorkOrder, reason: str, now: datetime, by: str) -> OrderDecision:
    """End the order without a repair; its parts and technician are free again."""
    clocks = sla.waive_clocks(order.clocks, ChangeNote(now, by, reason))
    ended = enter_state(order, "cancelled", now, by, clocks=clocks)
    ended = ended.but(technician=None, appointment_start=None, appointment_end=None)
    ended = ended.but(retry_at=None, deferred_for=None, deferred_at=None, parts_state="none", waits=())
    return finish_change(order, ended, now, make_event(OrderCancelled, order, now, reason=reason))


def reopen_order(
    order: WorkOrder, event: RequestReopened, now: datetime, by: str, policy: OrderPolicy
) -> OrderDecision:
    """Begin another visit of a completed order (DSP-7). Raises `NotYet` until the previous visit is completed.

    A cancelled request is never reopened, so a reopening that arrives after the cancellation is the
    older event, and its visit is cancelled immediately.
    """
    if order.visit != event.visit - 1 or order.state != "completed":
        raise NotYet("order.not_completed", order=order.id, visit=event.visit - 1)
    fresh = order.but(visit=event.visit, declined_by=(), technician=None, parts_state="none", slip_version=0)
    fresh = fresh.but(appointment_start=None, appointment_end=None, wanted_at=None, cause=None, report=None)
    fresh = fresh.but(waits=(), moved_by_us=0, major=False)
    if order.called_off is not None:
        return end_order(fresh, order.called_off, now, by)
    return enter_state(_awaiting(fresh, event.reopened_at, policy), "waiting", now, by), ()


def await_customer(order: WorkOrder, agreed: datetime, said: ChangeNote, policy: OrderPolicy) -> WorkOrder:
    """Count the promise of the repair from the time that the customer wants (DSP-8)."""
    there = sla_situation(order, policy)
    return order.but(clocks=stages.begin_later(order.clocks, agreed, there, said))


def _awaiting(order: WorkOrder, since: datetime, policy: OrderPolicy) -> WorkOrder:
    return pass_milestone(order, "request_registered", since, policy)
