"""The people, things and events of intake's tests."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from common.answers import watch
from common.heard import DecodedEvents, hear_events

from aftersales.common.events.dispatch import AssignmentAccepted, RepairCompleted, TechnicianAssigned, UsedPart
from aftersales.common.events.feedback import DissatisfactionRaised, SurveyAnswered
from aftersales.common.events.intake import ProductRef
from aftersales.common.events.inventory import MissingLine, PartReserved, PartShort
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.main import build_service
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain.form import RegisterRequest
from aftersales.intake.requests.domain.registration import Archive, Taken, register_request
from aftersales.intake.requests.domain.request import Ground, ServiceRequest
from aftersales.intake.settings import Settings
from aftersales.policy.choose import Facts, fallback_policy
from aftersales.policy.presets import load_presets
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService, RunningSystem, start_system

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NUMBER = "SR-261122-7K3F"
FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "rf-0001", "model": "BCD-258", "line": "refrigerator", "purchased_on": "2026-01-31"},
    "fault": "no-cooling",
    "description": "冷藏室不制冷",
}
PRODUCT = ProductRef(serial="RF-0001", model="BCD-258", line="refrigerator")


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def number() -> str:
    return NUMBER


@pytest.fixture
def form() -> Callable[..., RegisterRequest]:
    return lambda **changes: RegisterRequest.model_validate(FORM | changes)


@pytest.fixture
def ground() -> Ground:
    """What a refrigerator's repair in Beijing stands on when nothing was published."""
    branch = Branch(id="BJ01", branch="BJ01", name="北京", zone="Asia/Shanghai", location={"lat": 39.9, "lon": 116.4})
    return Ground(branch, fallback_policy(Facts("BJ01", "refrigerator", "repair", "C", NOW.date())))


@pytest.fixture
def archive() -> Archive:
    customer = Customer(id="c-1", branch="BJ01", name="王芳", phone="+8613800138000", address="朝阳区建国路 1 号")
    return Archive(customer, Product(id="RF-0001", branch="BJ01", model="BCD-258", line="refrigerator", customer="c-1"))


@pytest.fixture
def registered(form: Callable[..., RegisterRequest], archive: Archive, ground: Ground) -> ServiceRequest:
    return register_request(NUMBER, form(), archive, Taken("desk-7", NOW), ground)[0]


def _about(visit: int, hours: float) -> dict[str, Any]:
    at = NOW + timedelta(days=visit, hours=hours)
    return {"request": NUMBER, "order": "WO-261122-7K3F", "branch": "BJ01", "visit": visit, "at": at}


def repaired(visit: int = 1, request: str = NUMBER, **changes: Any) -> RepairCompleted:
    said = {"technician": "T-9", "product": PRODUCT, "fault": "no-cooling", "cause": "worn", "solution": "replaced"}
    parts = (UsedPart(part="COMP-1", quantity=1),)
    return RepairCompleted(**(_about(visit, 1) | said | {"parts_used": parts, "request": request} | changes))


def dissatisfied(visit: int = 1, request: str = NUMBER, **changes: Any) -> DissatisfactionRaised:
    about = _about(visit, 5) | {"request": request, "followup": f"FU-261122-7K3F-{visit}"} | changes
    return DissatisfactionRaised(**about, mark=1.5)


def answered(visit: int = 1, request: str = NUMBER, *, satisfied: bool = True) -> SurveyAnswered:
    about = _about(visit, 5) | {"request": request, "followup": f"FU-261122-7K3F-{visit}"}
    return SurveyAnswered(**about, mark=4.5 if satisfied else 1.5, satisfied=satisfied)


def assigned(visit: int = 1, request: str = NUMBER, **changes: Any) -> TechnicianAssigned:
    said = {"technician": "T-9", "product": PRODUCT, "fault": "no-cooling", "priority": 3, "request": request}
    about = _about(visit, 0) | said | changes
    return TechnicianAssigned(**about, appointment_start=about["at"], appointment_end=about["at"])


def accepted(visit: int = 1, request: str = NUMBER, **changes: Any) -> AssignmentAccepted:
    return AssignmentAccepted(**_about(visit, 0) | {"technician": "T-9", "request": request} | changes)


def short(visit: int, version: int, request: str = NUMBER, **changes: Any) -> PartShort:
    return PartShort(**_slip(visit, version, request) | changes, missing=(MissingLine(part="COMP-1", quantity=1),))


def reserved(visit: int, version: int, request: str = NUMBER, **changes: Any) -> PartReserved:
    return PartReserved(**_slip(visit, version, request) | changes, lines=())


def _slip(visit: int, version: int, request: str) -> dict[str, Any]:
    return _about(visit, 0) | {"request": request, "slip": f"IS-261122-7K3F-{visit}", "slip_version": version}


@pytest.fixture
def say() -> dict[str, Callable[..., Any]]:
    """What other services say about the request, by the word for it."""
    parts: dict[str, Callable[..., Any]] = {"accepted": accepted, "short": short, "reserved": reserved}
    return {"assigned": assigned, "repaired": repaired, "dissatisfied": dissatisfied, "answered": answered} | parts


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def built(urls: Any, clock: ManualClock) -> AsyncIterator[RunningSystem]:
    """Intake alone, with retries enough for the worst order of arrival."""
    tiers = tuple(timedelta(milliseconds=ms) for ms in (100, 150, 200, 250, 300, 350))
    async with start_system(urls, clock, [(build_service, Settings)], retry_tiers=tiers) as system:
        watch(system)
        yield system


@pytest.fixture
async def intake(built: RunningSystem) -> RunningService:
    """Intake with one branch."""
    place = {"name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
    answer = await built.intake.http.put("/branches/BJ01", json=place)
    assert answer.status_code == 200, answer.text
    return built.intake


@pytest.fixture
async def heard(built: RunningSystem) -> AsyncIterator[DecodedEvents]:
    """What intake has published since."""
    async with hear_events(built, built.intake) as all_of:
        yield all_of


@pytest.fixture
def under(ground: Ground) -> Callable[[str], Ground]:
    return lambda name: replace(ground, policy=next(policy for policy in load_presets() if policy.name == name))


@pytest.fixture
def take(form: Callable[..., Any], archive: Archive, under: Callable[[str], Ground]) -> Callable[..., ServiceRequest]:
    """Register a request under a policy."""

    def taken(policy: str, **changes: Any) -> ServiceRequest:
        ground = under(policy)
        return register_request("SR-261122-7K3F", form(**changes), archive, Taken("desk-7", NOW), ground)[0]

    return taken


@pytest.fixture
def company(under: Callable[[str], Ground]) -> Ground:
    return under("enterprise")
