"""All four services in this process, on real servers."""

from collections.abc import AsyncIterator

import pytest
from common.answers import watch

from aftersales.dispatch.main import service as dispatch
from aftersales.dispatch.settings import Settings as DispatchSettings
from aftersales.feedback.main import service as feedback
from aftersales.feedback.settings import Settings as FeedbackSettings
from aftersales.intake.main import service as intake
from aftersales.intake.settings import Settings as IntakeSettings
from aftersales.inventory.main import service as inventory
from aftersales.inventory.settings import Settings as InventorySettings
from aftersales.testing.house import House, Row, house

ROWS: list[Row] = [
    (intake, IntakeSettings),
    (dispatch, DispatchSettings),
    (inventory, InventorySettings),
    (feedback, FeedbackSettings),
]


@pytest.fixture
async def aftersales(urls, clock) -> AsyncIterator[House]:
    async with house(urls, clock, ROWS) as built:
        watch(built)
        yield built
