"""Shift handover (ALL-7): listed, taken over, settled, late."""

from collections.abc import Sequence

from aftersales.common.branch_hours import BranchHours
from aftersales.common.policies import Library
from aftersales.common.policy.choose import Facts
from aftersales.common.work import Work
from aftersales.intake.domain import handover as handovers
from aftersales.intake.domain import ownership
from aftersales.intake.domain.handover import Closing, HandoverForm, OpenRequest, Settle, ShiftHandover
from aftersales.intake.domain.people import Person
from aftersales.intake.domain.request import Ground, ServiceRequest

from .branches import known_branch
from .people import known_person, known_roles


async def list_shift(
    work: Work, form: HandoverForm, requests: Sequence[OpenRequest], library: Library
) -> ShiftHandover:
    branch = await known_branch(work, form.branch)
    if form.to_person:
        await known_person(work, form.to_person)
    if form.to_role:
        await known_roles(work, (form.to_role,))
    number = await work.number("SH")
    facts = Facts(branch.id, "", "", "", branch.day_of(form.ends_at))
    ground = Ground(branch, await library.choose(work, facts))
    return work.put(handovers.hand_over(number, form, ground, requests, work.now))


async def take_line(work: Work, handover: str, number: str) -> ShiftHandover:
    """Become the owner of the request: taking it is the acceptance that INT-7 asks for."""
    closed = await _close(work, handover, number, Closing("taken", work.actor, work.now))
    request = await work.need(ServiceRequest, number)
    owned, news = ownership.take(request, work.actor, work.now)
    if owned != request:
        work.put(owned, *news)
    return closed


async def settle_line(work: Work, handover: str, number: str, form: Settle) -> ShiftHandover:
    return await _close(work, handover, number, Closing("settled", work.actor, work.now, form.note))


async def wake_handover(work: Work, number: str) -> None:
    handover = await work.get(ShiftHandover, number)
    if handover and handover.wake_at and handover.wake_at <= work.now:
        ticked, news = handovers.tick(handover, work.now)
        work.put(ticked, *news)


async def change_hours(work: Work, handover: ShiftHandover, hours: BranchHours, library: Library) -> None:
    """Go over to the branch's new hours, by the policy that the clock was started with (ALL-3)."""
    policy = await library.get(work, handover.clocks[0].terms.policy)
    ground = Ground(await known_branch(work, handover.branch), policy)
    moved, news = handovers.change_hours(handover, ground, hours.said, work.now)
    if moved != handover:
        work.put(moved, *news)


async def _close(work: Work, id: str, request: str, closing: Closing) -> ShiftHandover:
    handover = await work.need(ShiftHandover, id)
    person = await work.get(Person, closing.by)
    closed, news = handovers.close_line(handover, request, closing, person)
    return work.put(closed, *news)
