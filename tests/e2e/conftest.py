"""All four services in this process, on real servers."""

from collections.abc import AsyncIterator

import pytest
from common.answers import watch

from aftersales.dispatch.main import build_service as dispatch
from aftersales.dispatch.settings import Settings as DispatchSettings
from aftersales.feedback.main import build_service as feedback
from aftersales.feedback.settings import Settings as FeedbackSettings
from aftersales.intake.main import build_service as intake
from aftersales.intake.settings import Settings as IntakeSettings
from aftersales.inventory.main import build_service as inventory
from aftersales.inventory.settings import Settings as InventorySettings
from aftersales.testing.system import RunningSystem, ServiceRow, start_system

ROWS: list[ServiceRow] = [
    (intake, IntakeSettings),
    (dispatch, DispatchSettings),
    (inventory, InventorySettings),
    (feedback, FeedbackSettings),
]


@pytest.fixture
async def aftersales(urls, clock) -> AsyncIterator[RunningSystem]:
    async with start_system(urls, clock, ROWS) as built:
        watch(built)
        yield built
