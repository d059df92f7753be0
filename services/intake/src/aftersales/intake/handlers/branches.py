"""Branches: opened, changed, and found for whoever names one (ALL-2)."""

from aftersales.common.branch_hours import change_hours
from aftersales.common.errors import DomainError
from aftersales.common.policies import Source
from aftersales.common.work import Work
from aftersales.intake.domain import branch as branches
from aftersales.intake.domain.branch import Branch, BranchForm


async def register_branch(work: Work, code: str, form: BranchForm) -> Branch:
    known = await work.get(Branch, code)
    branch, news = branches.register_branch(known, code, form, work.actor, work.now)
    if branch == known:
        return branch
    if known and branch.calendar != known.calendar:
        await change_hours(work, code, branch.calendar, work.now, work.actor)
    return work.put(branch, *news)


async def known_branch(source: Source, code: str) -> Branch:
    """Give the branch. Raises `DomainError` when nobody opened it."""
    branch = await source.get(Branch, code)
    if branch is None:
        raise DomainError("branch.unknown", branch=code)
    return branch
