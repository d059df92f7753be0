"""Use cases of claims: opened by a repeat repair, and decided by a person (INT-9)."""

from aftersales.common.events.intake import RepeatRepairFound
from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case
from aftersales.feedback.results.domain import CaseResults
from aftersales.feedback.results.handlers import note_repeat
from aftersales.feedback.timelines.domain import Timeline

from . import domain
from .domain import Claim, DecideClaim, claim_id


@use_case(
    preload=lambda event: (
        (Timeline, event.request),
        (CaseResults, event.request),
        (Claim, claim_id(event.request)),
    )
)
async def take_repeat_repair(work: UnitOfWork, event: RepeatRepairFound, catalogue: PolicyCatalogue) -> None:
    """Record that a repair did not hold and hand it on; open a claim where the policy guarantees repairs."""
    await note_repeat(work, event, catalogue)
    if event.claim and await work.get(Claim, claim_id(event.request)) is None:
        work.put(domain.open_claim(event))


@use_case(about=lambda number: (Claim, number))
async def decide_claim(work: UnitOfWork, number: str, command: DecideClaim) -> Claim:
    claim, events = domain.decide_claim(await work.require(Claim, number), command, work.actor, work.now)
    return work.put(claim, *events)
