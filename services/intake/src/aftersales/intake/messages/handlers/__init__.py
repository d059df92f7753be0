"""Use cases: messages that are asked for, planned, and reported (INT-1, INT-4, INT-10, INT-14)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from aftersales.common.events.intake import EntitlementDue, RequestAnswered, RequestEscalated, RequestRegistered
from aftersales.engine import NotYet, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.intake.archive.handlers import surviving_customer
from aftersales.intake.messages.domain import message as messages
from aftersales.intake.messages.domain.message import CustomerMessage, Failure, Reach, Report
from aftersales.intake.messages.domain.template import TemplateCode
from aftersales.intake.messages.store import packaged_templates
from aftersales.intake.network.domain import Branch
from aftersales.intake.recalls.domain import Recall, RecallCase
from aftersales.intake.recalls.handlers import note_told
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.vocabulary import Channel
from aftersales.policy.choose import Facts
from aftersales.values import uuid7


async def ask_for_message(
    work: UnitOfWork,
    template: TemplateCode,
    about: ServiceRequest | RecallCase | Entitlement,
    until: datetime | None = None,
    params: Mapping[str, str] | None = None,
) -> None:
    """Record that the customer of a document, if any, must be told, before `until`; a timer plans the message."""
    if not about.customer:
        return
    request = about.id if isinstance(about, ServiceRequest) else ""
    work.put(
        CustomerMessage(
            id=uuid7(),
            branch=about.branch,
            request=request,
            customer=about.customer,
            template=template,
            params={**({"request": request} if request else {}), **(params or {})},
            channels=(),
            channel=None,
            state="waiting",
            created_at=work.now,
            expires_at=until,
            wake_at=work.now,
        )
    )


@use_case(preload=lambda event: ((ServiceRequest, event.request),))
async def tell_of_escalation(work: UnitOfWork, event: RequestEscalated) -> None:
    await ask_for_message(
        work, "told_of_escalation", await known_request(work, event.request), params={"level": event.level}
    )


@use_case(preload=lambda event: ((ServiceRequest, event.request),))
async def tell_number(work: UnitOfWork, event: RequestRegistered) -> None:
    """Tell the customer the number; not for a request that another system brought."""
    request = await known_request(work, event.request)
    if request.elsewhere is None:
        await ask_for_message(work, "request_registered", request)


@use_case(preload=lambda event: ((ServiceRequest, event.request),))
async def tell_answer_time(work: UnitOfWork, event: RequestAnswered) -> None:
    """Tell by when a question that must be checked is answered (INT-8)."""
    if event.referred and event.answer_by:
        request = await known_request(work, event.request)
        await ask_for_message(work, "answer_promised", request, params={"answer_at": event.answer_by.isoformat()})


@use_case(preload=lambda event: ((Entitlement, event.entitlement),))
async def tell_entitlement(work: UnitOfWork, event: EntitlementDue) -> None:
    """Remind the customer of what came with the purchase (INT-14)."""
    entitlement = await work.require(Entitlement, event.entitlement)
    names = {f"entitlement.{language}": name for language, name in entitlement.name.items()}
    said = {"serial": entitlement.product, "entitlement": entitlement.kind, **names}
    said["expires_on"] = str(event.expires_on)
    await ask_for_message(work, "entitlement_due", entitlement, until=entitlement.expires_at, params=said)


async def tell_of_recall(work: UnitOfWork, id: str) -> None:
    """Tell the owner of an affected product (INT-4)."""
    case = await work.get(RecallCase, id)
    if case is None or case.wake_at is None:
        return
    recall = await work.require(Recall, case.recall)
    work.put(case.but(wake_at=None))
    if case.state == "found":
        said = {"recall": recall.id, "serial": case.product, "title": recall.title, "remedy": recall.remedy}
        await ask_for_message(work, "recall_affects_you", case, params=said)


async def plan_message(
    work: UnitOfWork, id: str, catalogue: PolicyCatalogue, gateways: Iterable[Channel]
) -> CustomerMessage | None:
    """Plan a message whose time has come, or end one that has expired."""
    message = await work.get(CustomerMessage, id)
    if message is None or message.wake_at is None or message.wake_at > work.now:
        return None
    return await _plan(work, message, catalogue, gateways)


@use_case(about=lambda message: (CustomerMessage, message))
async def report_sent(work: UnitOfWork, message: str, report: Report) -> CustomerMessage:
    known = await work.require(CustomerMessage, message)
    return await _told(work, work.put(messages.record_told(known, report, work.actor, work.now)))


@use_case(about=lambda message: (CustomerMessage, message))
async def report_delivered(work: UnitOfWork, message: str, report: Report) -> CustomerMessage:
    known = await work.require(CustomerMessage, message)
    delivered = messages.record_arrival(known, report, work.now)
    return known if delivered == known else await _told(work, work.put(delivered))


@use_case(about=lambda message: (CustomerMessage, message))
async def report_failed(
    work: UnitOfWork, message: str, failure: Failure, catalogue: PolicyCatalogue, gateways: Iterable[Channel]
) -> CustomerMessage:
    known = await work.require(CustomerMessage, message)
    failed = messages.record_failure(known, failure, work.actor, work.now)
    return await _plan(work, failed, catalogue, gateways)


async def record_handover(work: UnitOfWork, id: str, problem: str, *, again: bool) -> None:
    known = await work.require(CustomerMessage, id)
    tried = messages.record_handover(known, problem, work.now, again=again)
    if tried != known:
        work.put(tried)


async def _plan(
    work: UnitOfWork, message: CustomerMessage, catalogue: PolicyCatalogue, gateways: Iterable[Channel]
) -> CustomerMessage:
    customer = await surviving_customer(work, message.customer)
    request = await work.get(ServiceRequest, message.request) if message.request else None
    branch = await work.require(Branch, message.branch)
    line, kind = (request.product.line, request.kind) if request else ("", "")
    day = branch.day_of(message.created_at)
    facts = Facts(branch.id, line, kind, customer.known_as, day, customer.is_member(day))
    policy = await (catalogue.of(work, request.policy, facts) if request else catalogue.choose(work, facts))
    reach = Reach(
        customer,
        gateways=frozenset(gateways),
        order=policy.channels,
        own=request.channel if request else None,
        unreachable=bool(request and request.unreachable),
        before=[one for one in await work.find(CustomerMessage, customer=customer.id) if one.id != message.id],
        quiet=f"{policy.callbacks.quiet_hours if policy.callbacks else ''} {customer.quiet_hours}",
        zone=branch.zone,
    )
    template = packaged_templates()[message.template]
    return work.put(messages.plan_message(message.but(customer=customer.id), template, reach, work.now))


async def _told(work: UnitOfWork, message: CustomerMessage) -> CustomerMessage:
    """Tick the case of a recall whose owner now knows (INT-4)."""
    if recall := message.params.get("recall"):
        await note_told(work, recall, message.params["serial"])
    return message


async def known_request(work: UnitOfWork, number: str) -> ServiceRequest:
    """Return the request of an event. Raises `NotYet` if it has not arrived yet."""
    request = await work.get(ServiceRequest, number)
    if request is None:
        raise NotYet("request.unknown", request=number)
    return request
