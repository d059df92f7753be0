"""Stages: what is promised by when, what stops the clock, and who is told of a breach (ALL-3, ALL-10). Pure."""

from collections.abc import Collection
from typing import Annotated, Literal, get_args

from pydantic import Field, StrictBool, StrictFloat, StringConstraints

from aftersales.values import Code, Value

from .figures import Duration, Rank, Role, TimeOfDay

Milestone = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,63}$")]
"""A step of the business, named as in the events: `request_registered` of `intake.request_registered.v1`."""
StageName = Milestone
KnownStage = Literal[
    "first_reply",
    "answer",
    "review",
    "confirm",
    "dispatch",
    "arrival",
    "repair",
    "workshop",
    "resolve",
    "contact_again",
    "handover",
    "commissioning",
    "training",
    "callback",
    "callback_quality",
    "callback_satisfaction",
    "callback_riding",
    "complaint_answer",
    "complaint_verify",
    "complaint_timetable",
    "complaint_followup",
    "logistics_reply",
    "logistics",
    "refund",
    "department_reply",
    "fine",
]
"""The stages of the presets. Rules refer to them by these names; a policy may add its own stages."""
STAGES: tuple[KnownStage, ...] = get_args(KnownStage)
PauseReason = Literal["waiting_customer", "waiting_part", "waiting_approval", "meal_break", "interrupted"]
"""The reason of a pause."""
SpecialCase = Literal["emergency", "rush", "holiday", "far", "major"]
"""Special cases of an item: danger; ordered as rush or holiday work; a far place; a major fault."""
CASES: tuple[SpecialCase, ...] = get_args(SpecialCase)
MILESTONES = frozenset(
    """
    request_registered request_reviewed request_resolved request_closed customer_answered question_referred
    purchase_recorded shift_ended shift_settled
    order_created technician_assigned appointment_agreed technician_departed technician_arrived diagnosis_recorded
    repair_completed order_closed unit_taken unit_returned customer_not_reached customer_contacted
    contract_signed commissioning_completed customer_trained maintenance_announced maintenance_completed
    followup_due followup_done dissatisfaction_raised
    complaint_registered complaint_answered complaint_verified complaint_resolved
    complaint_marked_serious complaint_followed_up timetable_promised
    claim_opened claim_approved goods_inspected refund_paid
    parcel_problem_reported parcel_problem_answered parcel_problem_solved fine_confirmed fine_paid
    result_handed result_acknowledged
    """.split()  # noqa: SIM905 (one name per line would fill a page)
)
"""Known milestones, which start or stop a stage. Others are accepted, but `lint` warns about them."""


class DueTime(Value):
    """A wall-clock deadline at the branch: `time`, `days` after the day on which the stage starts.

    With 0 days it is the next time that the clock shows `time`. `working` counts only days on which the
    stage's calendar opens.
    """

    time: TimeOfDay
    """The time of day."""
    days: Annotated[int, Field(ge=0, le=366, strict=True)] = 0
    """The number of days after the start; 0 is the next time the clock shows `time`."""
    working: StrictBool = False
    """Count only days on which the calendar opens."""


class Level(Value):
    """A role that is told of a missed deadline, and the time between breach and message."""

    role: Role
    """The role that is told."""
    after: Duration
    """Time from the breach to the message."""


class CaseTerms(Value):
    """The differences for one special case. Its target or deadline replaces the stage's for every priority."""

    target: Duration | None = None
    """Time that the stage may take."""
    due: DueTime | None = None
    """A deadline by the clock."""
    calendar: Code | None = None
    """The calendar, as in `Stage.calendar`."""


class Promise(Value):
    """The promise for one item of a stage: exactly one of `target`, `due` and `agreed_in`, on this calendar."""

    target: Duration | None = None
    due: DueTime | None = None
    agreed_in: str | None = None
    calendar: Code = "always"


class Stage(Value):
    """One promise. With neither `target`, `due` nor `agreed_in` it is made only in the cases that have a deadline."""

    starts_on: Milestone
    """The milestone that starts the clock."""
    stops_on: Milestone
    """The milestone that stops the clock."""
    target: Duration | None = None
    """Time on `calendar` that the stage may take."""
    due: DueTime | None = None
    """A deadline by the clock instead of a `target`."""
    agreed_in: Literal["appointment", "contract", "promise"] | None = None
    """The kind of date agreed with the customer that is the deadline."""
    at_least: Duration | None = None
    """The usual minimum, for planning only; it promises nothing."""
    by_priority: dict[Rank, Duration] = Field(default_factory=dict)
    """Other targets for some priorities."""
    cases: dict[SpecialCase, CaseTerms] = Field(default_factory=dict)
    """Other terms for special cases."""
    calendar: Code = "always"
    """`always`, `branch` (its own hours and public holidays), or one of the policy's calendars."""
    pauses: tuple[PauseReason, ...] = ()
    """The reasons that pause this clock."""
    warn_at: tuple[StrictFloat, ...] = (0.5, 0.8)
    """Shares of the time after which a warning fires."""
    ladder: tuple[Level, ...] | None = None
    """None means the policy's ladder."""
    announced: StrictBool = False
    """The customer is told the deadline."""
    repeats: StrictBool = False
    """The stage starts again when it stops, until the matter is closed."""

    def promise(self, priority: int, cases: Collection[SpecialCase] = ()) -> Promise:
        """Return the promise for one item. Among its cases, the first in `CASES` with a target or deadline decides."""
        ours = [self.cases[case] for case in CASES if case in cases and case in self.cases]
        calendar = next((case.calendar for case in ours if case.calendar), self.calendar)
        for case in ours:
            if case.target is not None or case.due:
                return Promise(target=case.target, due=case.due, calendar=calendar)
        target = self.target
        for rank, other in self.by_priority.items():
            target = other if rank == str(priority) else target
        return Promise(target=target, due=self.due, agreed_in=self.agreed_in, calendar=calendar)
