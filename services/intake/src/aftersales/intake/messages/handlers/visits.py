"""Use cases: messages about a visit, which events of dispatch ask for; dispatch never sees a number (DSP-3 to DSP-5).

Only gateways send them: a technician tells the customer in person anyway.
"""

from datetime import timedelta

from aftersales.common.events import SlaMark
from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentAccepted,
    CustomerNotReached,
    TechnicianDeparted,
)
from aftersales.engine import UnitOfWork
from aftersales.intake.requests.domain.visit import read_progress
from aftersales.policy.model.stages import KnownStage

from . import ask_for_message, known_request

_ARRIVAL: KnownStage = "arrival"
_SOON = timedelta(hours=1)
"""How long a message about the next minutes is of use."""


async def tell_of_appointment(work: UnitOfWork, event: AssignmentAccepted | AppointmentMoved) -> None:
    """Tell who comes and when, once the technician has accepted; or the new time."""
    request = await known_request(work, event.request)
    plan = read_progress(request.visit_facts, event.visit)
    if not (plan.start and plan.end):
        return
    said = {"start_at": plan.start.isoformat(), "end_at": plan.end.isoformat(), "technician": plan.technician or ""}
    if isinstance(event, AssignmentAccepted):
        await ask_for_message(work, "appointment_set", request, until=plan.end, params=said)
    else:
        await ask_for_message(work, "appointment_moved", request, until=plan.end, params=said)


async def tell_of_departure(work: UnitOfWork, event: TechnicianDeparted) -> None:
    request = await known_request(work, event.request)
    until = event.at + _SOON
    await ask_for_message(work, "technician_on_the_way", request, until=until, params={"technician": event.technician})


async def tell_of_delay(work: UnitOfWork, event: SlaMark) -> None:
    """Apologise when the arrival is late (DSP-3)."""
    if event.stage == _ARRIVAL:
        await ask_for_message(work, "visit_late", await known_request(work, event.request), until=event.at + _SOON)


async def tell_not_reached(work: UnitOfWork, event: CustomerNotReached) -> None:
    """Tell a customer who was not reached that we tried (DSP-5); another channel may do."""
    await ask_for_message(work, "not_reached", await known_request(work, event.request))
