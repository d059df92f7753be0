"""Records of a request's owners and escalations (INT-7, INT-10). Only values; the rules are in `ownership.py`."""

from datetime import datetime
from typing import Literal

from aftersales.intake.network.domain import Level
from aftersales.values import Value


class Offer(Value):
    """A handover that the new owner has not accepted yet."""

    to: str
    by: str
    reason: str
    note: str = ""
    at: datetime


class CustodyStep(Value):
    """One step of a handover; `taken` is a handover at the change of shifts (ALL-7)."""

    what: Literal["offered", "accepted", "declined", "withdrawn", "taken"]
    from_owner: str
    to_owner: str
    reason: str
    note: str = ""
    by: str
    at: datetime


class Escalation(Value):
    """A question that the owner could not answer, and who was asked."""

    level: Level
    to: str
    reason: str
    proposal: str = ""
    """The solution that the owner proposes (INT-18)."""
    by: str
    at: datetime
    agreed: bool | None = None
    """Whether the person above accepted the proposal; None until they answer."""
    answer: str = ""
    answered_at: datetime | None = None
