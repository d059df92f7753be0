"""Events in: what partners and the other services say, and who deals with it."""

from functools import partial

from aftersales.common.events import SlaMark, dispatch, feedback, intake
from aftersales.common.events.dispatch import OrderEvent, RepairCompleted, TechnicianAssigned
from aftersales.common.events.feedback import DissatisfactionRaised, FollowupEvent, SurveyAnswered
from aftersales.common.events.inventory import PartReserved, PartShort, SlipEvent
from aftersales.common.events.partner import PartnerProductSold, PartnerServiceRequest
from aftersales.common.policies import LIST
from aftersales.engine import Consumer, Library, Need, Needs, on

from .archive.domain.product import Product
from .network.domain import Branch
from .office import handlers as office
from .office.domain.digest import Digest, digest_of
from .partners import handlers as partners
from .partners.domain import PartnerMessage
from .requests.domain.request import ServiceRequest
from .requests.handlers import requests
from .sales.store import caller, owned

MARKS: tuple[type[SlaMark], ...] = (
    *(intake.SlaWarned, intake.SlaBreached, intake.SlaEscalated),
    *(dispatch.SlaWarned, dispatch.SlaBreached, dispatch.SlaEscalated),
    *(feedback.SlaWarned, feedback.SlaBreached, feedback.SlaEscalated),
)


def consumers(library: Library) -> tuple[Consumer, ...]:
    return (
        on(
            PartnerServiceRequest,
            partners.with_receipt(partial(partners.take_partner_request, library=library)),
            needs=lambda e: (*_sender_and_product(e), *LIST),
            receipt=PartnerMessage,
        ),
        on(
            PartnerProductSold,
            partners.with_receipt(partial(partners.take_partner_sale, library=library)),
            needs=lambda e: (*_sender_and_product(e), *LIST),
            receipt=PartnerMessage,
        ),
        on(
            RepairCompleted,
            partial(requests.resolve_request, library=library),
            needs=lambda e: (_request(e), (Branch, e.branch), (Product, e.product.serial)),
        ),
        on(
            TechnicianAssigned,
            partial(requests.note_appointment, library=library),
            needs=lambda e: (_request(e), (Branch, e.branch)),
        ),
        on(PartShort, requests.hear_of_parts, needs=lambda e: (_request(e),)),
        on(PartReserved, requests.hear_of_parts, needs=lambda e: (_request(e),)),
        on(
            DissatisfactionRaised,
            partial(requests.reopen_request, library=library),
            needs=lambda e: (_request(e), (Branch, e.branch)),
        ),
        on(SurveyAnswered, requests.close_request, needs=lambda e: (_request(e),)),
        *(on(mark, office.gather_mark, needs=lambda e: ((Digest, digest_of(e, e.at).id),)) for mark in MARKS),
    )


def _sender_and_product(event: PartnerServiceRequest | PartnerProductSold) -> Needs:
    return (Branch, event.branch), caller(event.phone), *owned(event.serial, event.model)


def _request(event: OrderEvent | SlipEvent | FollowupEvent) -> Need:
    return ServiceRequest, event.request
