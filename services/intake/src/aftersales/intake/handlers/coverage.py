"""Who pays, decided again as more is known; proofs, longer warranties and accepted quotations (INT-6)."""

from datetime import date

from aftersales.common.policies import Library, Source
from aftersales.common.policy.choose import Facts
from aftersales.common.policy.model import Policy
from aftersales.common.work import Work
from aftersales.intake.domain import charges
from aftersales.intake.domain import product as products
from aftersales.intake.domain.charges import AcceptQuotation, DecideCoverage, Redecided
from aftersales.intake.domain.customer import Customer
from aftersales.intake.domain.product import Extension, Product, Proof
from aftersales.intake.domain.registration import Taken
from aftersales.intake.domain.request import OPEN, ServiceRequest
from aftersales.intake.domain.warranty import standing

from .branches import known_branch
from .requests import ground_of, keep


async def decide_coverage(work: Work, number: str, command: DecideCoverage, library: Library) -> ServiceRequest:
    request = await work.need(ServiceRequest, number)
    product = await work.need(Product, request.product.serial)
    ground = await ground_of(work, request, library)
    return keep(work, request, *charges.decide(request, product, command, ground, Taken(work.actor, work.now)))


async def accept_quotation(work: Work, number: str, command: AcceptQuotation) -> ServiceRequest:
    request = await work.need(ServiceRequest, number)
    return keep(work, request, *charges.accept(request, command, work.actor, work.now))


async def prove_purchase(work: Work, serial: str, proof: Proof, library: Library) -> list[Redecided]:
    product = await work.need(Product, serial)
    branch = await known_branch(work, product.branch)
    return await _redecide(work, product, products.prove(product, proof, branch.day_of(work.now)), library)


async def extend_warranty(work: Work, serial: str, extension: Extension, library: Library) -> list[Redecided]:
    product = await work.need(Product, serial)
    today = (await known_branch(work, product.branch)).day_of(work.now)
    until = standing(product, await policy_of(work, product, today, library), today).until
    return await _redecide(work, product, products.extend(product, extension, until), library)


async def policy_of(source: Source, product: Product, day: date, library: Library) -> Policy:
    """What would hold for a repair on that day."""
    owner = await source.get(Customer, product.customer) if product.customer else None
    facts = Facts(product.branch, product.line, "repair", owner.known_as if owner else "", day)
    return await library.choose(source, facts)


async def _redecide(work: Work, before: Product, product: Product, library: Library) -> list[Redecided]:
    """Keep the product, and decide each open request about it again."""
    if product == before:
        return []
    work.put(product)
    found = []
    for request in await work.find(ServiceRequest, **{"product.serial": product.id}):
        if request.state in OPEN:
            ground = await ground_of(work, request, library)
            decided, news = charges.redecide(request, product, ground, Taken(work.actor, work.now))
            keep(work, request, decided, news)
            if decided.coverage:
                found.append(Redecided(request=request.id, before=request.coverage, after=decided.coverage))
    return found
