"""Consumers: events of partners and other services, with their handlers."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from aftersales.common.events import Event, SlaMark, dispatch, feedback, intake, inventory
from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentAccepted,
    AssignmentDeclined,
    CorrectionHeldUp,
    CustomerNotReached,
    DispatchDueChanged,
    PlanWithdrawn,
    RepairCompleted,
    TechnicianArrived,
    TechnicianAssigned,
    TechnicianDeparted,
    WorkPaused,
    WorkResumed,
)
from aftersales.common.events.feedback import (
    ClaimDecided,
    DissatisfactionRaised,
    FeedbackDueChanged,
    FollowupDone,
    SurveyAnswered,
)
from aftersales.common.events.inventory import PartPriced, PartReserved, PartShort
from aftersales.common.events.partner import (
    PartnerProductShipped,
    PartnerProductSold,
    PartnerRequestCancelled,
    PartnerServiceRequest,
)
from aftersales.common.privacy.erasure import confirm_erasure
from aftersales.engine import Consumer, PolicyCatalogue, UnitOfWork, consume_event

from .messages import handlers as messages
from .messages.handlers import visits
from .office import handlers as office
from .partners import handlers as partners
from .partners.domain import PartnerMessage
from .prices import handlers as prices
from .requests.handlers import corrections, coverage, requests, steps
from .settings import Settings

SERVICES = (intake, dispatch, inventory, feedback)
ERASED_EVENTS = (
    dispatch.DispatchPersonalDataErased,
    inventory.InventoryPersonalDataErased,
    feedback.FeedbackPersonalDataErased,
)
SLA_MARK_EVENTS = tuple(kind for service in SERVICES for kind in service.PRODUCES if issubclass(kind, SlaMark))
"""The SLA events of all services."""


def build_consumers(settings: Settings, catalogue: PolicyCatalogue) -> tuple[Consumer, ...]:
    consumers = (
        consume_event(
            PartnerServiceRequest, partial(partners.take_partner_request, catalogue=catalogue), receipt=PartnerMessage
        ),
        consume_event(
            PartnerProductSold, partial(partners.take_partner_sale, catalogue=catalogue), receipt=PartnerMessage
        ),
        consume_event(PartnerProductShipped, partners.take_partner_shipment, receipt=PartnerMessage),
        consume_event(PartnerRequestCancelled, partners.take_partner_cancellation, receipt=PartnerMessage),
        consume_event(RepairCompleted, partial(requests.resolve_request, catalogue=catalogue)),
        consume_event(TechnicianAssigned, partial(requests.note_appointment, catalogue=catalogue)),
        consume_event(AssignmentAccepted, partial(requests.record_acceptance, catalogue=catalogue)),
        consume_event(CorrectionHeldUp, corrections.note_held_up),
        consume_event(PartShort, requests.record_parts),
        consume_event(PartReserved, requests.record_parts),
        consume_event(PartPriced, partial(prices.follow_part_price, zone=settings.zone)),
        consume_event(DissatisfactionRaised, partial(requests.reopen_request, catalogue=catalogue)),
        consume_event(SurveyAnswered, requests.close_request),
        consume_event(ClaimDecided, partial(coverage.follow_claim, catalogue=catalogue)),
        consume_event(AppointmentMoved, partial(steps.follow_move, catalogue=catalogue)),
        consume_event(TechnicianDeparted, steps.note_visit),
        consume_event(TechnicianArrived, steps.note_visit),
        consume_event(AssignmentDeclined, steps.note_visit),
        consume_event(PlanWithdrawn, steps.note_visit),
        consume_event(WorkPaused, steps.record_wait),
        consume_event(WorkResumed, steps.record_wait),
        consume_event(CustomerNotReached, partial(steps.note_not_reached, catalogue=catalogue)),
        consume_event(FollowupDone, partial(steps.note_not_reached, catalogue=catalogue)),
        consume_event(DispatchDueChanged, requests.note_due),
        consume_event(FeedbackDueChanged, requests.note_due),
        consume_event(intake.RequestEscalated, messages.tell_of_escalation),
        consume_event(intake.EntitlementDue, messages.tell_entitlement),
        *(consume_event(kind, confirm_erasure) for kind in ERASED_EVENTS),
        *(consume_event(mark, office.gather_mark) for mark in SLA_MARK_EVENTS),
    )
    if not settings.gateways:
        return consumers
    return (
        *(_tell_too(one) for one in consumers),
        consume_event(intake.RequestRegistered, messages.tell_number),
        consume_event(intake.RequestAnswered, messages.tell_answer_time),
    )


_TOLD: dict[type[Event], Callable[[UnitOfWork, Any], Awaitable[None]]] = {
    AssignmentAccepted: visits.tell_of_appointment,
    AppointmentMoved: visits.tell_of_appointment,
    TechnicianDeparted: visits.tell_of_departure,
    CustomerNotReached: visits.tell_not_reached,
    dispatch.DispatchSlaBreached: visits.tell_of_delay,
}
"""Events of dispatch of which the customer is told, if there is a gateway; a desk without one would be flooded."""


def _tell_too(consumer: Consumer) -> Consumer:
    """Return the consumer, which also tells the customer if the event is one of `_TOLD`."""
    tell = _TOLD.get(consumer.kind)
    if tell is None:
        return consumer

    async def handle(work: UnitOfWork, event: Event) -> None:
        await consumer.handle(work, event)
        await tell(work, event)

    return replace(consumer, handle=handle)
