"""Use cases: documents that are printed and handed over (INT-17)."""

from aftersales.common.policies import POLICY_LIST
from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.warranty import describe_warranty
from aftersales.intake.archive.handlers import must_be_theirs, policy_of, surviving_customer
from aftersales.intake.identity.domain import COMPANY, CompanyIdentity, CompanyLogo
from aftersales.intake.network.domain import Branch, Person
from aftersales.intake.requests.domain.request import ServiceRequest

from .domain import document as documents
from .domain.card import CardFacts, write_card
from .domain.document import (
    SERIES,
    DocumentDraft,
    DocumentLogo,
    DocumentSeries,
    DocumentSubject,
    HandDocumentOver,
    PrintedDocument,
    Printer,
    series_id,
)
from .domain.form import FormFacts, write_form
from .domain.wording import PaperWords


@use_case(
    about=lambda number: (ServiceRequest, number, lambda request: ((Product, request.product.serial),)),
    preload=lambda: ((CompanyIdentity, COMPANY),),
)
async def print_form(work: UnitOfWork, number: str, words: PaperWords) -> PrintedDocument:
    """Print the request form as it is now: an edition of its own if anything on it has changed, else a copy."""
    request = await work.require(ServiceRequest, number)
    customer = await surviving_customer(work, request.customer)
    product = await work.require(Product, request.product.serial)
    taker = await work.get(Person, request.owner) if request.owner else None
    branch = await work.require(Branch, request.branch)
    identity = await work.get(CompanyIdentity, COMPANY)
    facts = FormFacts(request, customer, product, branch, identity, taker.name if taker else request.owner)
    subject = DocumentSubject(request.branch, product.id, customer.id, request.id)
    return await _print(work, DocumentDraft("request_form", subject, words.language, write_form(facts, words)))


@use_case(about=lambda serial: (Product, serial), preload=lambda: ((CompanyIdentity, COMPANY), *POLICY_LIST))
async def print_card(work: UnitOfWork, serial: str, words: PaperWords, catalogue: PolicyCatalogue) -> PrintedDocument:
    """Print the warranty card as it is now, by today's policy for a repair (INT-6)."""
    product = await work.require(Product, serial)
    owner = await surviving_customer(work, product.customer) if product.customer else None
    branch = await work.require(Branch, product.branch)
    today = branch.day_of(work.now)
    policy = await policy_of(work, product, today, catalogue)
    record = describe_warranty(product, policy, today, words.language)
    subject = DocumentSubject(product.branch, product.id, owner.id if owner else None)
    identity = await work.get(CompanyIdentity, COMPANY)
    paper = write_card(CardFacts(product, record, policy, owner, branch, identity), words)
    return await _print(work, DocumentDraft("warranty_card", subject, words.language, paper))


async def _print(work: UnitOfWork, draft: DocumentDraft) -> PrintedDocument:
    """Print a copy of the current edition, or issue the next one if the page differs."""
    key = series_id(draft.kind, draft.subject.request or draft.subject.serial, draft.language)
    series = await work.get(DocumentSeries, key)
    before = await work.require(PrintedDocument, series.current) if series else None
    printer = Printer(work.actor, work.now)
    if before and before.paper == draft.paper:
        return work.put(documents.print_again(before, printer))
    document = documents.issue_document(await work.number(SERIES[draft.kind]), draft, before, printer)
    await _keep_logo(work, draft.paper.letterhead.logo)
    if before:
        work.put(before.but(replaced_by=document.id))
    fresh = DocumentSeries(id=key, branch=document.branch, current=document.id)
    work.put(series.but(current=document.id) if series else fresh)
    return work.put(document)


async def _keep_logo(work: UnitOfWork, digest: str | None) -> None:
    """Keep the logo that a document shows, once."""
    if digest and await work.get(DocumentLogo, digest) is None:
        logo = await work.require(CompanyLogo, COMPANY)
        work.put(DocumentLogo(id=digest, base64=logo.base64))


@use_case(about=lambda number: (PrintedDocument, number))
async def hand_over_document(work: UnitOfWork, number: str, form: HandDocumentOver) -> PrintedDocument:
    """Record who got the document, how, and whether they signed it."""
    document = await work.require(PrintedDocument, number)
    given = documents.hand_over_document(document, form, work.actor, work.now)
    await must_be_theirs(work, form.file, document.customer)
    return document if given == document else work.put(given)
