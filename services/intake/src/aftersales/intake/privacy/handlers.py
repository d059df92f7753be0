"""Use cases: a customer's personal data is erased, and the other services confirm it (ALL-6)."""

from collections.abc import Sequence

from aftersales.common.privacy.erasure import erase_states
from aftersales.common.privacy.holdings import DataSubject
from aftersales.common.privacy.record import Erasure
from aftersales.engine import UnitOfWork, use_case
from aftersales.intake.agreements.domain.contract import Contract
from aftersales.intake.archive.domain.customer import ContactPoint, Customer, contact_points
from aftersales.intake.archive.domain.search import SearchEntry
from aftersales.intake.archive.handlers import need_customer
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain.request import ServiceRequest

from .domain import erasing
from .domain.erasing import Cases, EraseCustomer
from .domain.holdings import CONTACT_POINTS, CUSTOMERS, SEARCH_ENTRIES


@use_case(about=lambda id: (Customer, id), preload=lambda id: ((Erasure, id),))
async def erase_customer(
    work: UnitOfWork, id: str, form: EraseCustomer, subject: DataSubject, traces: Sequence[str]
) -> Erasure:
    """Erase who the customer is at once; the eraser does the rest. Repeating it changes nothing."""
    if known := await work.get(Erasure, id):
        return known
    customer = await need_customer(work, id)
    records = await work.several(Customer, subject.customers)
    requests = [one for record in records for one in await work.find(ServiceRequest, customer=record.id)]
    contracts = [one for record in records for one in await work.find(Contract, customer=record.id)]
    today = (await known_branch(work, customer.branch)).day_of(work.now)
    erasing.must_have_ended(Cases(requests, contracts, today))
    erasing.must_name_nobody(form, records)
    subject = subject.model_copy(update={"requests": tuple(sorted({*subject.requests, *(one.id for one in requests)}))})
    erasure, event = erasing.order_erasure(customer, subject, form, work.actor, work.now)
    for record in records:
        points = [point for number in contact_points(record) if (point := await work.get(ContactPoint, number))]
        own = [point for point in points if point.customer == record.id]
        entry = await work.get(SearchEntry, record.id)
        marked = erasing.mark_erased(record, work.now)
        work.erase(record, marked)
        erasure = await erase_states(work, erasure, CONTACT_POINTS, own)
        erasure = await erase_states(work, erasure, SEARCH_ENTRIES, [entry] if entry else [])
        erasure = await erase_states(work, erasure, CUSTOMERS, [marked])
    return work.put(erasure.but(traces=tuple(traces)), event)
