"""Use cases: partner events (INT-12), each accepted once or refused, with a receipt for the partner."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel, ValidationError

from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events import describe_errors
from aftersales.common.events.partner import (
    PartnerProductShipped,
    PartnerProductSold,
    PartnerRequestCancelled,
    PartnerServiceRequest,
)
from aftersales.common.partners import Sender
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import DocumentRefs, DomainError, Event, Malformed, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.archive.domain.caller import account_points
from aftersales.intake.archive.domain.customer import ArchiveCustomer, ContactPoint
from aftersales.intake.archive.domain.names import is_known_name
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.statement import NamedProduct, ProductForm
from aftersales.intake.archive.handlers import find_or_enrol, surviving_customer
from aftersales.intake.classification.domain import RULES, ClassificationRules, Classifier
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain.form import CancelRequest, RegisterRequest
from aftersales.intake.requests.domain.records import PartnerReference
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers.requests import cancel_request, register_request
from aftersales.intake.sales.handlers import keep_product, look_up_product_words, owner_of, record_shipment
from aftersales.intake.sales.store import preload_caller, preload_product, preload_shipment

from . import domain
from .domain import MessageEffect, PartnerMessage

E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=BaseModel)
P = ParamSpec("P")


def with_receipt(
    handle: Callable[Concatenate[UnitOfWork, E, Sender, P], Awaitable[MessageEffect]],
) -> Callable[Concatenate[UnitOfWork, E, Sender, P], Coroutine[Any, Any, None]]:
    """Make a handler of partner events store a receipt of its effect, and skip events that already have one."""

    async def handled(work: UnitOfWork, event: E, sender: Sender, /, *args: P.args, **kwargs: P.kwargs) -> None:
        known = await _receipt(work, sender)
        if not domain.is_done(known, sender):
            done = await handle(work, event, sender, *args, **kwargs)
            receipt, events = domain.accept_message(known, sender, event.TYPE, done, work.now)
            work.put(receipt, *events)

    return update_wrapper(handled, handle)


async def _receipt(work: UnitOfWork, sender: Sender) -> PartnerMessage | None:
    today, before = sender.receipts
    return domain.known_of((await work.get(PartnerMessage, today), await work.get(PartnerMessage, before)), sender)


async def tell_refusal(work: UnitOfWork, parked: StoredDeadLetter) -> None:
    """Record and publish why a partner's event was refused."""
    sender = domain.stated_sender(parked.body, parked.user, parked.digest)
    known, id = await _receipt(work, sender), sender.event
    if known and known.state != "refused" and known.digest != sender.digest:
        id = sender.content  # the accepted event keeps its receipt
        known = await work.get(PartnerMessage, id)
    refused = PartnerMessage(
        id=id,
        partner=sender.user,
        source=sender.source,
        message=sender.id,
        reference=sender.reference,
        type=parked.event_type,
        digest=sender.digest,
        state="refused",
        code=parked.reason,
        params=parked.params,
        at=work.now,
    )
    receipt, events = domain.refuse_message(known, refused)
    if receipt != known:
        work.put(receipt, *events)


def _sender_and_product(event: PartnerServiceRequest | PartnerProductSold) -> DocumentRefs:
    return (
        (Branch, event.branch),
        *map(preload_caller, _points(event)),
        *preload_product(event.serial, event.model),
        *POLICY_LIST,
    )


@use_case(preload=_sender_and_product)
@with_receipt
async def take_partner_request(
    work: UnitOfWork, event: PartnerServiceRequest, sender: Sender, catalogue: PolicyCatalogue
) -> MessageEffect:
    """Register a request as if the partner had filled in the form (INT-12)."""
    form = request_form(event)
    partner = PartnerReference(partner=sender.user, source=sender.source, id=sender.id, reference=sender.reference)
    return MessageEffect(request=(await register_request(work, form, catalogue, await _classifier(work), partner)).id)


async def _classifier(work: UnitOfWork) -> Classifier | None:
    rules = await work.get(ClassificationRules, RULES)
    return Classifier(rules) if rules else None


