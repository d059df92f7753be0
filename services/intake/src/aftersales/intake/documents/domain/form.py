"""The request form (顾客服务需求表) for signature (INT-2, INT-17). Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from aftersales.common.documents.paper import Labelled, Paper, PaperSection
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.identity.domain import CompanyIdentity, text_in
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain.form import VISITS
from aftersales.intake.requests.domain.registration import NO_LINE, ORDER_LINE
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.values import format_phone
from aftersales.values.errors import DomainError

from .wording import PaperWords, local_minute


class FormFacts(NamedTuple):
    """Everything that stands on the form."""

    request: ServiceRequest
    customer: Customer
    product: Product
    branch: Branch
    identity: CompanyIdentity | None
    taker: str
    """The name of the person who took the request."""


def write_form(facts: FormFacts, words: PaperWords) -> Paper:
    """Return the form. Raises `DomainError` for a request that was registered by mistake beside another one."""
    request = facts.request
    if request.duplicate_of:
        raise DomainError("document.of_duplicate", request=request.id, of=request.duplicate_of)
    say = words.say
    sections = (
        PaperSection(title=say("paper.about_request"), rows=tuple(_about_request(facts, words))),
        PaperSection(title=say("column.customer"), rows=tuple(_about_customer(facts, words))),
        PaperSection(title=say("paper.about_product"), rows=tuple(_about_product(facts.product, words))),
        PaperSection(title=say("paper.problem"), rows=tuple(_about_problem(request, words))),
        PaperSection(title=say("paper.cost"), rows=_about_cost(request, words)),
        PaperSection(text=say("paper.form_confirmed")),
    )
    return Paper(
        title=say("paper.request_form"),
        letterhead=words.letterhead(facts.branch, facts.identity),
        stamp=words.reader.state("cancelled") if request.state == "cancelled" else "",
        sections=tuple(section for section in sections if section.rows or section.text),
        signatures=(say("paper.signed_by_customer"), say("paper.signed_by_branch")),
        link=words.link(request.id),
        link_words=say("paper.link_words"),
    )


def _about_request(facts: FormFacts, words: PaperWords) -> Iterator[tuple[str, str]]:
    request, zone, say = facts.request, facts.branch.zone, words.say
    yield say("column.number"), request.id
    yield say("column.registered_at"), local_minute(request.registered_at, zone)
    yield say("column.kind"), words.reader.kind(request.kind)
    yield say("column.channel"), words.reader.channel(request.channel)
    urgent = words.urgency(request.urgency)
    yield say("paper.urgency"), f"{urgent} · {say('paper.danger')}" if request.danger else urgent
    if request.wanted_at:
        yield say("column.wanted_at"), local_minute(request.wanted_at, zone)
    if facts.taker:
        yield say("paper.taken_by"), facts.taker


def _about_customer(facts: FormFacts, words: PaperWords) -> Iterator[tuple[str, str]]:
    request, customer, say = facts.request, facts.customer, words.say
    yield say("paper.name"), customer.name or request.unreachable or say("paper.not_known")
    if request.caller not in ("", customer.name):
        yield say("column.caller"), request.caller
    if customer.phone:
        yield say("column.phone"), format_phone(customer.phone)
    if address := request.address or customer.address:
        yield say("column.address"), address


def _about_product(product: Product, words: PaperWords) -> Iterator[tuple[str, str]]:
    """Yield what is known of the product; nothing for a general question or an order."""
    say = words.say
    if product.line in (NO_LINE, ORDER_LINE) and not product.numbered:
        return
    yield say("column.line"), words.line(product)
    yield say("column.model"), words.model(product.model)
    yield say("column.serial"), words.serial(product.id, numbered=product.numbered)
    yield say("paper.purchased_on"), words.day(product.purchased_on)


def _about_problem(request: ServiceRequest, words: PaperWords) -> Iterator[tuple[str, str]]:
    say = words.say
    if request.fault != request.kind:
        yield say("column.fault"), words.reader.fault(request.fault)
    if request.problem_class:
        yield say("paper.problem_class"), words.problem(request.problem_class)
    if request.description:
        yield say("column.description"), request.description
    if request.order and request.order.known_by:
        yield say("paper.order_number"), request.order.known_by
    known = {
        "topic": say("paper.topic"),
        "reason": say("paper.reason"),
        "recall": say("kind.recall"),
        "new_address": say("paper.new_address"),
    }
    for name, text in request.details.items():
        yield known.get(name, name), text


def _about_cost(request: ServiceRequest, words: PaperWords) -> Labelled:
    """Return who pays for the visit, as decided last; it may still change with the cause of the fault (INT-6)."""
    coverage = request.coverage
    if coverage is None or request.kind not in VISITS:
        return ()
    say = words.say
    why = text_in(coverage.why, words.language)
    first = [text_in(surcharge.why, words.language) for surcharge in coverage.surcharges]
    first += [say("paper.price_list_first")] if coverage.price_list_first else []
    first += [say("paper.quotation_first")] if coverage.quotation_first else []
    return (
        (say("paper.parts"), words.payer(coverage.parts)),
        (say("paper.labour"), words.payer(coverage.labour)),
        (say("paper.travel"), words.payer(coverage.travel)),
        (say("paper.why"), "\n".join((why, *first))),
    )
