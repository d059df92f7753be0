"""Looks without a writer: what a request would be before it is saved, and which others are like it (INT-2)."""

from datetime import datetime, timedelta

from aftersales.engine import Library, Mongo
from aftersales.intake.archive.domain.customer import ContactPoint, Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.recalls.handlers import open_recalls
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.preview import Found, Preview, archive_of, preview
from aftersales.intake.requests.domain.registration import Taken
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.requests.domain.similar import Similar, Subject, similar
from aftersales.policy.choose import Facts

from .prepaid import prepaid_for

MOST = 20
"""So many requests are looked at, the newest, by person and by product."""


async def check_request(
    mongo: Mongo, form: RegisterRequest, library: Library, taken: Taken, within: timedelta
) -> Preview:
    """What saving the form would bring. Raises `DomainError` as saving it would."""
    branch = await known_branch(mongo, form.branch)
    contact = await mongo.get(ContactPoint, form.customer.phone)
    customer = await mongo.get(Customer, contact.customer) if contact else None
    found = Found(customer, await mongo.get(Product, form.product.serial))
    today = branch.day_of(taken.at)
    archive = archive_of(form, found, today)
    facts = Facts(branch.id, archive.product.line, form.kind, archive.customer.known_as, today)
    ground = Ground(branch, await library.choose(mongo, facts))
    subject = Subject(customer.id if customer else None, form.product.serial, form.fault or form.kind, taken.at)
    agreed = await prepaid_for(mongo, archive, form.kind, taken, today)
    alike = await find_similar(mongo, subject, within, taken.at)
    recalled = await open_recalls(mongo, archive.product)
    return preview(form, found._replace(similar=alike, prepaid=agreed, recalls=recalled), taken, ground)


async def similar_to(mongo: Mongo, request: ServiceRequest, within: timedelta, now: datetime) -> tuple[Similar, ...]:
    subject = Subject(request.customer, request.product.serial, request.fault, request.registered_at, number=request.id)
    return await find_similar(mongo, subject, within, now)


async def find_similar(mongo: Mongo, subject: Subject, within: timedelta, now: datetime) -> tuple[Similar, ...]:
    pages = [await mongo.find(ServiceRequest, where, sort=("-_id",), limit=MOST) for where in subject.queries(within)]
    return similar((request for page in pages for request in page), subject, within, now)
