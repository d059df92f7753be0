"""HTTP: shows key figures."""

from typing import Annotated

from fastapi import APIRouter, Query

from aftersales.engine import PROBLEMS, Malformed, RequestContext
from aftersales.values import Code, Moment

from . import store
from .domain import Kpis

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
