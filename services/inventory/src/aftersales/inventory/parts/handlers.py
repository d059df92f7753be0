"""Use cases of store keepers for parts."""

from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import Part, RegisterPart


@use_case(about=lambda code: (Part, code))
async def register_part(work: UnitOfWork, code: str, form: RegisterPart) -> Part:
    known = await work.get(Part, code)
    part = domain.register_part(known, code, form)
    return part if part == known else work.put(part)
