"""HTTP: dispatchers manage technicians."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from . import handlers
from .domain import RegisterTechnician, Technician

router = APIRouter(responses=PROBLEMS)
TechnicianCode = Annotated[Code, Path()]
"""The code of the technician."""
Unclear = Annotated[Literal["line"] | None, Query(description="A word that no catalogue has")]


@router.put("/technicians/{code}")
async def register_technician(code: TechnicianCode, form: RegisterTechnician, context: RequestContext) -> Technician:
    """Register a technician or change their details; their orders stay with them (DSP-1)."""
    return await context.do(handlers.register_technician, code, form, context.catalogue)


@router.get("/technicians")
async def list_technicians(
    context: RequestContext,
    branch: Code | None = None,
    unclear: Unclear = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[Technician]:
    """List technicians; `unclear=line` lists those with a skill that the catalogue lacks."""
    return await context.page(Technician, {"branch": branch, "unclear.what": unclear}, cursor, limit)


@router.get("/technicians/{code}")
async def show_technician(code: TechnicianCode, context: RequestContext) -> Technician:
    """Show a technician."""
    return await context.read(Technician, code)
