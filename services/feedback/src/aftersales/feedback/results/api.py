"""HTTP: departments read their results and say what they do about them."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from aftersales.engine import PROBLEMS, Cursor, Limit, Page, RequestContext
from aftersales.policy.model import Department, ResultKind
from aftersales.values import Code

from . import handlers, store
from .domain import Acknowledgement, CaseResults, DepartmentResult, HandedResult, ResultState

router = APIRouter(responses=PROBLEMS)
ConcernedDepartment = Annotated[Department, Path()]
"""The department: `quality`, `production`, `sales`, `parts`, `finance`, `shipping` or `service`."""
CaseNumber = Annotated[str, Path(pattern=r"^SR-[0-9]{6}-[0-9A-HJKMNP-TV-Z]{4}$")]
"""The number of a request, such as `SR-261122-7K3F`."""


class DepartmentCount(BaseModel):
    """The results of one department, counted."""

    department: Department
    open: int
    """Results that nobody of the department has acknowledged."""
    overdue: int
    """Those of them whose time is over."""
    acknowledged: int


class CaseView(BaseModel):
    """A case with its results for departments, or the reason why it has none."""

    case: CaseResults
    results: list[DepartmentResult]
    """Oldest first."""


@router.get("/departments")
async def list_departments(context: RequestContext) -> list[DepartmentCount]:
    """List departments with the number of their open, overdue and acknowledged results (ALL-4)."""
    rows = await context.mongo.aggregate(DepartmentResult, store.count_results(context.now))
    return [DepartmentCount(department=row.pop("_id"), **row) for row in rows]


@router.get("/departments/{department}/results")
async def list_results(  # noqa: PLR0913, PLR0917 (its query string)
    department: ConcernedDepartment,
    context: RequestContext,
    state: ResultState | None = None,
    branch: Code | None = None,
    kind: ResultKind | None = None,
    overdue: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DepartmentResult]:
    """List the results of a department, newest first; with `overdue` only open ones whose time is over."""
    where = {"department": department, "state": state, "branch": branch, "kind": kind}
    late = store.overdue_results(context.now) if overdue else {}
    return await context.page(DepartmentResult, where | late, cursor, limit, sort="-handed_at")


@router.post("/departments/{department}/results", status_code=201)
async def hand_words(department: ConcernedDepartment, form: HandedResult, context: RequestContext) -> DepartmentResult:
    """Hand what a customer said about a request to a department: a suggestion, praise, the wish to buy, a remark."""
    return await context.do(handlers.hand_words, department, form, context.catalogue)


@router.post("/departments/{department}/results/acknowledge")
async def acknowledge_results(
    department: ConcernedDepartment, form: Acknowledgement, context: RequestContext
) -> list[DepartmentResult]:
    """Say what the department does about these results: accepted, answered, or nothing to do with the reason."""
    return await context.do(handlers.acknowledge_results, department, form)


@router.get("/cases/{request}/results")
async def show_case_results(request: CaseNumber, context: RequestContext) -> CaseView:
    """Show which departments got a result of a request and what they do about it, or why it concerns nobody."""
    case = await context.read(CaseResults, request)
    found = await context.mongo.find(DepartmentResult, {"_id": {"$in": list(case.results)}}, sort=("handed_at", "_id"))
    return CaseView(case=case, results=found)
