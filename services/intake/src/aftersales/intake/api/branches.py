"""HTTP in: branches (ALL-2)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.intake.domain.branch import Branch, BranchForm
from aftersales.intake.handlers import branches

router = APIRouter(responses=PROBLEMS)
BranchCode = Annotated[Code, Path()]


@router.put("/branches/{code}")
async def register_branch(code: BranchCode, form: BranchForm, desk: Desk) -> Branch:
    return await desk.do(branches.register_branch, code, form, needs=((Branch, code),))


@router.get("/branches")
async def list_branches(desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Branch]:
    return await desk.page(Branch, {}, cursor, limit)


@router.get("/branches/{code}")
async def show_branch(code: BranchCode, desk: Desk) -> Branch:
    return await desk.read(Branch, code)
