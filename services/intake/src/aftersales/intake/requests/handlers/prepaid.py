"""Use cases: prepaid terms, and their use by requests (INT-13, INT-14)."""

from datetime import date
from typing import Literal

from aftersales.engine import DomainError, UnitOfWork, use_case
from aftersales.intake.agreements.domain import contract as contracts
from aftersales.intake.agreements.domain import entitlement as entitlements
from aftersales.intake.agreements.domain.contract import Contract, UseService
from aftersales.intake.agreements.domain.entitlement import Entitlement, UseEntitlement
from aftersales.intake.archive.handlers import surviving_customer
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain.coverage import Coverage, work_of
from aftersales.intake.requests.domain.prepaid import NOTHING, Prepaid, PrepaidQuestion, find_prepaid
from aftersales.intake.requests.domain.registration import Archive, Taken
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.vocabulary import RequestKind


async def prepaid_for(work: UnitOfWork, archive: Archive, kind: RequestKind, taken: Taken, day: date) -> Prepaid:
    """Find the terms of the customer's contracts and the product's entitlements for such a request, in any branch."""
    work = work.beyond_scope
    customer, product, _ = archive
    agreed = [contract for id in customer.contracts if (contract := await work.get(Contract, id))]
    granted = [entitlement for id in product.entitled if (entitlement := await work.get(Entitlement, id))]
    asked = PrepaidQuestion(product.ref, kind, work_of(kind), day, taken.at)
    return find_prepaid(agreed, granted, asked)


async def prepaid_of(work: UnitOfWork, request: ServiceRequest) -> Prepaid:
    """Return the request's stored terms; a service that other requests have used up since is no longer included."""
    kept = request.coverage.inputs.prepaid if request.coverage else NOTHING
    contract = await work.beyond_scope.get(Contract, kept.contract) if kept.contract else None
    if contract and kept.included:
        return kept.model_copy(update={"included": contract.includes(request.kind, request.id)})
    return kept


async def prepaid_by(work: UnitOfWork, request: ServiceRequest, number: str | None, ground: Ground) -> Prepaid:
    """Return the terms of another contract of the customer, or of none. Raises `DomainError` when it does not cover."""
    kept = await prepaid_of(work, request)
    if number == kept.contract:
        return kept
    agreed = [await _theirs(work, request, number)] if number else []
    at = request.registered_at
    asked = PrepaidQuestion(request.product, request.kind, work_of(request.kind), ground.branch.day_of(at), at)
    found = find_prepaid(agreed, (), asked)
    if number and not found.contract:
        raise DomainError("contract.covers_not", contract=number, why=found.reasons[-1].why)
    return found.model_copy(update=kept.model_dump(include={"entitlement", "name"}))


@use_case(about=lambda number: (Contract, number), preload=lambda form: ((ServiceRequest, form.request),))
async def use_contract(work: UnitOfWork, number: str, form: UseService) -> Contract:
    known = await work.require(Contract, number)
    request = await work.require(ServiceRequest, form.request)
    if request.customer != known.customer:
        raise DomainError("contract.of_another_customer", contract=number)
    branch = await work.require(Branch, known.branch)
    contract = contracts.consume_service(known, form, branch.day_of(work.now), work.actor, work.now)
    return contract if contract == known else work.put(contract)


@use_case(about=lambda id: (Entitlement, id), preload=lambda form: ((ServiceRequest, form.request),))
async def use_entitlement(work: UnitOfWork, id: str, form: UseEntitlement) -> Entitlement:
    known = await work.require(Entitlement, id)
    request = await work.require(ServiceRequest, form.request)
    if request.product.serial != known.product:
        raise DomainError("entitlement.of_another_product", entitlement=id, serial=request.product.serial)
    used = entitlements.consume_entitlement(known, form.request, work.actor, work.now)
    return used if used == known else work.put(used)


async def settle_prepaid(
    work: UnitOfWork, request: ServiceRequest, before: Coverage | None, after: Coverage | None
) -> None:
    """Use what a decision uses, and return what the previous one used."""
    work = work.beyond_scope  # the contract may be another branch's
    old, new = _used(before), _used(after)
    if old and old != new:
        await _give_back(work, request.id, *old)
    if after and new and old != new:
        await _take(work, request, *new, after.inputs.day)


Uses = tuple[Literal["entitlement", "service"], str]
"""The prepaid kind that is used, and its document's id."""


def _used(coverage: Coverage | None) -> Uses | None:
    if coverage is None or coverage.uses is None:
        return None
    kept = coverage.inputs.prepaid
    return coverage.uses, str(kept.entitlement if coverage.uses == "entitlement" else kept.contract)


async def _take(work: UnitOfWork, request: ServiceRequest, what: str, id: str, day: date) -> None:
    if what == "entitlement":
        granted = await work.require(Entitlement, id)
        work.put(entitlements.consume_entitlement(granted, request.id, work.actor, work.now))
    else:
        form = UseService(request=request.id, kind=request.kind)
        work.put(contracts.consume_service(await work.require(Contract, id), form, day, work.actor, work.now))


async def _give_back(work: UnitOfWork, request: str, what: str, id: str) -> None:
    if what == "entitlement":
        work.put(entitlements.return_entitlement(await work.require(Entitlement, id), request))
    else:
        work.put(contracts.return_service(await work.require(Contract, id), request))


async def _theirs(work: UnitOfWork, request: ServiceRequest, number: str) -> Contract:
    contract = await work.require(Contract, number)
    if number not in (await surviving_customer(work, request.customer)).contracts:
        raise DomainError("contract.of_another_customer", contract=number)
    return contract
