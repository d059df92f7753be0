"""Use cases: coverage, proofs, warranty extensions and accepted quotations (INT-6)."""

from aftersales.common.events.feedback import ClaimDecided
from aftersales.common.fields import shared_fields
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import DomainError, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.product import Extension, Product, Proof
from aftersales.intake.archive.domain.warranty import warranty_standing
from aftersales.intake.archive.handlers import must_be_theirs, policy_of
from aftersales.intake.catalogues.domain import require_cause
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain import charges
from aftersales.intake.requests.domain.charges import AcceptQuotation, DecideCoverage, Redecided
from aftersales.intake.requests.domain.coverage import CoverageCase
from aftersales.intake.requests.domain.records import ClaimOutcome
from aftersales.intake.requests.domain.registration import Taken
from aftersales.intake.requests.domain.request import OPEN, Ground, ServiceRequest

from . import prepaid
from .requests import ground_of, save_request


@use_case(
    about=lambda number: (
        ServiceRequest,
        number,
        lambda request: ((Product, request.product.serial), (Branch, request.branch)),
    ),
    preload=lambda: TERMS,
)
async def decide_coverage(
    work: UnitOfWork, number: str, command: DecideCoverage, catalogue: PolicyCatalogue
) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    product = await work.require(Product, request.product.serial)
    ground = await ground_of(work, request, catalogue)
    if "contract" in command.model_fields_set:
        kept = await prepaid.prepaid_by(work, request, command.contract, ground)
    else:
        kept = await prepaid.prepaid_of(work, request)
    cause = require_cause((await load_glossary(work)).causes, command.cause)
    return await _decide(work, request, CoverageCase(product, request.kind, cause, kept), ground)


async def _decide(work: UnitOfWork, request: ServiceRequest, case: CoverageCase, ground: Ground) -> ServiceRequest:
    decided, events = charges.decide_charge(request, case, ground, Taken(work.actor, work.now))
    await prepaid.settle_prepaid(work, request, request.coverage, decided.coverage)
    return save_request(work, request, decided, events)


@use_case(about=lambda number: (ServiceRequest, number))
async def accept_quotation(work: UnitOfWork, number: str, command: AcceptQuotation) -> ServiceRequest:
    request = await work.require(ServiceRequest, number)
    await must_be_theirs(work, command.file, request.customer)
    return save_request(work, request, *charges.accept_quotation(request, command, work.actor, work.now))


@use_case(about=lambda serial: (Product, serial), preload=lambda: POLICY_LIST)
async def prove_purchase(work: UnitOfWork, serial: str, proof: Proof, catalogue: PolicyCatalogue) -> list[Redecided]:
    product = await work.require(Product, serial)
    await must_be_theirs(work, proof.file, product.customer)
    branch = await known_branch(work, product.branch)
    return await _redecide(work, product, products.apply_proof(product, proof, branch.day_of(work.now)), catalogue)


@use_case(about=lambda serial: (Product, serial), preload=lambda: POLICY_LIST)
async def extend_warranty(
    work: UnitOfWork, serial: str, extension: Extension, catalogue: PolicyCatalogue
) -> list[Redecided]:
    product = await work.require(Product, serial)
    today = (await known_branch(work, product.branch)).day_of(work.now)
    until = warranty_standing(product, await policy_of(work, product, today, catalogue), today).until
    return await _redecide(work, product, products.apply_extension(product, extension, until), catalogue)


@use_case(
    preload=lambda event: (
        (ServiceRequest, event.request),
        (Product, event.serial),
        (Branch, event.branch),
        *POLICY_LIST,
    )
)
async def follow_claim(work: UnitOfWork, event: ClaimDecided, catalogue: PolicyCatalogue) -> None:
    """Show the decision about a claim on the request, and extend the warranty if that was granted (INT-9, INT-6)."""
    request = await work.require(ServiceRequest, event.request)
    if request.claim_outcome:
        return
    extended = bool(event.until) and await _extend_by_claim(work, event, catalogue)
    outcome = ClaimOutcome(extended=extended, **shared_fields(event, ClaimOutcome))
    request = await work.require(ServiceRequest, event.request)
    work.put(request.but(claim_outcome=outcome))


async def _extend_by_claim(work: UnitOfWork, event: ClaimDecided, catalogue: PolicyCatalogue) -> bool:
    """Extend the warranty, and return whether it became longer."""
    said = {"until": event.until, "claim": event.claim, "approved_by": event.by, "why": event.why}
    try:
        await extend_warranty(work, event.serial, Extension.model_validate(said), catalogue)
    except DomainError as error:
        if error.code != "product.extension_not_longer":
            raise
        return False
    return True


async def _redecide(work: UnitOfWork, before: Product, product: Product, catalogue: PolicyCatalogue) -> list[Redecided]:
    """Save the product, and decide the coverage of each of its open requests again."""
    if product == before:
        return []
    seen, work = work.scope, work.beyond_scope
    work.put(product)
    found = []
    for request in await work.find(ServiceRequest, **{"product.serial": product.id}):
        if request.state in OPEN:
            ground = await ground_of(work, request, catalogue)
            cause = request.coverage.inputs.cause if request.coverage else "unknown"
            case = CoverageCase(product, request.kind, cause, await prepaid.prepaid_of(work, request))
            decided = await _decide(work, request, case, ground)
            if decided.coverage and seen.sees(request):
                found.append(Redecided(request=request.id, before=request.coverage, after=decided.coverage))
    return found
