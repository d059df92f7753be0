"""HTTP in: training plans with attendance (ALL-8)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.values import Code
from aftersales.intake.domain import training as trainings
from aftersales.intake.domain.branch import local_day
from aftersales.intake.domain.people import EVERYWHERE
from aftersales.intake.domain.training import Attendance, AttendanceForm, Missing, TrainingForm, TrainingPlan
from aftersales.intake.handlers import training
from aftersales.intake.store.network import serving

router = APIRouter(responses=PROBLEMS)
TrainingCode = Annotated[Code, Path()]
SessionCode = Annotated[Code, Path()]


@router.put("/trainings/{code}")
async def plan_training(code: TrainingCode, form: TrainingForm, desk: Desk) -> TrainingPlan:
    return await desk.do(training.plan_training, code, form, needs=((TrainingPlan, code),))


@router.get("/trainings")
async def list_trainings(
    desk: Desk, branch: Code | None = None, person: Code | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[TrainingPlan]:
    """List plans, for instance those that a person takes part in."""
    return await desk.page(TrainingPlan, {"branch": branch, "participants": person}, cursor, limit)


@router.get("/trainings/{code}")
async def show_training(code: TrainingCode, desk: Desk) -> TrainingPlan:
    return await desk.read(TrainingPlan, code)


@router.put("/trainings/{code}/sessions/{session}/attendance")
async def record_attendance(code: TrainingCode, session: SessionCode, form: AttendanceForm, desk: Desk) -> Attendance:
    """Write down who came to a session; a second list corrects the marks of whom it names."""
    needs = ((TrainingPlan, code), (Attendance, f"{code}|{session}"))
    return await desk.do(training.record_attendance, code, session, form, needs=needs)


@router.get("/trainings/{code}/attendance")
async def list_attendance(code: TrainingCode, desk: Desk) -> list[Attendance]:
    plan = await desk.read(TrainingPlan, code)
    return await desk.mongo.find(Attendance, {"training": plan.id})


@router.get("/trainings/{code}/missing")
async def list_missing(code: TrainingCode, desk: Desk) -> tuple[Missing, ...]:
    """List who has not been taught: not invited, not recorded, absent, excused, or not passed."""
    plan = await desk.read(TrainingPlan, code)
    branches = () if plan.branch == EVERYWHERE else (plan.branch,)
    today = local_day(desk.now, desk.settings.zone)
    wanted = await serving(desk.mongo, plan.roles, branches, today) if plan.roles else ()
    attendances = await desk.mongo.find(Attendance, {"training": plan.id})
    return trainings.missing(plan, wanted, attendances, desk.now)
