"""HTTP API: export and erasure of personal data, and the proofs (ALL-6)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.http.personal_data import PersonalDataExport, export_subject
from aftersales.common.privacy.record import Erasure
from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.store import find_surviving_customer

from . import handlers, store
from .domain.erasing import EraseCustomer

router = APIRouter(responses=PROBLEMS)
SubjectId = Annotated[CustomerId, Path()]
"""The id of the customer."""


@router.post("/customers/{customer}/export")
async def export_customer(customer: SubjectId, context: RequestContext) -> PersonalDataExport:
    """Export everything that intake stores about a customer; who did it stays on record (ALL-6).

    `subject` is what `POST /personal-data/export` of the other services needs.
    """
    known = await find_surviving_customer(context.mongo, customer)
    records = await store.find_records_of(context.mongo, known)
    return await export_subject(context, known.id, await store.find_subject(context.mongo, records))


@router.post("/customers/{customer}/erasure", status_code=202)
async def erase_customer(customer: SubjectId, form: EraseCustomer, context: RequestContext) -> Erasure:
    """Erase all personal data of a customer in all services (ALL-6); the answer is the proof, as it begins.

    Refused while a request of theirs is open or a contract runs. Numbers, dates and amounts stay. It cannot be undone.
    """
    known = await find_surviving_customer(context.mongo, customer)
    records = await store.find_records_of(context.mongo, known)
    subject = await store.find_subject(context.mongo, records)
    traces = await store.find_traces(context.mongo, records)
    return await context.do(handlers.erase_customer, customer, form, subject, traces)


@router.get("/customers/{customer}/erasure")
async def show_erasure(customer: SubjectId, context: RequestContext) -> Erasure:
    """Show the proof of a customer's erasure; `completed_at` is set once all services have erased everything."""
    return await context.read(Erasure, customer)


@router.get("/erasures")
async def list_erasures(context: RequestContext, cursor: Cursor = None, limit: Limit = 50) -> Page[Erasure]:
    """List the erasures, newest first."""
    return await context.page(Erasure, {}, cursor, limit, "-at")
