"""Stock, slips and the events around them."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from common.answers import watch

from aftersales.common.events.dispatch import OrderCancelled, PartNeeded, RepairCompleted, TechnicianAssigned
from aftersales.common.events.intake import ProductRef
from aftersales.inventory.main import build_service
from aftersales.inventory.settings import Settings
from aftersales.inventory.slips.domain import IssueSlip, SlipLine, slip_id
from aftersales.inventory.stock import domain as stock
from aftersales.inventory.stock.domain import Receipt, StockItem
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningSystem, start_system

PRODUCT = ProductRef(serial="SN1", model="BCD-200", line="refrigerator")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.fixture
def goods(now: datetime) -> Callable[..., StockItem]:
    """Stock of COMP-1 in SH01: `goods(("A", 3), ("B", 2))`, older lots first."""

    def make(*lots: tuple[str, int]) -> StockItem:
        item = stock.empty_stock("SH01", "COMP-1")
        for day, (lot, quantity) in enumerate(lots, 1):
            at = now.replace(day=day)
            form = Receipt(branch="SH01", part="COMP-1", lot=lot, bin="W1-01", quantity=quantity, received_at=at)
            item, _ = stock.receive_lot(item, form, now)
        return item

    return make


@pytest.fixture
def slip() -> Callable[..., IssueSlip]:
    """Make a slip that wants some COMP-1."""

    def make(wanted: int = 1, number: int = 1, part: str = "COMP-1") -> IssueSlip:
        request = f"SR-261123-{number:04d}"
        return IssueSlip(
            id=slip_id(request, 1),
            branch="SH01",
            order=f"WO-261123-{number:04d}",
            request=request,
            visit=1,
            product=PRODUCT,
            lines=(SlipLine(part=part, wanted=wanted),),
        )

    return make


class Story:
    """What dispatch says about one request."""

    def __init__(self, now: datetime, number: int, branch: str) -> None:
        self.now, self.number, self.branch = now, number, branch

    def _about(self, visit: int) -> dict[str, Any]:
        number = f"261123-{self.number:04d}"
        about = {"order": f"WO-{number}", "request": f"SR-{number}", "branch": self.branch}
        return {**about, "visit": visit, "at": self.now}

    def assigned(self, visit: int = 1, technician: str = "T1") -> TechnicianAssigned:
        return TechnicianAssigned(
            **self._about(visit),
            technician=technician,
            product=PRODUCT,
            fault="no-cooling",
            priority=2,
            appointment_start=self.now,
            appointment_end=self.now,
        )

    def needed(self, part: str = "FAN-1", quantity: int = 1, visit: int = 1) -> PartNeeded:
        return PartNeeded(**self._about(visit), part=part, quantity=quantity)

    def completed(self, visit: int = 1, **used: int) -> RepairCompleted:
        """Say the repair is done: `completed(COMP_1=1)`."""
        return RepairCompleted.model_validate(
            self._about(visit)
            | {"technician": "T1", "product": PRODUCT, "fault": "no-cooling", "cause": "worn", "solution": "replaced"}
            | {"parts_used": [{"part": part.replace("_", "-"), "quantity": n} for part, n in used.items()]}
        )

    def cancelled(self, visit: int = 1) -> OrderCancelled:
        return OrderCancelled(**self._about(visit), reason="it works again")


@pytest.fixture
def story(now: datetime) -> Callable[..., Story]:
    def make(number: int = 1, branch: str = "SH01") -> Story:
        return Story(now, number, branch)

    return make


@pytest.fixture
def clock(now: datetime) -> ManualClock:
    return ManualClock(now)


@pytest.fixture
async def running(urls: Any, clock: ManualClock) -> AsyncIterator[RunningSystem]:
    """The service on real servers."""
    async with start_system(urls, clock, [(build_service, Settings)]) as built:
        watch(built)
        yield built
