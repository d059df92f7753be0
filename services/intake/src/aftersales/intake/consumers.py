"""Events in: what partners, dispatch and feedback say, and who deals with it."""

from functools import partial

from aftersales.common.events import SlaMark, dispatch, feedback, intake
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.policies import LIST, Library
from aftersales.common.service import Consumer, on
from aftersales.common.work.piece import Need

from .domain.branch import Branch
from .domain.digest import Digest, digest_of
from .domain.product import Product
from .domain.request import ServiceRequest
from .handlers import digests, requests
from .store.archive import caller, owned

MARKS: tuple[type[SlaMark], ...] = (
    *(intake.SlaWarned, intake.SlaBreached, intake.SlaEscalated),
    *(dispatch.SlaWarned, dispatch.SlaBreached, dispatch.SlaEscalated),
    *(feedback.SlaWarned, feedback.SlaBreached, feedback.SlaEscalated),
)


def consumers(library: Library) -> tuple[Consumer, ...]:
    return (
        on(
            PartnerServiceRequest,
            partial(requests.take_partner_request, library=library),
            needs=lambda e: ((Branch, e.branch), caller(e.phone), *owned(e.serial, e.model), *LIST),
        ),
        on(
            RepairCompleted,
            partial(requests.resolve_request, library=library),
            needs=lambda e: (_request(e), (Branch, e.branch), (Product, e.product.serial)),
        ),
        on(DissatisfactionRaised, requests.reopen_request, needs=lambda e: (_request(e),)),
        on(SurveyAnswered, requests.close_request, needs=lambda e: (_request(e),)),
        *(on(mark, digests.gather_mark, needs=lambda e: ((Digest, digest_of(e).id),)) for mark in MARKS),
    )


def _request(event: RepairCompleted | DissatisfactionRaised | SurveyAnswered) -> Need:
    return ServiceRequest, event.request
