"""A service whose items carry the clocks of all stages of a policy at once: they are walked through by the presets."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from fastapi import APIRouter

from aftersales.common.aggregate import Aggregate
from aftersales.common.service import Service
from aftersales.common.settings import ServiceSettings
from aftersales.common.timers import wake_with
from aftersales.common.work import UnitOfWork
from aftersales.policy import sla
from aftersales.policy.calendars import Calendar
from aftersales.policy.model import Policy
from aftersales.policy.model.stages import SpecialCase
from aftersales.policy.sla.stages import Situation, reach_milestone
from aftersales.values import Value

AGREED_IN = timedelta(hours=3)
"""So long after a milestone is what the customer agreed to."""
POLICIES: dict[str, Policy] = {}
"""Those that items go by; a test fills it."""


class Heard(Value):
    """A mark that a clock said, and when the service said it."""

    stage: str
    mark: str
    at: datetime


class Item(Aggregate):
    COLLECTION: ClassVar[str] = "items_of_tests"
    AUDITED: ClassVar[bool] = False

    policy: str
    calendar: Calendar
    stages: tuple[str, ...]
    """Whose clocks it carries."""
    priority: int = 4
    cases: tuple[SpecialCase, ...] = ()
    heard: tuple[Heard, ...] = ()


class Step(Value):
    """What is done to an item: a milestone said, a pause begun or ended for a reason."""

    do: Literal["say", "pause", "resume"]
    what: str


async def begin(work: UnitOfWork, items: Iterable[Item]) -> None:
    for item in items:
        work.put(item)


async def take(work: UnitOfWork, id: str, step: Step) -> None:
    item = await work.require(Item, id)
    if step.do == "pause":
        clocks = sla.pause_clocks(item.clocks, step.what, "elsewhere", work.now)
    elif step.do == "resume":
        clocks = sla.resume_clocks(item.clocks, step.what, work.now)
    else:
        agreed = work.now + AGREED_IN
        situation = Situation(POLICIES[item.policy], item.calendar, item.priority, item.cases, agreed=agreed)
        clocks = reach_milestone(item.clocks, step.what, work.now, item.stages, situation)
    _put(work, item, clocks)


async def ring(work: UnitOfWork, id: str) -> None:
    item = await work.require(Item, id)
    _put(work, item, sla.tick_clocks(item.clocks, work.now))


def _put(work: UnitOfWork, item: Item, clocks: sla.Clocks) -> None:
    events = [
        Heard(stage=one.clock.stage, mark=one.mark, at=work.now) for one in sla.thresholds_passed(item.clocks, clocks)
    ]
    work.put(item.but(clocks=clocks, wake_at=sla.next_wake(clocks), heard=(*item.heard, *events)))


def service(settings: ServiceSettings) -> Service:
    return Service(
        name="walker",
        settings=settings,
        indexes={Item: ()},
        router=APIRouter(),
        produces=(),
        timers=(wake_with(Item, ring),),
        clocked=(Item,),
    )
