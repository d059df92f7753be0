"""HTTP API: coverage decisions, proofs of purchase, warranty extensions and accepted quotations (INT-6)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.archive.domain.product import Extension, Proof
from aftersales.intake.requests.domain.charges import AcceptQuotation, DecideCoverage, Redecided
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import coverage
from aftersales.values import Serial

from .requests import ServiceRequestNumber

router = APIRouter(responses=PROBLEMS)
CoveredSerial = Annotated[Serial, Path()]


@router.post("/requests/{number}/coverage")
async def decide_coverage(
    number: ServiceRequestNumber, command: DecideCoverage, context: RequestContext
) -> ServiceRequest:
    """Decide who pays, now that the cause is known (INT-6); the previous decision stays in `coverage_history`."""
    return await context.do(coverage.decide_coverage, number, command, context.catalogue)


@router.post("/requests/{number}/quotation/accept")
async def accept_quotation(
    number: ServiceRequestNumber, command: AcceptQuotation, context: RequestContext
) -> ServiceRequest:
    """Record that the customer accepts a quotation, with evidence; a higher quotation must be accepted again."""
    return await context.do(coverage.accept_quotation, number, command)


@router.post("/products/{serial:path}/proof")
async def prove_purchase(serial: CoveredSerial, proof: Proof, context: RequestContext) -> list[Redecided]:
    """Set the day of purchase from a proof, and return what changes for each open request."""
    return await context.do(coverage.prove_purchase, serial, proof, context.catalogue)


@router.post("/products/{serial:path}/extension")
async def extend_warranty(serial: CoveredSerial, extension: Extension, context: RequestContext) -> list[Redecided]:
    """Extend the warranty after an approved claim, and return what changes for each open request."""
    return await context.do(coverage.extend_warranty, serial, extension, context.catalogue)
