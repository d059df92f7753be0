"""Everything that a service stores about a customer, for the customer (ALL-6). Each export leaves a record."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from aftersales.common.http.idempotency import Replayed
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import RequestContext
from aftersales.common.privacy.erasure import note_export
from aftersales.common.privacy.holdings import DataSubject

router = APIRouter(responses=PROBLEMS)


class PersonalDataWanted(BaseModel):
    """The customer, by all numbers that lead to their data, as intake's export names them."""

    model_config = ConfigDict(extra="forbid")

    customer: str
    """The customer's id, for the record of the export."""
    subject: DataSubject


class PersonalDataExport(BaseModel):
    """Everything that this service stores about a customer."""

    service: str
    customer: str
    at: datetime
    by: str
    """The person who exported it."""
    subject: DataSubject
    """The numbers by which the other services find what they store."""
    collections: dict[str, list[dict[str, Any]]]
    """The documents by collection, each with all its fields; files have a `link`."""


@router.post("/personal-data/export", operation_id="export_personal_data", summary="Export a customer's personal data")
async def export_personal_data(wanted: PersonalDataWanted, context: RequestContext) -> PersonalDataExport:
    """Export everything that this service stores about a customer (ALL-6); who did it stays on record."""
    return await export_subject(context, wanted.customer, wanted.subject)


async def export_subject(context: RequestContext, customer: str, subject: DataSubject) -> PersonalDataExport:
    """Return all documents of a customer, after recording the export. The answer is stored under no key."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for holding in context.service.holdings:
        if (where := holding.where(subject)) is None:
            continue
        for state in await context.mongo.find(holding.kind, where):
            link = {"link": f"/files/{state.id}"} if holding.kind is context.service.files else {}
            found.setdefault(holding.collection, {})[state.id] = state.model_dump(mode="json") | link
    with suppress(Replayed):
        await context.do(note_export, customer, {name: len(documents) for name, documents in found.items()})
    return PersonalDataExport(
        service=context.service.name,
        customer=customer,
        at=context.now,
        by=context.actor,
        subject=subject,
        collections={name: list(documents.values()) for name, documents in found.items()},
    )
