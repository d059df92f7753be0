"""HTTP API: contracts (INT-13) and entitlements (INT-14)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.values import Code, Serial

from . import handlers
from .domain.contract import Commission, Contract, ContractForm, Train
from .domain.entitlement import Entitlement

router = APIRouter(responses=PROBLEMS)
ContractNumber = Annotated[Code, Path()]
"""The number of the contract."""


@router.post("/contracts", status_code=201)
async def agree_contract(form: ContractForm, context: RequestContext) -> Contract:
    """Create a contract that has no number yet (INT-13)."""
    return await context.do(handlers.agree_contract, None, form, context.catalogue)


@router.put("/contracts/{number}")
async def change_contract(number: ContractNumber, form: ContractForm, context: RequestContext) -> Contract:
    """Create a contract under its own number, or change its terms; what was used and done stays (INT-13)."""
    return await context.do(handlers.agree_contract, number, form, context.catalogue)


@router.get("/contracts")
async def list_contracts(
    context: RequestContext,
    customer: CustomerId | None = None,
    serial: Annotated[Serial | None, Query(description="named in the contract")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Contract]:
    """List contracts."""
    return await context.page(Contract, {"customer": customer, "serials": serial}, cursor, limit)


@router.get("/contracts/{number}")
async def show_contract(number: ContractNumber, context: RequestContext) -> Contract:
    """Show a contract with its terms and its clocks."""
    return await context.read(Contract, number)


@router.post("/contracts/{number}/commissioned")
async def commission_contract(number: ContractNumber, form: Commission, context: RequestContext) -> Contract:
    """Report that everything runs, and stop the commissioning clock (INT-13, ALL-3)."""
    return await context.do(handlers.commission_contract, number, form)


@router.post("/contracts/{number}/training")
async def record_training(number: ContractNumber, form: Train, context: RequestContext) -> Contract:
    """Record a training session for the customer's staff (INT-13)."""
    return await context.do(handlers.record_training, number, form)


@router.get("/entitlements")
async def list_entitlements(  # noqa: PLR0913, PLR0917 (its query string)
    context: RequestContext,
    branch: Code | None = None,
    due: Annotated[bool | None, Query(description="whether the customer is to be reminded")] = None,
    serial: Serial | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Entitlement]:
    """List entitlements that came with a purchase."""
    return await context.page(Entitlement, {"branch": branch, "due": due, "product": serial}, cursor, limit)
