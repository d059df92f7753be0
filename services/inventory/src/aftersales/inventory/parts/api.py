"""HTTP: store keepers manage parts."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from . import handlers
from .domain import Part, RegisterPart

router = APIRouter(responses=PROBLEMS)
PartCode = Annotated[Code, Path()]
"""The code of the part."""


@router.put("/parts/{code}")
async def register_part(code: PartCode, form: RegisterPart, context: RequestContext) -> Part:
    """Register a part or change its details."""
    return await context.do(handlers.register_part, code, form)


@router.get("/parts")
async def list_parts(context: RequestContext, cursor: Cursor = None, limit: Limit = 50) -> Page[Part]:
    """List parts."""
    return await context.page(Part, {}, cursor, limit)


@router.get("/parts/{code}")
async def show_part(code: PartCode, context: RequestContext) -> Part:
    """Show a part."""
    return await context.read(Part, code)
