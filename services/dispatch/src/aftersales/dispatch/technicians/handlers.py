"""Use cases of dispatchers for technicians, and the correction of skills when a word becomes known."""

from aftersales.common.catalogues import CatalogueCopy, load_terms
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case

from . import domain
from .domain import KnownLines, RegisterTechnician, SecondLook, Technician


@use_case(
    about=lambda code: (Technician, code),
    preload=lambda form: (*POLICY_LIST, (CatalogueCopy, "lines"), (SecondLook, form.branch)),
)
async def register_technician(
    work: UnitOfWork, code: str, form: RegisterTechnician, catalogue: PolicyCatalogue
) -> Technician:
    known = await work.get(Technician, code)
    someone = domain.register_technician(known, code, form, await _known_lines(work, catalogue))
    return someone if someone == known else await _keep(work, someone)


async def correct_skills(work: UnitOfWork, someone: Technician, catalogue: PolicyCatalogue) -> None:
    """Replace words by codes that the catalogue has learned, so that nobody is left out silently (ALL-1)."""
    matched = domain.match_skills(someone, await _known_lines(work, catalogue))
    if matched != someone:
        await _keep(work, matched)


async def _known_lines(work: UnitOfWork, catalogue: PolicyCatalogue) -> KnownLines:
    return KnownLines(await load_terms(work, "lines"), (await catalogue.policy_index(work)).lines)


async def _keep(work: UnitOfWork, someone: Technician) -> Technician:
    look = await work.get(SecondLook, someone.branch) or SecondLook(id=someone.branch, branch=someone.branch)
    work.put(look.but(after="", wake_at=work.now))
    return work.put(someone)
