"""Training plans and who came (ALL-8)."""

from aftersales.common.work import Work
from aftersales.intake.domain import training as trainings
from aftersales.intake.domain.training import Attendance, AttendanceForm, TrainingForm, TrainingPlan

from .branches import known_branch
from .people import known_roles


async def plan_training(work: Work, code: str, form: TrainingForm) -> TrainingPlan:
    if form.branch:
        await known_branch(work, form.branch)
    await known_roles(work, form.roles)
    known = await work.get(TrainingPlan, code)
    training = trainings.plan(known, code, form)
    return training if training == known else work.put(training)


async def record_attendance(work: Work, code: str, session: str, form: AttendanceForm) -> Attendance:
    training = await work.need(TrainingPlan, code)
    known = await work.get(Attendance, f"{code}|{session}")
    held, attendance = trainings.attend(training, session, known, form, work.now)
    if held != training:
        work.put(held)
    return attendance if attendance == known else work.put(attendance)
