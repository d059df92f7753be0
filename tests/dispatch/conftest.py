"""Orders in each of their states, and the people and events around them."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.answers import watch

from aftersales.common.events.intake import ProductRef, RequestCancelled, RequestRegistered, RequestReopened
from aftersales.common.events.inventory import PartReserved, PartShort, SlipEvent
from aftersales.dispatch.main import build_service
from aftersales.dispatch.orders.domain import assignment
from aftersales.dispatch.orders.domain.order import OrderPolicy, WorkOrder, open_order
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.settings import Settings
from aftersales.dispatch.technicians.domain import Shift, Technician
from aftersales.dispatch.visits import domain as visit
from aftersales.policy.model.stages import Stage
from aftersales.policy.presets import load_presets
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningSystem, start_system

REQUEST, ORDER = "SR-261123-0001", "WO-261123-0001"
TechnicianMaker = Callable[..., Technician]
News = Callable[..., Any]


@pytest.fixture
def now() -> datetime:
    """Ten in the morning in Shanghai."""
    return datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.fixture
def policy() -> OrderPolicy:
    marks = {"warn_at": (0.8,), "ladder": ()}
    stages = {
        "dispatch": Stage(
            starts_on="request_registered", stops_on="technician_assigned", target=timedelta(minutes=15), **marks
        ),
        "arrival": Stage(
            starts_on="technician_assigned", stops_on="technician_arrived", agreed_in="appointment", **marks
        ),
    }
    preset = next(policy for policy in load_presets() if policy.name == "appliance")
    return OrderPolicy(
        service=preset.model_copy(update={"stages": stages}),
        lead=timedelta(minutes=20),
        window=timedelta(hours=1),
        retry_after=timedelta(minutes=5),
        shortage_delay=timedelta(days=1),
    )


@pytest.fixture
def technician(now: datetime) -> TechnicianMaker:
    def make(code: str = "T1", **particulars: Any) -> Technician:
        usual = {
            "name": "王师傅",
            "branch": "SH01",
            "skills": ("refrigerator",),
            "licence_until": now + timedelta(days=365),
            "shift": Shift(),
        }
        return Technician(id=code, **usual | particulars)

    return make


@pytest.fixture
def registered(now: datetime) -> RequestRegistered:
    return RequestRegistered(
        request=REQUEST,
        branch="SH01",
        customer="c-1",
        product=ProductRef(serial="SN1", model="BCD-200", line="refrigerator"),
        kind="repair",
        fault="no-cooling",
        priority=2,
        owner="desk",
        channel="phone",
        registered_at=now,
    )


@pytest.fixture
def cancelled(now: datetime) -> RequestCancelled:
    return RequestCancelled(request=REQUEST, branch="SH01", reason="it works again", cancelled_at=now)


@pytest.fixture
def reopened(now: datetime) -> RequestReopened:
    return RequestReopened(request=REQUEST, branch="SH01", visit=2, reason="dissatisfied", reopened_at=now)


@pytest.fixture
def slip_news(now: datetime) -> News:
    def make(kind: type[SlipEvent], slip_version: int = 1, visit: int = 1) -> SlipEvent:
        lines = {"lines": ()} if kind is PartReserved else {"missing": ()}
        about = {"slip": f"IS-261123-0001-{visit}", "order": ORDER, "request": REQUEST, "branch": "SH01"}
        return kind.model_validate({**about, "visit": visit, "at": now, "slip_version": slip_version, **lines})

    return make


@pytest.fixture
def reserved_news(slip_news: News) -> PartReserved:
    events: PartReserved = slip_news(PartReserved, 2)
    return events


@pytest.fixture
def short_news(slip_news: News) -> PartShort:
    events: PartShort = slip_news(PartShort, 1)
    return events


@pytest.fixture
def report() -> ServiceReport:
    return ServiceReport.model_validate(
        {"cause": "compressor worn", "solution": "compressor replaced", "tested": True, "signed_by": "Mrs Li"}
        | {"parts_used": [{"part": "COMP-1", "quantity": 1}]}
    )


@pytest.fixture
def waiting(registered: RequestRegistered, now: datetime, policy: OrderPolicy) -> WorkOrder:
    return open_order(ORDER, registered, now, "intake", policy)[0]


@pytest.fixture
def offered(waiting: WorkOrder, technician: TechnicianMaker, now: datetime, policy: OrderPolicy) -> WorkOrder:
    return assignment.assign_technician(waiting, [technician()], now, "dispatch", policy)[1][0]


@pytest.fixture
def accepted(offered: WorkOrder, now: datetime, policy: OrderPolicy) -> WorkOrder:
    return visit.accept_visit(offered, now, "T1", policy)[0]


@pytest.fixture
def on_the_way(accepted: WorkOrder, now: datetime) -> WorkOrder:
    return visit.depart_for_visit(accepted, now, "T1")[0]


@pytest.fixture
def arrived(on_the_way: WorkOrder, now: datetime, policy: OrderPolicy) -> WorkOrder:
    return visit.arrive_at_visit(on_the_way, now + timedelta(minutes=30), "T1", policy)[0]


@pytest.fixture
def completed(arrived: WorkOrder, report: ServiceReport, now: datetime, policy: OrderPolicy) -> WorkOrder:
    return visit.complete_visit(arrived, report, now + timedelta(hours=1), "T1", policy)[0]


@pytest.fixture
def clock(now: datetime) -> ManualClock:
    return ManualClock(now)


@pytest.fixture
async def running(urls: Any, clock: ManualClock) -> AsyncIterator[RunningSystem]:
    """The service on real servers."""
    async with start_system(urls, clock, [(build_service, Settings)]) as built:
        watch(built)
        yield built
