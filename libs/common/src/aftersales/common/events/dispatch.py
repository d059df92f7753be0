"""Events that dispatch publishes."""

from datetime import datetime

from pydantic import Field

from aftersales.common import events
from aftersales.common.events import Event, Part
from aftersales.common.events.intake import ProductRef
from aftersales.policy.calendars import Calendar


class OrderEvent(Event):
    """The fields of every event about a work order."""

    order: str
    request: str
    branch: str
    visit: int
    """1 for the first visit, and one more each time the customer was not satisfied."""
    at: datetime
    claimed: bool = False
    """Whether `at` is the word of the technician, who reported it at `received_at` (ADR 18)."""
    received_at: datetime | None = None
    """The time of the report, if it is not `at`."""


class UsedPart(Part):
    part: str
    """The code of the part."""
    quantity: int = Field(ge=1)
    """The number of pieces."""


class OrderCreated(OrderEvent):
    """A request became a work order (派工单)."""

    TYPE = "dispatch.order_created.v1"
    product: ProductRef
    fault: str
    priority: int


class TechnicianAssigned(OrderEvent):
    """A technician was assigned (DSP-4), with the agreed appointment."""

    TYPE = "dispatch.technician_assigned.v1"
    technician: str
    product: ProductRef
    fault: str
    priority: int
    appointment_start: datetime
    appointment_end: datetime
    plan: int = 1
    """The number of the plan; a corrected request gets a new one."""


class AssignmentDeferred(OrderEvent):
    """No technician fits now. The order is tried again at `retry_at` or earlier. Published once for each reason."""

    TYPE = "dispatch.assignment_deferred.v1"
    reason: str
    retry_at: datetime


class AssignmentDeclined(OrderEvent):
    """The technician declined, and another one is searched for."""

    TYPE = "dispatch.assignment_declined.v1"
    technician: str
    reason: str


class AssignmentAccepted(OrderEvent):
    """The technician accepted."""

    TYPE = "dispatch.assignment_accepted.v1"
    technician: str


class AppointmentMoved(OrderEvent):
    """A new, binding time was agreed with the customer (DSP-5)."""

    TYPE = "dispatch.appointment_moved.v1"
    appointment_start: datetime
    appointment_end: datetime
    reason: str
    asked_by: str = ""
    """`customer` or `us`; empty if a missing part is the reason (DSP-21)."""


class WorkPaused(OrderEvent):
    """The work waits, so that the clocks that allow this reason wait too (ALL-3)."""

    TYPE = "dispatch.work_paused.v1"
    reason: str
    """`waiting_customer`, `waiting_approval`, `meal_break` or `interrupted`."""
    owner: str
    """The party that is waited for."""
    until: datetime | None = None
    """The time at which the work goes on by itself."""


class WorkResumed(OrderEvent):
    """The wait for this reason is over (ALL-3)."""

    TYPE = "dispatch.work_resumed.v1"
    reason: str
    since: datetime
    """The time of the `work_paused` that this ends."""


class CustomerNotReached(OrderEvent):
    """The technician could not reach the customer, who is tried again by the next day (DSP-5)."""

    TYPE = "dispatch.customer_not_reached.v1"
    channel: str
    technician: str | None


class TechnicianDeparted(OrderEvent):
    """The technician is on the way (DSP-7)."""

    TYPE = "dispatch.technician_departed.v1"
    technician: str


class TechnicianArrived(OrderEvent):
    """The technician is on site, within the agreed window or not (DSP-3)."""

    TYPE = "dispatch.technician_arrived.v1"
    technician: str
    on_time: bool


class DiagnosisRecorded(OrderEvent):
    """The diagnosis on site (DSP-7)."""

    TYPE = "dispatch.diagnosis_recorded.v1"
    technician: str
    cause: str
    major: bool = False
    """Whether it is a major fault, for which the policy may allow more time (DSP-8)."""


class PartNeeded(OrderEvent):
    """The technician needs a part that the reported fault does not imply (INV-13)."""

    TYPE = "dispatch.part_needed.v1"
    part: str
    quantity: int = Field(ge=1)


class RepairCompleted(OrderEvent):
    """The service report is complete (DSP-10)."""

    TYPE = "dispatch.repair_completed.v1"
    technician: str
    product: ProductRef
    fault: str
    cause: str
    solution: str
    parts_used: tuple[UsedPart, ...] = ()
    policy: str = ""
    """The service policy of the request (ALL-1)."""
    calendar: Calendar | None = None
    """The branch's hours when the request was registered; None means round the clock."""
    quiet_hours: str = ""
    """The customer's times without calls, in the branch's time zone."""


class OrderCancelled(OrderEvent):
    """The order ended without a repair; its parts and technician are free again."""

    TYPE = "dispatch.order_cancelled.v1"
    reason: str


class PlanWithdrawn(OrderEvent):
    """The order's plan ended because the request was corrected; its parts and technician are free again.

    Another assignment follows it, or the end of the order; `branch` is the branch of the plan.
    """

    TYPE = "dispatch.plan_withdrawn.v1"
    plan: int
    """The number of the plan, from 1 for each order."""


class CorrectionHeldUp(OrderEvent):
    """A correction of the request came too late for the visit under way, whose plan stays as it was."""

    TYPE = "dispatch.correction_held_up.v1"
    state: str
    """The state of the order: `on_the_way`, `arrived` …"""
    number: int
    """The number of the correction."""


class DispatchDueChanged(events.DueChanged):
    """The stage that is due next, or its deadline, changed (ALL-3)."""

    TYPE = "dispatch.due_changed.v1"


class DispatchSlaWarned(events.SlaMark):
    """A stage has used 50 % or 80 % of its time, or another share that its policy sets (ALL-3)."""

    TYPE = "dispatch.sla_warned.v1"


class DispatchSlaBreached(events.SlaMark):
    """A stage passed its deadline (ALL-3)."""

    TYPE = "dispatch.sla_breached.v1"


class DispatchSlaEscalated(events.SlaMark):
    """A breach was escalated to the next level of its ladder (ALL-3)."""

    TYPE = "dispatch.sla_escalated.v1"


class DispatchSlaWithdrawn(events.SlaMark):
    """A breach, or its escalation, was withdrawn: the work was done or paused before, and reported after it (ALL-3)."""

    TYPE = "dispatch.sla_withdrawn.v1"


class DispatchHeartbeat(events.Heartbeat):
    """Intake's heartbeat, passed on."""

    TYPE = "dispatch.heartbeat.v1"


class DispatchPersonalDataErased(events.PersonalDataErased):
    """This service has erased a customer's personal data, or had none (ALL-6)."""

    TYPE = "dispatch.personal_data_erased.v1"


PRODUCES = (
    OrderCreated,
    TechnicianAssigned,
    AssignmentDeferred,
    AssignmentDeclined,
    AssignmentAccepted,
    AppointmentMoved,
    WorkPaused,
    WorkResumed,
    CustomerNotReached,
    TechnicianDeparted,
    TechnicianArrived,
    DiagnosisRecorded,
    PartNeeded,
    RepairCompleted,
    OrderCancelled,
    PlanWithdrawn,
    CorrectionHeldUp,
    DispatchDueChanged,
    DispatchSlaWarned,
    DispatchSlaBreached,
    DispatchSlaEscalated,
    DispatchSlaWithdrawn,
    DispatchHeartbeat,
    DispatchPersonalDataErased,
)
