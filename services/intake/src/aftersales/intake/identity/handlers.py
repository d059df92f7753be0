"""Use cases: the identity of the company, and its logo (ALL-2)."""

from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import COMPANY, CompanyIdentity, CompanyLogo, IdentityForm


@use_case(about=lambda: (CompanyIdentity, COMPANY))
async def set_identity(work: UnitOfWork, form: IdentityForm) -> CompanyIdentity:
    known = await work.get(CompanyIdentity, COMPANY)
    identity = domain.set_identity(known, form)
    return identity if identity == known else work.put(identity)


@use_case(about=lambda: (CompanyIdentity, COMPANY), preload=lambda: ((CompanyLogo, COMPANY),))
async def set_logo(work: UnitOfWork, content: bytes) -> CompanyIdentity:
    known, logo = await work.require(CompanyIdentity, COMPANY), await work.get(CompanyLogo, COMPANY)
    identity, drawn = domain.set_logo(known, logo, content)
    if identity == known:
        return known
    work.put(drawn)
    return work.put(identity)
