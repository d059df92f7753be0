"""Events in: what partners and the other services say, and who deals with it."""

from functools import partial

from aftersales.common.events import SlaMark, dispatch, feedback, intake, inventory
from aftersales.common.events.dispatch import RepairCompleted, TechnicianAssigned
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.common.events.partner import PartnerProductSold, PartnerServiceRequest
from aftersales.engine import Consumer, Library, on

from .office import handlers as office
from .partners import handlers as partners
from .partners.domain import PartnerMessage
from .requests.handlers import requests

SERVICES = (intake, dispatch, inventory, feedback)
MARKS = tuple(kind for service in SERVICES for kind in service.PRODUCES if issubclass(kind, SlaMark))
"""Every service's own."""


def consumers(library: Library) -> tuple[Consumer, ...]:
    return (
        on(PartnerServiceRequest, partial(partners.take_partner_request, library=library), receipt=PartnerMessage),
        on(PartnerProductSold, partial(partners.take_partner_sale, library=library), receipt=PartnerMessage),
        on(RepairCompleted, partial(requests.resolve_request, library=library)),
        on(TechnicianAssigned, partial(requests.note_appointment, library=library)),
        on(PartShort, requests.hear_of_parts),
        on(PartReserved, requests.hear_of_parts),
        on(DissatisfactionRaised, partial(requests.reopen_request, library=library)),
        on(SurveyAnswered, requests.close_request),
        *(on(mark, office.gather_mark) for mark in MARKS),
    )
