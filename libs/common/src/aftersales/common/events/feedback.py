"""Events that feedback publishes."""

from datetime import datetime

from aftersales.common import events
from aftersales.common.events import Event


class FollowupEvent(Event):
    """What every event about a callback (回访) says."""

    followup: str
    request: str
    order: str
    branch: str
    visit: int
    at: datetime


class FollowupDue(FollowupEvent):
    """It is time to call the customer (FBK-1)."""

    TYPE = "feedback.followup_due.v1"


class FollowupDone(FollowupEvent):
    """The customer was reached, or could not be (`outcome`)."""

    TYPE = "feedback.followup_done.v1"
    outcome: str
    clerk: str


class SurveyAnswered(FollowupEvent):
    """The satisfaction form came back (FBK-2). `mark` is the mean of the answers, 1 to 5."""

    TYPE = "feedback.survey_answered.v1"
    mark: float
    satisfied: bool


class DissatisfactionRaised(FollowupEvent):
    """Below the pass mark: the request must be reopened (FBK-2)."""

    TYPE = "feedback.dissatisfaction_raised.v1"
    mark: float


class SlaWarned(events.SlaMark):
    """A stage has used a good part of its time: 50 % or 80 %, unless its policy says otherwise (ALL-3)."""

    TYPE = "feedback.sla_warned.v1"


class SlaBreached(events.SlaMark):
    """A stage's time is over (ALL-3)."""

    TYPE = "feedback.sla_breached.v1"


class SlaEscalated(events.SlaMark):
    """A breach climbed to the next level of its ladder (ALL-3)."""

    TYPE = "feedback.sla_escalated.v1"


PRODUCES = (FollowupDue, FollowupDone, SurveyAnswered, DissatisfactionRaised, SlaWarned, SlaBreached, SlaEscalated)
