"""HTTP API: the price list of labour and parts (INV-15); everybody reads it at `/public/prices`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.engine import PROBLEMS, Page, RequestContext
from aftersales.values import Code

from . import handlers, store
from .domain import LabourPriceForm, ListedPrice, PriceRow, labour_id

router = APIRouter(prefix="/prices", responses=PROBLEMS)
LabourCode = Annotated[Code, Path()]
"""The code of the price."""


@router.get("")
async def list_prices(wanted: Annotated[store.PriceQuery, Query()], context: RequestContext) -> Page[PriceRow]:
    """List the prices of a day, labour first; each with its earlier and announced prices."""
    return await store.list_prices(context, wanted, context.locale)


@router.put("/labour/{code}")
async def set_labour_price(code: LabourCode, form: LabourPriceForm, context: RequestContext) -> ListedPrice:
    """Set a price for labour from a day on, for all branches; earlier prices stay on record.

    A second price for the same day is refused, unless it `corrects` the first one.
    """
    return await context.do(handlers.set_labour_price, code, form, context.catalogue)


@router.get("/labour/{code}")
async def show_labour_price(code: LabourCode, context: RequestContext) -> ListedPrice:
    """Show a price for labour with its history."""
    return await context.read(ListedPrice, labour_id(code))
