"""Events of one request in every order of arrival, with those that come too early delivered again: equal ends."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from aftersales.common.deeds import DONE_NOW
from aftersales.common.events import Event
from aftersales.common.events.dispatch import OrderEvent
from aftersales.common.events.intake import RequestCancelled, RequestRegistered, RequestReopened
from aftersales.common.events.inventory import PartReserved, PartShort
from aftersales.common.policies import PolicyCatalogue
from aftersales.common.work import UnitOfWork
from aftersales.dispatch.orders import handlers
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder
from aftersales.dispatch.orders.domain.report import CompleteVisit, ServiceReport
from aftersales.dispatch.orders.store import Rules
from aftersales.dispatch.technicians.domain import Technician
from aftersales.dispatch.visits import handlers as visits
from aftersales.policy.model import Policy as ServicePolicy
from aftersales.testing.system import RunningService, RunningSystem
from aftersales.values import sibling_number
from aftersales.values.errors import NotYet

Handle = Callable[[UnitOfWork, Any], Awaitable[None]]
Table = dict[type[Event], Handle]
End = tuple[object, ...]


class _OneRule(Rules):
    """The figures of these tests, whatever policy an order names."""

    policy: OrderPolicy

    def figures(self, service: ServicePolicy) -> OrderPolicy:  # noqa: ARG002 (these tests have one)
        return self.policy


@pytest.fixture
def rules(policy: OrderPolicy) -> Rules:
    made = _OneRule(PolicyCatalogue(), policy)
    made.policy = policy
    return made


@pytest.fixture
def table(rules: Rules) -> Table:
    """What the service's own consumers do."""
    return {
        RequestRegistered: partial(handlers.open_order, rules=rules),
        RequestCancelled: handlers.cancel_order,
        RequestReopened: partial(handlers.reopen_order, rules=rules),
        PartReserved: partial(handlers.hear_of_parts, rules=rules),
        PartShort: partial(handlers.hear_of_parts, rules=rules),
    }


async def _deliver(running_service: RunningService, table: Table, events: Sequence[Event]) -> None:
    """One after another; one that is too early goes to the end of the queue, as from a retry tier."""
    queue, early = list(events), 0
    while queue:
        event = queue.pop(0)
        handle = table[type(event)]

        async def run(work: UnitOfWork, event: Event = event, handle: Handle = handle) -> None:
            await handle(work, event)

        try:
            await running_service.do(run)
            early = 0
        except NotYet:
            queue.append(event)
            early += 1
            assert early <= len(queue), "what is left would end in the dead letters"


def _of(number: int, events: Sequence[Any]) -> list[Event]:
    """The same events, of a request of its own in a branch of its own."""
    request, branch = f"SR-261123-{number:04d}", f"B{number:04d}"
    own = []
    for event in events:
        changes = {"request": request, "branch": branch}
        if hasattr(event, "order"):
            changes |= {"order": sibling_number(request, "WO"), "slip": sibling_number(request, "IS")}
        own.append(event.model_copy(update=changes))
    return own


async def _end(running_service: RunningService, number: int) -> End:
    order = await running_service.get(WorkOrder, f"WO-261123-{number:04d}")
    loads = [
        (one.id[:2], one.open_orders == (order.id,))
        for one in await running_service.find(Technician, branch=order.branch)
    ]
    clocks = [(clock.key, clock.outcome) for clock in order.clocks if clock.outcome != "waived"]
    return order.state, order.visit, order.parts_state, (order.technician or "")[:2], *loads, *clocks, order.wake_at


async def _ends(
    running_service: RunningService, table: Table, first: Sequence[Any], events: Sequence[Any], technician: Any
) -> set[End]:
    """All ends of `events` in any order, after what `first` did."""

    async def one(number: int, order: Sequence[Any]) -> End:
        await _put(running_service, technician(f"T1-{number}", branch=f"B{number:04d}"))
        for step in first:
            if isinstance(step, Event):
                await _deliver(running_service, table, _of(number, [step]))
            else:
                await running_service.do(step, f"WO-261123-{number:04d}")
        await _deliver(running_service, table, _of(number, order))
        return await _end(running_service, number)

    orders = enumerate(permutations(events), 1)
    return set(await asyncio.gather(*(one(number, order) for number, order in orders)))


async def _put(running_service: RunningService, someone: Technician) -> None:
    async def put(work: UnitOfWork) -> None:
        work.put(someone)

    await running_service.do(put)


Maker = Callable[..., Any]


