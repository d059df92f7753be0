"""HTTP API: service requests (INT-2), registered singly, several per contact, or from a sheet (`aftersales import`)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from aftersales.common.http.batches import A_YEAR, Batch, BatchOutcome, Import, take_batch
from aftersales.engine import PROBLEMS, Call, Cursor, Limit, Page, RequestContext, prepare_call
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.store import customer_filter, find_surviving_customer
from aftersales.intake.catalogues.domain import unclear_notes
from aftersales.intake.classification.domain import Classifier
from aftersales.intake.classification.store import load_classifier
from aftersales.intake.requests.domain.form import (
    FIELDS,
    CancelRequest,
    ImportRequest,
    RegisterContact,
    RegisterRequest,
)
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import imported, requests
from aftersales.intake.vocabulary import KINDS, RequestKind, RequestNumber

router = APIRouter(responses=PROBLEMS)
CustomerNumber = Annotated[CustomerId, Path()]
ServiceRequestNumber = Annotated[RequestNumber, Path()]


async def _classifier(request: Request, context: RequestContext) -> Classifier | None:
    return await load_classifier(request.app.state, context.mongo, context.now)


CurrentClassifier = Annotated[Classifier | None, Depends(_classifier)]
"""The rules that find danger in a description; None if there are none."""


@router.post("/requests", status_code=201)
async def register_request(
    form: RegisterRequest, context: RequestContext, classifier: CurrentClassifier
) -> ServiceRequest:
    """Register a request (INT-2). Words of danger in the description count as danger unless the form says `danger`."""
    return await context.do(requests.register_request, form, context.catalogue, classifier)


@router.post("/imports/requests")
async def import_requests(batch: Batch, context: RequestContext, classifier: CurrentClassifier) -> BatchOutcome:
    """Register requests (INT-2); each form is as in `POST /requests`, and may say what is known of it `elsewhere`."""

    def job(form: ImportRequest) -> Call[ServiceRequest]:
        return prepare_call(imported.import_request, form, context.catalogue, classifier)

    return await take_batch(
        context, batch, Import(ImportRequest, job, A_YEAR, lambda request: unclear_notes(*request.unclear))
    )


@router.post("/contacts", status_code=201)
async def register_contact(
    contact: RegisterContact, context: RequestContext, classifier: CurrentClassifier
) -> list[ServiceRequest]:
    """Register one contact about several products, each with its own request (INT-2)."""
    return await context.do(requests.register_contact, contact, context.catalogue, classifier)


@router.get("/forms")
async def show_forms() -> dict[RequestKind, tuple[str, ...]]:
    """List the fields that each kind of request must have in addition to customer and product (INT-4)."""
    return {kind: FIELDS.get(kind, ()) for kind in KINDS}


@router.get("/requests/{number}")
async def show_request(number: ServiceRequestNumber, context: RequestContext) -> ServiceRequest:
    """Show a request with its answers, its clocks and its payer."""
    return await context.read(ServiceRequest, number)


@router.get(
    "/customers/{customer}/requests",
    operation_id="list_requests_customers__customer__requests_get",
    summary="List a customer's requests",
)
async def list_requests_of_customer(
    customer: CustomerNumber, context: RequestContext, cursor: Cursor = None, limit: Limit = 50
) -> Page[ServiceRequest]:
    """List a customer's requests, newest first, including those of merged customers."""
    owner = await find_surviving_customer(context.mongo, customer)
    return await context.page(ServiceRequest, customer_filter(owner), cursor, limit)


@router.post("/requests/{number}/cancel")
async def cancel_request(
    number: ServiceRequestNumber, command: CancelRequest, context: RequestContext
) -> ServiceRequest:
    """Cancel a request; its clocks end."""
    return await context.do(requests.cancel_request, number, command)
