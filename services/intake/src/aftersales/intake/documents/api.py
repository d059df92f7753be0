"""HTTP API: documents printed for customers, as PDF, and who got them (INT-17)."""

from typing import Annotated, Any, cast
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from aftersales.common.documents.paper import PaperLanguage, PaperMarks
from aftersales.common.documents.printing import PrintJob, PrintOptions, print_paper
from aftersales.engine import PROBLEMS, Limit, Page, RequestContext
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.store import customer_filter, find_surviving_customer
from aftersales.intake.catalogues.store import load_glossary
from aftersales.intake.network.domain import Branch
from aftersales.intake.vocabulary import RequestNumber
from aftersales.values import Code, Serial
from aftersales.values.messages import render_message

from . import handlers
from .domain.document import (
    DocumentKind,
    DocumentLogo,
    DocumentNumber,
    HandDocumentOver,
    PrintDocument,
    PrintedDocument,
)
from .domain.wording import PaperWords, words_on_paper

router = APIRouter(responses=PROBLEMS)
PrintedNumber = Annotated[DocumentNumber, Path()]
PrintedRequest = Annotated[RequestNumber, Path()]
PrintedSerial = Annotated[Serial, Path()]
IN_READERS_LANGUAGE = PrintDocument()
_PDF = "application/pdf"


@router.post("/requests/{number}/form")
async def print_request_form(
    number: PrintedRequest, context: RequestContext, order: PrintDocument = IN_READERS_LANGUAGE
) -> PrintedDocument:
    """Print the request form (顾客服务需求表) for signature; download it from `/documents/{number}/pdf`.

    The first printing gets a number. Another printing is a copy with the same number, unless anything on the form has
    changed: then it is a new edition with a number of its own.
    """
    return await context.do(handlers.print_form, number, await _words(context, order.language))


@router.post("/products/{serial:path}/warranty-card")
async def print_warranty_card(
    serial: PrintedSerial, context: RequestContext, order: PrintDocument = IN_READERS_LANGUAGE
) -> PrintedDocument:
    """Print the warranty card (保修卡) with term, scope, liability and who pays; numbered like the request form."""
    return await context.do(handlers.print_card, serial, await _words(context, order.language), context.catalogue)


class DocumentQuery(BaseModel):
    """Filters and page of a list."""

    request: RequestNumber | None = None
    """The request of a form."""
    serial: Serial | None = None
    """The serial number of the product."""
    customer: CustomerId | None = None
    branch: Code | None = None
    kind: DocumentKind | None = None
    cursor: Annotated[str | None, Field(max_length=1000)] = None
    """`next` of the page before."""
    limit: Limit = 50

    def where(self) -> dict[str, Any]:
        return self.model_dump(exclude={"customer", "cursor", "limit"})


@router.get("/documents")
async def list_documents(asked: Annotated[DocumentQuery, Query()], context: RequestContext) -> Page[PrintedDocument]:
    """List printed documents, newest first, with who got them; a customer's with those of merged customers."""
    owner = await find_surviving_customer(context.mongo, asked.customer) if asked.customer else None
    theirs = customer_filter(owner) if owner else {}
    return await context.page(PrintedDocument, asked.where() | theirs, asked.cursor, asked.limit)


@router.get("/documents/{number}")
async def show_document(number: PrintedNumber, context: RequestContext) -> PrintedDocument:
    """Show a printed document: what stands on it, how often it was printed, and who got it."""
    return await context.read(PrintedDocument, number)


@router.get("/documents/{number}/pdf", response_class=Response, responses={200: {"content": {_PDF: {}}}})
async def download_document(number: PrintedNumber, context: RequestContext) -> Response:
    """Download the document as it was printed last, on A4: the original, or a copy that says so."""
    document = await context.read(PrintedDocument, number)
    branch = await context.read(Branch, document.branch)
    digest = document.paper.letterhead.logo
    logo = await context.mongo.get(DocumentLogo, digest) if digest else None
    marks = _marks(document, branch)
    picture = logo.base64 if logo else None
    job = PrintJob(document.paper, marks, document.language, document.printed_at, picture)
    pdf = await print_paper(job, PrintOptions(context.settings.fonts, context.settings.print_timeout))
    name = quote(f"{document.paper.title} {document.id}.pdf", safe="")
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{name}",
        "Content-Language": document.language,
        "ETag": f'"{document.version}"',
        "Cache-Control": "private, no-cache",
    }
    return Response(pdf, media_type=_PDF, headers=headers)


@router.post("/documents/{number}/handed-over")
async def hand_over_document(number: PrintedNumber, form: HandDocumentOver, context: RequestContext) -> PrintedDocument:
    """Record who gave the document to whom, when, how, and whether it was signed."""
    return await context.do(handlers.hand_over_document, number, form)


async def _words(context: RequestContext, language: PaperLanguage | None) -> PaperWords:
    glossary = await load_glossary(context.mongo)
    return words_on_paper(language or cast("PaperLanguage", context.locale), glossary, context.settings.public_url)


def _marks(document: PrintedDocument, branch: Branch) -> PaperMarks:
    """Return what a printing adds to the page."""
    locale = document.language
    rows = [
        (render_message("paper.number", locale, {}), document.id),
        (render_message("paper.edition", locale, {}), str(document.edition)),
        (render_message("paper.issued_on", locale, {}), branch.day_of(document.issued_at).isoformat()),
    ]
    if document.replaces:
        rows.append((render_message("paper.replaces", locale, {}), document.replaces))
    if document.replaced_by:
        rows.append((render_message("paper.replaced_by", locale, {}), document.replaced_by))
    copy = document.copy_number
    return PaperMarks(
        rows=tuple(rows),
        copy_words=render_message("paper.copy", locale, {"copy": copy}) if copy else "",
        page_words=render_message("paper.pages", locale, {"page": "{page}", "pages": "{pages}"}),
    )