@use_case(preload=_sender_and_product)
@with_receipt
async def take_partner_sale(
    work: UnitOfWork, event: PartnerProductSold, _sender: Sender, catalogue: PolicyCatalogue
) -> MessageEffect:
    """Archive the buyer and the product; the same sale in another event changes nothing.

    Raises `DomainError` for a product that belongs to somebody else or was sold on another day.
    """
    if known := await work.get(Product, event.serial):
        if known.customer is not None and not await _is_buyer(work, known.customer, event):
            raise DomainError("sale.of_anothers_product", serial=known.id)
        if known.purchased_on == event.purchased_on:
            return MessageEffect(serial=known.id, duplicate=True)
        if known.purchased_on is not None:
            raise DomainError("sale.on_another_day", serial=known.id, purchased_on=known.purchased_on.isoformat())
    form = sale_form(event)
    branch = await known_branch(work, form.branch)
    customer = await find_or_enrol(work, form, branch)
    matched = await look_up_product_words(work, form.products[0], catalogue)
    await keep_product(work, matched, owner_of(customer, branch.id), branch.day_of(work.now), catalogue)
    return MessageEffect(serial=event.serial)


@use_case(preload=preload_shipment)
@with_receipt
async def take_partner_shipment(work: UnitOfWork, event: PartnerProductShipped, sender: Sender) -> MessageEffect:
    """Record the parcel; the same waybill in another event corrects its days or changes nothing."""
    changed = await record_shipment(work, event, sender)
    return MessageEffect(waybill=event.waybill, duplicate=not changed)


@use_case(preload=lambda event: ((ServiceRequest, event.request),))
@with_receipt
async def take_partner_cancellation(work: UnitOfWork, event: PartnerRequestCancelled, sender: Sender) -> MessageEffect:
    """Cancel a request that the partner brought; one that is cancelled already stays as it is.

    Raises `DomainError` for a number that is not of one of its requests, and for a request that is resolved.
    """
    request = await work.get(ServiceRequest, event.request)
    if request is None or request.partner is None or request.partner.partner != sender.user:
        raise DomainError("partner.request_unknown", request=event.request)
    if request.state == "cancelled":
        return MessageEffect(request=request.id, duplicate=True)
    return MessageEffect(request=(await cancel_request(work, request.id, CancelRequest(reason=event.reason))).id)


def request_form(event: PartnerServiceRequest) -> RegisterRequest:
    """Fill in the form for the partner. Raises `Malformed` when it does not fit."""
    said, product = (
        event.model_dump(include=set(form.model_fields), exclude_none=True) for form in (RegisterRequest, NamedProduct)
    )
    return _filled(
        RegisterRequest,
        event,
        said | {"channel": "partner", "owner": "partner", "customer": _caller(event), "product": product},
    )


def sale_form(event: PartnerProductSold) -> ArchiveCustomer:
    """Fill in the form for the partner. Raises `Malformed` when it does not fit."""
    product = event.model_dump(include=set(ProductForm.model_fields))
    return _filled(ArchiveCustomer, event, _caller(event) | {"branch": event.branch, "products": [product]})


def _caller(event: PartnerServiceRequest | PartnerProductSold) -> dict[str, str | None]:
    """Return what is said of the customer, in the names of the form; blank texts count as left out."""
    said = event.model_dump(include={"phone", "email", "chat_id", "unreachable", "address"}, exclude_none=True)
    return said | {"name": event.customer_name}


def _points(event: PartnerServiceRequest | PartnerProductSold) -> tuple[str, ...]:
    """Return the ids of contact points that lead to the customer."""
    return (event.phone,) if event.phone else account_points(event.email, event.chat_id)


async def _is_buyer(work: UnitOfWork, owner: str, event: PartnerProductSold) -> bool:
    """Return whether the owner is the buyer, by the means of contact; a buyer without any must have the same name."""
    points = _points(event)
    if points:
        found = [contact for point in points if (contact := await work.get(ContactPoint, point))]
        return owner in {contact.customer for contact in found}
    return is_known_name(await surviving_customer(work, owner), event.customer_name)


def _filled(form: type[F], event: Event, fields: dict[str, Any]) -> F:
    try:
        return form.model_validate(fields)
    except ValidationError as error:
        errors = [wrong | {"field": _partner_field(wrong["field"])} for wrong in describe_errors(error)]
        raise Malformed("event.data_malformed", type=event.TYPE, errors=errors) from error


def _partner_field(field: str) -> str:
    """Return the partner's name of a field of the form."""
    name = field.removeprefix("customer.").removeprefix("product.").removeprefix("products.0.")
    return "customer_name" if field in {"name", "customer.name"} else name
