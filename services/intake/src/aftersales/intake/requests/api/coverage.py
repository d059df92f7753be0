"""HTTP in: who pays and why, proofs and longer warranties, and accepted quotations (INT-6)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Desk
from aftersales.intake.archive.domain.product import Extension, Proof
from aftersales.intake.requests.domain.charges import AcceptQuotation, DecideCoverage, Redecided
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.handlers import coverage
from aftersales.values import Serial

from .requests import Number

router = APIRouter(responses=PROBLEMS)
SerialNumber = Annotated[Serial, Path()]


@router.post("/requests/{number}/coverage")
async def decide_coverage(number: Number, command: DecideCoverage, desk: Desk) -> ServiceRequest:
    """Decide who pays, now that the cause is known (INT-6); the decision before stays in `coverage_history`."""
    return await desk.do(coverage.decide_coverage, number, command, desk.library)


@router.post("/requests/{number}/quotation/accept")
async def accept_quotation(number: Number, command: AcceptQuotation, desk: Desk) -> ServiceRequest:
    """Note that the customer accepts a quotation, and how we know; a higher one must be accepted again."""
    return await desk.do(coverage.accept_quotation, number, command)


@router.post("/products/{serial:path}/proof")
async def prove_purchase(serial: SerialNumber, proof: Proof, desk: Desk) -> list[Redecided]:
    """Take the day of purchase from a proof; answers with what it changes for each open request."""
    return await desk.do(coverage.prove_purchase, serial, proof, desk.library)


@router.post("/products/{serial:path}/extension")
async def extend_warranty(serial: SerialNumber, extension: Extension, desk: Desk) -> list[Redecided]:
    """Make the warranty longer by an approved claim; answers with what it changes for each open request."""
    return await desk.do(coverage.extend_warranty, serial, extension, desk.library)
