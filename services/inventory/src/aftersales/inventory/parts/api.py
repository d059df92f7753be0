"""HTTP: store keepers manage parts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.values import Code

from . import handlers
from .domain import Part, RegisterPart

router = APIRouter(responses=PROBLEMS)
PartCode = Annotated[Code, Path()]
"""The code of the part."""
Unclear = Annotated[Literal["line", "fault"] | None, Query(description="A word that no catalogue has")]


@router.put("/parts/{code}")
async def register_part(code: PartCode, form: RegisterPart, context: RequestContext) -> Part:
    """Register a part or change its details."""
    return await context.do(handlers.register_part, code, form, context.catalogue)


@router.get("/parts")
async def list_parts(
    context: RequestContext, unclear: Unclear = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Part]:
    """List parts; `unclear` lists those with a word that the catalogues lack."""
    return await context.page(Part, {"unclear.what": unclear}, cursor, limit)


@router.get("/parts/{code}")
async def show_part(code: PartCode, context: RequestContext) -> Part:
    """Show a part."""
    return await context.read(Part, code)
