"""HTTP: shows key figures."""

from typing import Annotated

from fastapi import APIRouter, Query

from aftersales.engine import PROBLEMS, Malformed, RequestContext
from aftersales.values import Code, Moment

from . import store
from .domain import Kpis, TechnicianFigures

router = APIRouter(responses=PROBLEMS)


@router.get("/kpis")
async def show_kpis(
    context: RequestContext,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to")],
    branch: Code | None = None,
) -> Kpis:
    """Return the key figures of the requests registered from `from` to before `to` (FBK-8)."""
    if since >= until:
        raise Malformed("kpi.range_malformed")
    return await store.key_figures(context.mongo, since, until, branch)


@router.get("/kpis/technicians")
async def list_technician_figures(
    context: RequestContext,
    since: Annotated[Moment, Query(alias="from")],
    until: Annotated[Moment, Query(alias="to")],
    branch: Code | None = None,
) -> list[TechnicianFigures]:
    """List each technician's repairs in a range of time, and how many did not hold (INT-9).

    Both are of requests registered from `from` to before `to`: repairs of these requests, and requests that repeat one.
    """
    if since >= until:
        raise Malformed("kpi.range_malformed")
    return await store.technician_figures(context.mongo, since, until, branch)
