"""Records of what happened to a request besides its states: corrections, contacts, notes. Only values."""

from datetime import datetime
from typing import Annotated, Literal

from aftersales.common.events.feedback import ClaimGrant
from aftersales.intake.vocabulary import Channel
from aftersales.values import Day, Money, Value
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME, MASKED_NUMBER

Flag = Literal["red", "yellow", "green", "blue", "purple"]
"""The colours of flags on requests (备注旗帜); the business agrees what each means."""


class FurtherContact(Value):
    """Another contact about a request that is known already (ALL-4). It is no answer, so it stops no clock."""

    at: datetime
    by: str
    """The person who took it."""
    channel: Channel
    caller: Annotated[str, MASKED_NAME]
    phone: Annotated[str, MASKED_NUMBER] | None
    """The phone that the caller gave, if any; null: the customer's."""
    said: Annotated[str, HIDDEN_TEXT]
    answered: bool
    """Whether the caller received an answer at once."""
    from_request: str | None = None
    """The duplicate request with which it was registered by mistake."""


class Note(Value):
    """A remark on a request, perhaps with a coloured flag, by whom and when (S2:3)."""

    at: datetime
    by: str
    text: Annotated[str, HIDDEN_TEXT]
    flag: Flag | None


class FieldChange(Value):
    """A field of a request before and after a correction; null: nothing was there."""

    field: str
    before: str | None
    after: str | None


class Correction(Value):
    """A correction of the form: its author, time and reason, and all fields that it changed (ALL-5)."""

    at: datetime
    by: str
    why: str
    changes: tuple[FieldChange, ...]
    held_up: str | None = None
    """The state of the visit (`on_the_way`, `arrived` …) that was under way, so that its plan stays as it was."""


class ClaimOutcome(Value):
    """The decision about the claim that this repeat repair opened (INT-9), as feedback reports it."""

    claim: str
    """The number of the claim."""
    grants: ClaimGrant
    amount: Money | None
    """The compensation, which somebody must still pay."""
    until: Day | None
    """The last day of the longer warranty."""
    extended: bool
    """Whether the warranty was extended; false if it lasts as long already."""
    why: str
    by: str
    """The person who decided."""
    decided_at: datetime


class TakenStep(Value):
    """A step of the desk that a stage of the policy starts or ends with."""

    step: str
    at: datetime
    by: str
    note: str = ""
    until: datetime | None = None
    """The promised time, if the step is a promise."""


class PartnerReference(Value):
    """The partner's event from which the request was created (INT-12)."""

    partner: str
    """The RabbitMQ user who published the event."""
    source: str
    id: str
    reference: str
    """The partner's own reference: the event's `subject`, or its id."""


class Resolution(Value):
    visit: int
    at: datetime
    cause: str
    solution: str
    technician: str
