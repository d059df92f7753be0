"""The smallest service, running on real servers."""

from collections.abc import AsyncIterator

import pytest
from common.counter import service

from aftersales.common.settings import ServiceSettings
from aftersales.testing.system import RunningService, start_system


@pytest.fixture
async def counter(urls, clock) -> AsyncIterator[RunningService]:
    async with start_system(urls, clock, [(service, ServiceSettings)]) as built:
        yield built.counter


@pytest.fixture(params=["motor", "pymongo"])
async def counter_on(request, urls, clock) -> AsyncIterator[RunningService]:
    """The same on each driver (ADR 4)."""
    async with start_system(urls, clock, [(service, ServiceSettings)], mongo_driver=request.param) as built:
        yield built.counter
