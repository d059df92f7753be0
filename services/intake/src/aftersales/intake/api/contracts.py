"""HTTP in: contracts (INT-13)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code, Serial
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.contact import CustomerId
from aftersales.intake.domain.contract import Commission, Contract, ContractForm, Train
from aftersales.intake.domain.customer import Customer
from aftersales.intake.handlers import contracts

router = APIRouter(responses=PROBLEMS)
Number = Annotated[Code, Path()]


@router.post("/contracts", status_code=201)
async def agree_contract(form: ContractForm, desk: Desk) -> Contract:
    """Record a contract that has no number yet (INT-13)."""
    needs = ((Branch, form.branch), (Customer, form.customer))
    return await desk.do(contracts.agree_contract, None, form, needs=needs)


@router.put("/contracts/{number}")
async def change_contract(number: Number, form: ContractForm, desk: Desk) -> Contract:
    """Record a contract under its own number, or change its terms; what was used and done stays (INT-13)."""
    needs = ((Contract, number), (Branch, form.branch), (Customer, form.customer))
    return await desk.do(contracts.agree_contract, number, form, needs=needs)


@router.get("/contracts")
async def list_contracts(
    desk: Desk,
    customer: CustomerId | None = None,
    serial: Annotated[Serial | None, Query(description="named in the contract")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Contract]:
    return await desk.page(Contract, {"customer": customer, "serials": serial}, cursor, limit)


@router.get("/contracts/{number}")
async def show_contract(number: Number, desk: Desk) -> Contract:
    return await desk.read(Contract, number)


@router.post("/contracts/{number}/commissioned")
async def commission_contract(number: Number, form: Commission, desk: Desk) -> Contract:
    """Report that everything runs; stops the commissioning clock (INT-13, ALL-3)."""
    return await desk.do(contracts.commission_contract, number, form, needs=((Contract, number),))


@router.post("/contracts/{number}/training")
async def record_training(number: Number, form: Train, desk: Desk) -> Contract:
    """Record a training session of the customer's staff (INT-13)."""
    return await desk.do(contracts.record_training, number, form, needs=((Contract, number),))
