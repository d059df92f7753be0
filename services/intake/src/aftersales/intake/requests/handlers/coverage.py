"""Who pays, decided again as more is known; proofs, longer warranties and accepted quotations (INT-6)."""

from aftersales.common.policies import LIST
from aftersales.engine import Library, Work, use_case
from aftersales.intake.archive.domain import product as products
from aftersales.intake.archive.domain.product import Extension, Product, Proof
from aftersales.intake.archive.domain.warranty import standing
from aftersales.intake.archive.handlers import must_be_theirs, policy_of
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.intake.requests.domain import charges
from aftersales.intake.requests.domain.charges import AcceptQuotation, DecideCoverage, Redecided
from aftersales.intake.requests.domain.coverage import Case
from aftersales.intake.requests.domain.registration import Taken
from aftersales.intake.requests.domain.request import OPEN, Ground, ServiceRequest

from . import prepaid
from .requests import ground_of, keep


@use_case(
    about=lambda number: (
        ServiceRequest,
        number,
        lambda request: ((Product, request.product.serial), (Branch, request.branch)),
    )
)
async def decide_coverage(work: Work, number: str, command: DecideCoverage, library: Library) -> ServiceRequest:
    request = await work.need(ServiceRequest, number)
    product = await work.need(Product, request.product.serial)
    ground = await ground_of(work, request, library)
    if "contract" in command.model_fields_set:
        kept = await prepaid.prepaid_by(work, request, command.contract, ground)
    else:
        kept = await prepaid.prepaid_of(work, request)
    return await _decide(work, request, Case(product, request.kind, command.cause, kept), ground)


async def _decide(work: Work, request: ServiceRequest, case: Case, ground: Ground) -> ServiceRequest:
    decided, news = charges.decide(request, case, ground, Taken(work.actor, work.now))
    await prepaid.use(work, request, request.coverage, decided.coverage)
    return keep(work, request, decided, news)


@use_case(about=lambda number: (ServiceRequest, number))
async def accept_quotation(work: Work, number: str, command: AcceptQuotation) -> ServiceRequest:
    request = await work.need(ServiceRequest, number)
    await must_be_theirs(work, command.file, request.customer)
    return keep(work, request, *charges.accept(request, command, work.actor, work.now))


@use_case(about=lambda serial: (Product, serial), preload=lambda: LIST)
async def prove_purchase(work: Work, serial: str, proof: Proof, library: Library) -> list[Redecided]:
    product = await work.need(Product, serial)
    await must_be_theirs(work, proof.file, product.customer)
    branch = await known_branch(work, product.branch)
    return await _redecide(work, product, products.prove(product, proof, branch.day_of(work.now)), library)


@use_case(about=lambda serial: (Product, serial), preload=lambda: LIST)
async def extend_warranty(work: Work, serial: str, extension: Extension, library: Library) -> list[Redecided]:
    product = await work.need(Product, serial)
    today = (await known_branch(work, product.branch)).day_of(work.now)
    until = standing(product, await policy_of(work, product, today, library), today).until
    return await _redecide(work, product, products.extend(product, extension, until), library)


async def _redecide(work: Work, before: Product, product: Product, library: Library) -> list[Redecided]:
    """Keep the product, and decide each open request about it again."""
    if product == before:
        return []
    work.put(product)
    found = []
    for request in await work.find(ServiceRequest, **{"product.serial": product.id}):
        if request.state in OPEN:
            ground = await ground_of(work, request, library)
            cause = request.coverage.inputs.cause if request.coverage else "unknown"
            case = Case(product, request.kind, cause, await prepaid.prepaid_of(work, request))
            decided = await _decide(work, request, case, ground)
            if decided.coverage:
                found.append(Redecided(request=request.id, before=request.coverage, after=decided.coverage))
    return found
