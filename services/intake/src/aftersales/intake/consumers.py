"""Events in: what partners, dispatch and feedback say, and who deals with it."""

from functools import partial

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.service import Consumer, on

from .domain.branch import Branch
from .domain.product import Product
from .domain.request import ServiceRequest
from .handlers import requests
from .settings import Settings
from .store import caller, owned


def consumers(settings: Settings) -> tuple[Consumer, ...]:
    return (
        on(
            PartnerServiceRequest,
            partial(requests.take_partner_request, policy=settings.policy()),
            needs=lambda e: ((Branch, e.branch), caller(e.phone), *owned(e.serial, e.model)),
        ),
        on(
            RepairCompleted,
            requests.resolve_request,
            needs=lambda e: ((ServiceRequest, e.request), (Product, e.product.serial)),
        ),
        on(DissatisfactionRaised, requests.reopen_request, needs=lambda e: ((ServiceRequest, e.request),)),
        on(SurveyAnswered, requests.close_request, needs=lambda e: ((ServiceRequest, e.request),)),
    )
