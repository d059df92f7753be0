"""What a desk looks at before it saves a request: what saving it would bring, and which others are like it (INT-2)."""

from datetime import datetime, timedelta

from aftersales.engine import Library, Mongo, Work, use_case
from aftersales.intake.archive.domain.customer import ContactPoint
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.handlers import living
from aftersales.intake.recalls.handlers import open_recalls
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.preview import Known, Preview, Saved, preview
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.similar import Similar, Subject, similar

from .requests import ground_of, loaded_for, register_request

MOST = 20
"""So many requests are looked at, the newest, by person and by product."""


@use_case(preload=loaded_for)
async def check_request(work: Work, form: RegisterRequest, library: Library) -> Preview:
    """Save the form as `register_request` does; to be rehearsed. Its `duplicates` are still to be looked up."""
    contact = await work.get(ContactPoint, form.customer.phone)
    customer = await living(work, contact.customer) if contact else None
    known = Known(customer, await work.get(Product, form.product.serial))
    request = await register_request(work, form, library)
    product = await work.need(Product, request.product.serial)
    saved = Saved(request, product, await open_recalls(work, product))
    return preview(form, known, saved, await ground_of(work, request, library))


async def similar_to_form(
    mongo: Mongo, form: RegisterRequest, customer: str | None, within: timedelta, now: datetime
) -> tuple[Similar, ...]:
    subject = Subject(customer, form.product.serial, form.fault or form.kind, now)
    return await find_similar(mongo, subject, within, now)


async def similar_to(mongo: Mongo, request: ServiceRequest, within: timedelta, now: datetime) -> tuple[Similar, ...]:
    subject = Subject(request.customer, request.product.serial, request.fault, request.registered_at, number=request.id)
    return await find_similar(mongo, subject, within, now)


async def find_similar(mongo: Mongo, subject: Subject, within: timedelta, now: datetime) -> tuple[Similar, ...]:
    pages = [await mongo.find(ServiceRequest, where, sort=("-_id",), limit=MOST) for where in subject.queries(within)]
    return similar((request for page in pages for request in page), subject, within, now)
