"""HTTP API: use of contracts and entitlements for requests (INT-13, INT-14)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, RequestContext
from aftersales.intake.agreements.domain.contract import Contract, UseService
from aftersales.intake.agreements.domain.entitlement import Entitlement, UseEntitlement
from aftersales.intake.requests.handlers import prepaid
from aftersales.values import Code

router = APIRouter(responses=PROBLEMS)
UsedContractNumber = Annotated[Code, Path()]
"""The number of the contract."""
EntitlementId = Annotated[str, Path(max_length=200, description="`<serial>|<kind>`")]


@router.post("/contracts/{number}/used")
async def use_contract(number: UsedContractNumber, form: UseService, context: RequestContext) -> Contract:
    """Use one included service for a request; repeating it uses nothing more (INT-13)."""
    return await context.do(prepaid.use_contract, number, form)


@router.post("/entitlements/{id:path}/use")
async def use_entitlement(id: EntitlementId, form: UseEntitlement, context: RequestContext) -> Entitlement:
    """Use one unit of an entitlement for a request; repeating it uses nothing more (INT-14)."""
    return await context.do(prepaid.use_entitlement, id, form)
