"""Use cases: letters and documents filed in the archive, and all correspondence shown in words (INT-16)."""

from collections.abc import Sequence

from aftersales.common.events.intake import Language
from aftersales.engine import Document, DocumentRefs, DomainError, Malformed, Reads, UnitOfWork, use_case
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.erased import must_not_be_erased
from aftersales.intake.archive.domain.file import CustomerFile
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.handlers import must_be_theirs, surviving_customer
from aftersales.intake.catalogues.domain import require_code
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.messages.domain.message import CustomerMessage
from aftersales.intake.messages.store import put_into_words
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain.lookup import local_time
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.words import words_of_reader
from aftersales.intake.requests.handlers.rows import read_names

from . import domain
from .domain import Correspondence, CorrespondenceEntry, CorrespondenceForm, CorrespondenceTopic, FileShown


def _loaded_for(form: CorrespondenceForm) -> DocumentRefs:
    return (
        *(((Customer, form.customer),) if form.customer else ()),
        *(((ServiceRequest, form.request),) if form.request else ()),
        *(((Product, form.serial),) if form.serial else ()),
        *((CustomerFile, file) for file in form.files),
        *TERMS,
    )


@use_case(preload=_loaded_for)
async def record_correspondence(work: UnitOfWork, form: CorrespondenceForm) -> Correspondence:
    request = await work.require(ServiceRequest, form.request) if form.request else None
    id = form.customer or (request.customer if request else None)
    customer = must_not_be_erased(await surviving_customer(work, id)) if id else None
    if request and customer and (await surviving_customer(work, request.customer)).id != customer.id:
        raise DomainError("correspondence.request_of_another", request=request.id, customer=request.customer)
    if form.files and customer is None:
        raise Malformed("correspondence.files_of_nobody")
    for file in form.files:
        await must_be_theirs(work, file, customer.id if customer else None)
    at = form.branch or (request.branch if request else None) or (customer.branch if customer else None)
    if at is None:
        raise Malformed("correspondence.branch_missing")
    about = (await work.require(Product, form.serial)).ref if form.serial else request.product if request else None
    line = about.line if about else ""
    if form.line:
        line = require_code((await load_glossary(work)).lines, "lines", form.line)
    branch = await known_branch(work, at)
    topic = CorrespondenceTopic(branch.id, customer.id if customer else None, about.serial if about else "", line)
    number = await work.number("CO")
    return work.put(domain.record_correspondence(number, form, topic, work.actor, work.now))


async def show_entries(
    mongo: Reads, rows: Sequence[Document], locale: str, fallback: Language
) -> list[CorrespondenceEntry]:
    """Return the entries of a page with names, files and texts, in words of the reader's `locale`."""
    words = words_of_reader(locale, await load_glossary(mongo))
    ids = {row["customer"] for row in rows if row["customer"]}
    names = await read_names(mongo, branches={row["branch"] for row in rows}, people=(), customers=ids)
    files = await _files_of(mongo, rows)
    texts = await _texts_of(mongo, rows, fallback)

    def shown(row: Document) -> CorrespondenceEntry:
        source, id, *_ = row["key"].split("|")
        place = names.branches.get(row["branch"])
        line = row.get("line") or ""
        return CorrespondenceEntry(
            source=source,
            id=id,
            at=row["at"],
            local=local_time(row["at"], place.zone if place else "UTC"),
            channel_words=words.channel(row["channel"]),
            customer_name=names.customers.get(row["customer"], {}).get("name", ""),
            request=row["request"] or None,
            serial=row.get("serial") or "",
            line=line,
            line_words=words.line(line) if line else "",
            subject=texts.get(id, row["subject"]),
            files=tuple(files.get(id, ())),
            by=row.get("by") or "",
            **{name: row[name] for name in ("direction", "channel", "branch", "customer")},
        )

    return [shown(row) for row in rows]


async def _files_of(mongo: Reads, rows: Sequence[Document]) -> dict[str, list[FileShown]]:
    """Return the files of records, and those that were sent with requests, by the id of the document."""
    named = {row["key"].split("|")[1]: row.get("files") or [] for row in rows if row["source"] == "record"}
    requests = {row["request"]: row["customer"] for row in rows if row["source"] == "request"}
    wanted: list[Document] = [
        {"_id": {"$in": sorted({file for files in named.values() for file in files})}},
        {"customer": {"$in": sorted({*requests.values()})}, "requests": {"$in": sorted(requests)}},
    ]
    found = await mongo.find(CustomerFile, {"removed": False, "$or": wanted}) if named or requests else []
    return {
        id: [FileShown(id=file.id, name=file.name) for file in found if file.id in files] for id, files in named.items()
    } | {id: [FileShown(id=file.id, name=file.name) for file in found if id in file.requests] for id in requests}


async def _texts_of(mongo: Reads, rows: Sequence[Document], fallback: Language) -> dict[str, str]:
    """Return the texts of messages, in the customer's language, by the message's id."""
    ids = sorted(row["key"].split("|")[1] for row in rows if row["source"] == "message")
    messages = await mongo.find(CustomerMessage, {"_id": {"$in": ids}}) if ids else []
    return {one.id: one.text for one in await put_into_words(mongo, messages, fallback)}
