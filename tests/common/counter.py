"""The smallest service there can be, to test the plumbing with: it counts what it is told."""

from functools import partial
from typing import ClassVar

from fastapi import APIRouter
from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.branch_hours import BranchHours, Mover, follow_hours, move_page
from aftersales.common.events import Event
from aftersales.common.events.intake import BranchRegistered, PersonChanged
from aftersales.common.http.problem import PROBLEMS
from aftersales.common.http.request_context import RequestContext
from aftersales.common.service import Service, consume_event
from aftersales.common.settings import ServiceSettings
from aftersales.common.sign_in.access import AccessTable, Action, access_table
from aftersales.common.sign_in.accounts import ACCOUNT_INDEXES, Account, follow_person
from aftersales.common.timers import wake_with
from aftersales.common.work import UnitOfWork, use_case
from aftersales.policy import sla
from aftersales.values import Value
from aftersales.values.errors import DomainError, NotYet


class Counted(Event):
    TYPE = "counter.counted.v1"
    counter: str
    total: int


class Add(Event):
    TYPE = "elsewhere.add.v1"
    counter: str
    amount: int = 1
    after: int | None = None
    """Only when the total has reached this."""


class Counter(Aggregate):
    COLLECTION: ClassVar[str] = "counters_of_tests"
    branch: str = "b-1"
    total: int = 0
    rings: int = 0
    note: str = ""


class AddForm(Value):
    amount: int = Field(ge=-1000, le=1000)


@use_case(about=lambda id: (Counter, id))
async def add(work: UnitOfWork, id: str, amount: int) -> Counter:
    counter = await work.get(Counter, id) or Counter(id=id)
    total = counter.total + amount
    if total < 0:
        raise DomainError("counter.negative", counter=id)
    if amount == 666:
        work.put(counter.but(total=-1), Counted(counter=id, total=-1))
        raise RuntimeError("a bug")
    return work.put(counter.but(total=total), Counted(counter=id, total=total))


@use_case(preload=lambda event: ((Counter, event.counter),))
async def on_add(work: UnitOfWork, event: Add) -> None:
    counter = await work.get(Counter, event.counter)
    if event.after is not None and (counter.total if counter else 0) < event.after:
        raise NotYet("counter.too_early", counter=event.counter)
    await add(work, event.counter, event.amount)


async def ring(work: UnitOfWork, id: str) -> None:
    counter = await work.require(Counter, id)
    if counter.wake_at and counter.wake_at <= work.now:
        clocks = sla.tick_clocks(counter.clocks, work.now)
        work.put(counter.but(rings=counter.rings + 1, wake_at=sla.next_wake(clocks), clocks=clocks))


async def go_over(work: UnitOfWork, counter: Counter, hours: BranchHours) -> None:
    """Count the one promise by the branch's new hours."""
    (clock,) = counter.clocks
    wanted = clock.terms.model_copy(update={"calendar": hours.calendar})
    clocks = sla.retarget_clock(counter.clocks, clock.key, wanted, hours.said)
    work.put(counter.but(clocks=clocks, wake_at=sla.next_wake(clocks)))


router = APIRouter(responses=PROBLEMS)


@router.post("/counters/{id}/add")
async def post_add(id: str, form: AddForm, context: RequestContext, dry: int = 0) -> Counter:
    return await context.do(add, id, form.amount)


@router.get("/counters/{id}")
async def get_counter(id: str, context: RequestContext) -> Counter:
    return await context.read(Counter, id)


_COUNT = Action(
    roles=frozenset({"clerk", "headquarters"}),
    routes={"counter": frozenset({("POST", "/counters/{id}/add"), ("GET", "/counters/{id}")})},
)
ACCESS = AccessTable(access_table().roles, {**access_table().actions, "count": _COUNT}, access_table().open)


def service(settings: ServiceSettings) -> Service:
    return Service(
        name="counter",
        settings=settings,
        indexes={Counter: (), BranchHours: (), Account: ACCOUNT_INDEXES},
        router=router,
        produces=(Counted,),
        consumers=(
            consume_event(Add, on_add),
            consume_event(BranchRegistered, follow_hours),
            consume_event(PersonChanged, follow_person),
        ),
        timers=(
            wake_with(Counter, ring),
            wake_with(BranchHours, partial(move_page, movers=(Mover(Counter, go_over),))),
        ),
        clocked=(Counter,),
        access=ACCESS,
    )
