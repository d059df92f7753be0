"""Service requests: taken, cancelled, and brought along by what dispatch and feedback report."""

from pydantic import ValidationError

from aftersales.common.errors import Malformed, NotYet
from aftersales.common.events import Event, describe
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.partner import PartnerServiceRequest
from aftersales.common.work import Work
from aftersales.intake.domain import product as products
from aftersales.intake.domain import request as requests
from aftersales.intake.domain.entitlement import Grants
from aftersales.intake.domain.product import Product
from aftersales.intake.domain.request import Archive, CancelRequest, Policy, RegisterRequest, ServiceRequest, Taken

from .archive import find_or_enrol, keep_product
from .branches import known_branch


async def register_request(work: Work, form: RegisterRequest, policy: Policy, grants: Grants) -> ServiceRequest:
    branch = await known_branch(work, form.branch)
    customer = await find_or_enrol(work, form.customer, branch)
    product = await keep_product(work, form.product, customer, branch.today(work.now), grants)
    taken = Taken(by=form.owner or work.actor, at=work.now)
    request, news = requests.register(await work.number("SR"), form, Archive(customer, product), taken, policy)
    return work.put(request, *news)


async def take_partner_request(work: Work, event: PartnerServiceRequest, policy: Policy, grants: Grants) -> None:
    """Do as if the partner had filled in the form (INT-12). Raises `Malformed` when it does not fit."""
    try:
        form = RegisterRequest.model_validate(
            {
                **event.model_dump(
                    include={"branch", "kind", "fault", "description", "urgency", "wanted_at", "location"}
                ),
                "channel": "partner",
                "owner": "partner",
                "customer": {"name": event.customer_name, "phone": event.phone, "address": event.address},
                "product": event.model_dump(include={"serial", "model", "line", "purchased_on"}),
            }
        )
    except ValidationError as error:
        raise Malformed("event.data_malformed", type=event.TYPE, errors=describe(error)) from error
    await register_request(work, form, policy, grants)


async def cancel_request(work: Work, number: str, command: CancelRequest) -> ServiceRequest:
    request, news = requests.cancel(await work.need(ServiceRequest, number), command, work.actor, work.now)
    return work.put(request, *news)


async def resolve_request(work: Work, event: RepairCompleted) -> None:
    """Close the round and write the warranty card, even when the customer had cancelled meanwhile."""
    request = await _request(work, event.request)
    _keep(work, request, *requests.resolve(request, event))
    product = await work.need(Product, request.product.serial)
    card = products.record_repair(product, event)
    if card != product:
        work.put(card)


async def reopen_request(work: Work, event: DissatisfactionRaised) -> None:
    request = await _request(work, event.request)
    _keep(work, request, *requests.reopen(request, event))


async def close_request(work: Work, event: SurveyAnswered) -> None:
    request = await _request(work, event.request)
    _keep(work, request, *requests.close(request, event))


async def _request(work: Work, number: str) -> ServiceRequest:
    request = await work.get(ServiceRequest, number)
    if request is None:
        raise NotYet("request.unknown", request=number)
    return request


def _keep(work: Work, before: ServiceRequest, request: ServiceRequest, news: tuple[Event, ...]) -> None:
    if request != before:
        work.put(request, *news)
