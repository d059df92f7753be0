"""HTTP: shows key figures."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from aftersales.common.months import MonthName
from aftersales.engine import PROBLEMS, Malformed, RequestContext
from aftersales.values import Code, Moment

from . import store
from .domain import Kpis, MonthKpis, TechnicianFigures

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


@router.get("/kpis/months/{month}")
async def show_month(
    month: Annotated[MonthName, Path()], context: RequestContext, branch: Code | None = None
) -> MonthKpis:
    """Return the key figures of the requests registered in a month, by the branch's zone (FBK-8).

    A month closes a day after its end. A closed month does not change: later facts are `corrections` of the month in
    which they became known. Without `branch` it is the sum of all branches' months.
    """
    return await store.month_figures(context.mongo, month, branch, context.settings.zone)


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
