"""A service that comes later hears what was said before it was there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from e2e.story import BRANCH, REQUEST, call, register

from aftersales.common.runtime import Runtime, ServiceMark
from aftersales.dispatch.main import build_service as dispatch
from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.dispatch.settings import Settings as DispatchSettings
from aftersales.intake.main import build_service as intake
from aftersales.intake.settings import Settings as IntakeSettings
from aftersales.testing import eventually
from aftersales.testing.system import start_system
from aftersales.values import sibling_number


@asynccontextmanager
async def latecomer(built, clock) -> AsyncIterator[Runtime]:
    """Dispatch, on the bus where intake has been alone."""
    known = built.intake.runtime.service.settings
    shared = known.model_dump(include={"mongo_url", "amqp_url", "bus", "timer_tick", "retry_tiers"})
    runtime = Runtime(dispatch(DispatchSettings(**shared, database=f"{built.tag}_dispatch", instance="late")), clock)
    await runtime.start()

    async def caught_up():
        return await runtime.mongo.get(ServiceMark, "caught_up")

    try:
        await eventually(caught_up, 30)
        yield runtime
    finally:
        await runtime.stop()


async def test_a_request_that_came_before_dispatch_was_ever_there_gets_its_one_work_order(urls, clock):
    async with start_system(urls, clock, [(intake, IntakeSettings)]) as built:
        place = {"name": "上海", "zone": "Asia/Shanghai", "location": {"lat": 31.2, "lon": 121.4}}
        await call(built.intake, "PUT", f"/branches/{BRANCH}", place)
        numbers = [await register(built, product=REQUEST["product"] | {"serial": f"SN-{n}"}) for n in range(250)]
        await built.quiet()
        async with latecomer(built, clock) as late:
            orders = await late.mongo.find(WorkOrder, {})
        assert len(orders) == 250
        assert [order.id for order in orders] == sorted(sibling_number(number, "WO") for number in numbers)
        async with latecomer(built, clock) as again:
            handled = again.metrics.events.labels("intake.request_registered.v1", "duplicate")._value.get()
            await again.mongo.drop()
        assert handled == 0, "the second start read the journal again"
