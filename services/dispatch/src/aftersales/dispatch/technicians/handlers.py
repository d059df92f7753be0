"""Use cases of dispatchers for technicians."""

from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import RegisterTechnician, SecondLook, Technician


@use_case(about=lambda code: (Technician, code))
async def register_technician(work: UnitOfWork, code: str, form: RegisterTechnician) -> Technician:
    known = await work.get(Technician, code)
    someone = domain.register_technician(known, code, form)
    if someone == known:
        return someone
    look = await work.get(SecondLook, someone.branch) or SecondLook(id=someone.branch, branch=someone.branch)
    work.put(look.but(after="", wake_at=work.now))
    return work.put(someone)