async def test_a_request_and_news_of_its_parts_in_any_order(
    running: RunningSystem, table: Table, registered: RequestRegistered, slip_news: Maker, technician: Maker
) -> None:
    """Missing, found, missing again, found: what the newest slip says holds. Without its version, chance decides."""
    news = [slip_news(PartShort, 1), slip_news(PartReserved, 2), slip_news(PartShort, 3), slip_news(PartReserved, 4)]
    ends = await _ends(running.dispatch, table, [], [registered, *news], technician)
    assert {end[:4] for end in ends} == {("offered", 1, "reserved", "T1")}
    assert {end[4:-1] for end in ends} == {(("T1", True), ("dispatch-1", "met"), ("arrival-1", "open"))}


async def test_without_the_slips_version_chance_would_decide(
    running: RunningSystem, table: Table, registered: RequestRegistered, slip_news: Maker, technician: Maker
) -> None:
    """The broken variant of the test above."""
    news = [slip_news(PartShort, 0), slip_news(PartReserved, 0)]
    ends = await _ends(running.dispatch, table, [], [registered, *news], technician)
    assert {end[2] for end in ends} == {"reserved", "short"}


async def test_a_cancellation_and_news_of_parts_in_any_order(  # noqa: PLR0917
    running: RunningSystem,
    table: Table,
    registered: RequestRegistered,
    cancelled: RequestCancelled,
    slip_news: Maker,
    technician: Maker,
) -> None:
    events = [registered, cancelled, slip_news(PartShort, 1), slip_news(PartReserved, 2)]
    ends = await _ends(running.dispatch, table, [], events, technician)
    assert ends == {("cancelled", 1, "none", "", ("T1", False), ("dispatch-1", "met"), None)}


@pytest.fixture
def repaired(registered: RequestRegistered, report: ServiceReport, rules: Rules) -> list[Any]:
    """What leads to a completed first visit."""

    async def complete(work: UnitOfWork, number: str) -> None:
        await visits.complete_visit(work, number, CompleteVisit.model_validate(dict(report)), rules)

    async def arrive(work: UnitOfWork, number: str) -> None:
        await visits.arrive_at_visit(work, number, DONE_NOW, rules)

    async def set_out(work: UnitOfWork, number: str) -> None:
        await visits.accept_visit(work, number, DONE_NOW, rules)
        await visits.depart_for_visit(work, number, DONE_NOW)

    return [registered, set_out, arrive, complete]


async def test_a_reopening_and_late_news_of_both_visits_in_any_order(  # noqa: PLR0917
    running: RunningSystem,
    table: Table,
    repaired: list[Any],
    reopened: RequestReopened,
    slip_news: Maker,
    technician: Maker,
) -> None:
    """The slip of the second visit counts its versions anew."""
    events = [
        slip_news(PartReserved, 7),
        reopened,
        slip_news(PartShort, 1, visit=2),
        slip_news(PartReserved, 2, visit=2),
    ]
    ends = await _ends(running.dispatch, table, repaired, events, technician)
    assert {end[:5] for end in ends} == {("offered", 2, "reserved", "T1", ("T1", True))}


def _racing(reopened: RequestReopened, cancelled: RequestCancelled, slip_news: Maker) -> list[OrderEvent | Any]:
    return [slip_news(PartReserved, 7), reopened, cancelled, slip_news(PartReserved, 1, visit=2)]


async def test_a_reopening_and_a_cancellation_that_cross_send_nobody(  # noqa: PLR0917
    running: RunningSystem,
    table: Table,
    repaired: list[Any],
    reopened: RequestReopened,
    cancelled: RequestCancelled,
    slip_news: Maker,
    technician: Maker,
) -> None:
    events = _racing(reopened, cancelled, slip_news)
    ends = await _ends(running.dispatch, table, repaired, events, technician)
    assert {end[:5] for end in ends} == {("cancelled", 2, "none", "", ("T1", False))}
    assert {end[-1] for end in ends} == {None}


async def test_a_cancellation_that_is_not_remembered_would_send_somebody_to_nobody(  # noqa: PLR0917
    running: RunningSystem,
    table: Table,
    repaired: list[Any],
    reopened: RequestReopened,
    cancelled: RequestCancelled,
    slip_news: Maker,
    technician: Maker,
) -> None:
    """The broken variant of the test above: a completed order drops the cancellation."""

    async def forgetful(work: UnitOfWork, event: RequestCancelled) -> None:
        order = await work.get(WorkOrder, sibling_number(event.request, "WO"))
        if order and order.state != "completed":
            await handlers.cancel_order(work, event)

    events = _racing(reopened, cancelled, slip_news)
    broken = table | {RequestCancelled: forgetful}
    ends = await _ends(running.dispatch, broken, repaired, events, technician)
    assert {end[0] for end in ends} == {"cancelled", "offered"}
