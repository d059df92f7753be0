"""What a store keeper enters about parts."""

from aftersales.engine import Work

from . import domain
from .domain import Part, RegisterPart


async def register_part(work: Work, code: str, form: RegisterPart) -> Part:
    known = await work.get(Part, code)
    part = domain.register(known, code, form)
    return part if part == known else work.put(part)
