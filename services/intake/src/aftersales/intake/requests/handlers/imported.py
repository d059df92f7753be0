"""Use case: requests brought in from a sheet, open ones as new requests and finished ones as history."""

from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.archive.domain import product as products
from aftersales.intake.classification.domain import Classifier
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain import past
from aftersales.intake.requests.domain.form import ImportRequest
from aftersales.intake.requests.domain.registration import Archive, Taken
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.sales.handlers import keep_product, owner_of
from aftersales.policy.choose import Facts

from .requests import find_caller, loaded_for, match_fault, name_known_product, register_request


@use_case(preload=loaded_for)
async def import_request(
    work: UnitOfWork, form: ImportRequest, catalogue: PolicyCatalogue, classifier: Classifier | None
) -> ServiceRequest:
    """Register the request without an owner (INT-7), or record it in the history of customer and product (INT-3)."""
    if form.is_past:
        return await _record_past(work, form, catalogue)
    return await register_request(work, form, catalogue, classifier)


async def _record_past(work: UnitOfWork, form: ImportRequest, catalogue: PolicyCatalogue) -> ServiceRequest:
    branch = await known_branch(work, form.branch)
    customer = await find_caller(work, form, branch)
    number = await work.number("SR")
    today = branch.day_of(work.now)
    matched = await name_known_product(work, number, form, catalogue)
    product = await keep_product(work, matched, owner_of(customer, number), today, catalogue)
    form, _, unclear = await match_fault(work, form, product)
    facts = Facts(branch.id, product.line, form.kind, customer.known_as, today, customer.is_member(today))
    ground = Ground(branch, await catalogue.choose(work, facts))
    words = tuple(term for term in (matched.unclear, unclear) if term)
    taken = Taken(work.actor, work.now, unclear=words)
    request = past.record_past(number, form, Archive(customer, product), taken, ground)
    if entry := past.card_entry(request):
        work.put(products.add_entry(product, entry))
    return work.put(request)
