"""Use cases: the preview of a request before it is saved, and similar requests (INT-2)."""

from datetime import datetime, timedelta

from aftersales.engine import PolicyCatalogue, Reads, UnitOfWork, use_case
from aftersales.intake.archive.domain.customer import ContactPoint
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.handlers import surviving_customer
from aftersales.intake.classification.domain import Classifier
from aftersales.intake.recalls.handlers import open_recalls
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.preview import Known, Preview, Saved, preview_request
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.similar import Similar, SimilarSubject, choose_similar
from aftersales.intake.sales.handlers import look_up_product_words

from .requests import ground_of, loaded_for, register_request

MOST_SIMILAR = 20
"""The number of newest requests to compare with, by person and by product."""


@use_case(preload=loaded_for)
async def check_request(
    work: UnitOfWork, form: RegisterRequest, catalogue: PolicyCatalogue, classifier: Classifier | None
) -> Preview:
    """Save the form like `register_request`, for a rehearsal. Its `duplicates` must still be looked up."""
    said = form.customer
    contacts = [contact for point in said.points if (contact := await work.get(ContactPoint, point))]
    id = said.id or (contacts[0].customer if contacts else None)
    customer = await surviving_customer(work, id) if id else None
    product = await work.get(Product, form.product.serial) if form.product.serial else None
    known = Known(customer, product, (await look_up_product_words(work, form.product, catalogue)).form)
    request = await register_request(work, form, catalogue, classifier)
    kept = await work.require(Product, request.product.serial)
    saved = Saved(request, kept, await open_recalls(work, kept))
    return preview_request(form, known, saved, await ground_of(work, request, catalogue))


async def similar_to_form(
    mongo: Reads, form: RegisterRequest, checked: Preview, within: timedelta, now: datetime
) -> tuple[Similar, ...]:
    customer = checked.customer.id if checked.customer else None
    subject = SimilarSubject(customer, form.product.serial, checked.fault, now)
    return await find_similar(mongo, subject, within, now)


async def similar_to(mongo: Reads, request: ServiceRequest, within: timedelta, now: datetime) -> tuple[Similar, ...]:
    subject = SimilarSubject(
        request.customer, request.product.serial, request.fault, request.registered_at, number=request.id
    )
    return await find_similar(mongo, subject, within, now)


async def find_similar(mongo: Reads, subject: SimilarSubject, within: timedelta, now: datetime) -> tuple[Similar, ...]:
    pages = [
        await mongo.find(ServiceRequest, where, sort=("-_id",), limit=MOST_SIMILAR) for where in subject.queries(within)
    ]
    return choose_similar((request for page in pages for request in page), subject, within, now)
