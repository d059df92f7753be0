"""Events that feedback publishes."""

from datetime import datetime
from typing import Literal

from aftersales.common import events
from aftersales.common.events import Event
from aftersales.values import Day, Money

ClaimGrant = Literal["compensation", "longer_warranty", "nothing"]
"""What a decision about a claim gives to the customer."""


class FollowupEvent(Event):
    """The fields of every event about a callback (回访)."""

    followup: str
    request: str
    order: str
    branch: str
    visit: int
    at: datetime


class FollowupDue(FollowupEvent):
    """A call to the customer is due (FBK-1)."""

    TYPE = "feedback.followup_due.v1"


class FollowupDone(FollowupEvent):
    """The customer was reached, or could not be (`outcome`)."""

    TYPE = "feedback.followup_done.v1"
    outcome: str
    clerk: str
    claimed: bool = False
    """Whether `at` is the word of the clerk, who reported the call at `received_at` (ADR 18)."""
    received_at: datetime | None = None
    """The time of the report, if it is not `at`."""


class SurveyAnswered(FollowupEvent):
    """The customer answered the survey (FBK-2). `mark` is the mean of the answers, 1 to 5."""

    TYPE = "feedback.survey_answered.v1"
    mark: float
    satisfied: bool


class DissatisfactionRaised(FollowupEvent):
    """The survey is below the pass mark, so the request must be reopened (FBK-2)."""

    TYPE = "feedback.dissatisfaction_raised.v1"
    mark: float


class ClaimDecided(Event):
    """A claim for a guaranteed repair that did not hold was decided (INT-9)."""

    TYPE = "feedback.claim_decided.v1"
    claim: str
    """The number of the claim."""
    request: str
    """The request that repeats the repair."""
    branch: str
    serial: str
    """The serial number of the product."""
    grants: ClaimGrant
    amount: Money | None
    """The compensation."""
    until: Day | None
    """The last day of the longer warranty."""
    why: str
    """The reason."""
    by: str
    """The person who decided."""
    decided_at: datetime


class FeedbackDueChanged(events.DueChanged):
    """The stage that is due next, or its deadline, changed (ALL-3)."""

    TYPE = "feedback.due_changed.v1"


class FeedbackSlaWarned(events.SlaMark):
    """A stage has used 50 % or 80 % of its time, or another share that its policy sets (ALL-3)."""

    TYPE = "feedback.sla_warned.v1"


class FeedbackSlaBreached(events.SlaMark):
    """A stage passed its deadline (ALL-3)."""

    TYPE = "feedback.sla_breached.v1"


class FeedbackSlaEscalated(events.SlaMark):
    """A breach was escalated to the next level of its ladder (ALL-3)."""

    TYPE = "feedback.sla_escalated.v1"


class FeedbackSlaWithdrawn(events.SlaMark):
    """A breach, or its escalation, was withdrawn: the work was done or paused before, and reported after it (ALL-3)."""

    TYPE = "feedback.sla_withdrawn.v1"


class FeedbackPersonalDataErased(events.PersonalDataErased):
    """This service has erased a customer's personal data, or had none (ALL-6)."""

    TYPE = "feedback.personal_data_erased.v1"


PRODUCES = (
    FollowupDue,
    FollowupDone,
    SurveyAnswered,
    DissatisfactionRaised,
    ClaimDecided,
    FeedbackDueChanged,
    FeedbackSlaWarned,
    FeedbackSlaBreached,
    FeedbackSlaEscalated,
    FeedbackSlaWithdrawn,
    FeedbackPersonalDataErased,
)
