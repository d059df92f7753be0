"""Looking into the clocks of a request."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales.common.events import Event
from aftersales.common.events.intake import RequestAnswered
from aftersales.intake.requests.domain.answers import Reply
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.policy.sla import SlaClock

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Sunday noon in Beijing."""


def clock(request: ServiceRequest, key: str) -> SlaClock:
    (found,) = [one for one in request.clocks if one.key == key]
    return found


def due(request: ServiceRequest, key: str) -> timedelta:
    """How long after the contact."""
    deadline = clock(request, key).deadline
    assert deadline
    return deadline - NOW


def told(text: str = "好", **more: Any) -> Reply:
    return Reply(channel="phone", text=text, **more)


def answer_in(events: Sequence[Event]) -> RequestAnswered:
    (found,) = [event for event in events if isinstance(event, RequestAnswered)]
    return found
