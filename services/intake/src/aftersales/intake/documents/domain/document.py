"""Printed documents: one number for each edition, copies, and the record of who got them (INT-17). Pure."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, StrictBool

from aftersales.common.aggregate import Aggregate
from aftersales.common.documents.paper import Paper, PaperLanguage
from aftersales.values import Code, Line, Moment, Value, Words
from aftersales.values.errors import DomainError, Malformed
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME

DocumentKind = Literal["request_form", "warranty_card"]
"""`request_form`: 顾客服务需求表, for signature; `warranty_card`: 保修卡."""
SERIES: dict[DocumentKind, str] = {"request_form": "RF", "warranty_card": "WC"}
"""The letters with which the numbers of each kind begin."""
DocumentNumber = Annotated[str, Field(pattern=r"^(RF|WC)-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of a printed document, such as `WC-261122-7K3F`; each edition has its own."""


class PrintDocument(Value):
    """How to print a document."""

    language: PaperLanguage | None = None
    """The language of the document; the default is that of the answer (`Accept-Language`)."""


class HandDocumentOver(Value):
    """A document that was given to somebody."""

    to: Line
    """The name of the person who received it."""
    how: Literal["paper", "email", "message"] = "paper"
    """`paper`: printed, in person or by post; `message`: WeChat or another chat."""
    signed: StrictBool = False
    """Whether the person signed it."""
    file: Code | None = None
    """The id of the stored scan or photo of the signed document."""
    at: Moment | None = None
    """The time; the default is now."""
    note: Words = ""


class DocumentHandover(Value):
    """Who gave the document to whom, when and how."""

    at: datetime
    by: str
    to: Annotated[str, MASKED_NAME]
    how: Literal["paper", "email", "message"]
    signed: bool
    file: str | None
    note: Annotated[str, HIDDEN_TEXT]


class DocumentSubject(NamedTuple):
    """What a document is about."""

    branch: str
    serial: str
    customer: str | None
    request: str | None = None
    """The request of a request form; a warranty card is about the product alone."""


class PrintedDocument(Aggregate):
    """One edition of a document; its id is its number. Its page never changes, so a copy is a copy."""

    COLLECTION: ClassVar[str] = "documents"

    kind: DocumentKind
    request: str | None
    """The request that the form is for; null for a warranty card."""
    serial: str
    """The serial number of the product."""
    customer: str | None
    language: PaperLanguage
    edition: int
    """Counts the editions of this document in this language from 1."""
    replaces: str | None = None
    """The number of the edition before."""
    replaced_by: str | None = None
    """The number of the next edition, whose content differs."""
    paper: Paper
    """What stands on the page."""
    issued_at: datetime
    issued_by: str
    printings: int = 1
    """How often it was printed; all but the first are copies."""
    printed_at: datetime
    printed_by: str
    handed_over: tuple[DocumentHandover, ...] = ()
    """Who got it, earliest first."""

    @property
    def copy_number(self) -> int:
        """0 for the original."""
        return self.printings - 1


class DocumentLogo(Aggregate):
    """A logo as some documents show it, also after the company has another one; its id is its SHA-256."""

    COLLECTION: ClassVar[str] = "document_logos"
    AUDITED: ClassVar[bool] = False  # the documents that show it name its digest

    branch: str = "-"
    base64: str


class DocumentSeries(Aggregate):
    """The editions of one document in one language; its id is their subject, so that only one is current."""

    COLLECTION: ClassVar[str] = "document_series"

    current: str
    """The number of the newest edition."""


class DocumentDraft(NamedTuple):
    """A document as it would be printed now."""

    kind: DocumentKind
    subject: DocumentSubject
    language: PaperLanguage
    paper: Paper


class Printer(NamedTuple):
    """The person who prints, and when."""

    by: str
    at: datetime


def series_id(kind: DocumentKind, subject: str, language: PaperLanguage) -> str:
    """Return the id of a series. `subject` is the number of the request, or the serial number of the product."""
    return f"{kind}|{subject}|{language}"


def print_again(known: PrintedDocument, printer: Printer) -> PrintedDocument:
    """Print a copy: the number and the page stay the same."""
    return known.but(printings=known.printings + 1, printed_at=printer.at, printed_by=printer.by)


def issue_document(
    number: str, draft: DocumentDraft, before: PrintedDocument | None, printer: Printer
) -> PrintedDocument:
    """Issue an edition with a number of its own, the first or the one after `before`."""
    return PrintedDocument(
        id=number,
        kind=draft.kind,
        language=draft.language,
        paper=draft.paper,
        edition=before.edition + 1 if before else 1,
        replaces=before.id if before else None,
        issued_at=printer.at,
        issued_by=printer.by,
        printed_at=printer.at,
        printed_by=printer.by,
        **draft.subject._asdict(),
    )


def hand_over_document(document: PrintedDocument, form: HandDocumentOver, by: str, now: datetime) -> PrintedDocument:
    """Record who got the document; the same again changes nothing. Raises `DomainError` for an impossible time."""
    at = form.at or now
    if at > now:
        raise DomainError("document.handed_over_in_future", document=document.id, at=at.isoformat())
    if at < document.issued_at:
        raise DomainError("document.handed_over_before", document=document.id, at=at.isoformat())
    if form.file and not form.signed:
        raise Malformed("document.scan_unsigned")
    record = DocumentHandover(at=at, by=by, **form.model_dump(exclude={"at"}))
    if record in document.handed_over:
        return document
    ordered = sorted((*document.handed_over, record), key=lambda one: one.at)
    return document.but(handed_over=tuple(ordered))
