"""Intake with gateways, and a customer who can be reached by phone and e-mail."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from aftersales.intake.main import build_service
from aftersales.intake.settings import Settings
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService, start_system

CALLER = {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"}
PLACE = {"name": "北京", "zone": "Asia/Shanghai", "location": {"lat": 39.9, "lon": 116.4}}
Start = Callable[..., Any]


@pytest.fixture
def start(urls: Any, clock: ManualClock) -> Start:
    @asynccontextmanager
    async def started(**settings: Any) -> AsyncIterator[RunningService]:
        made = [(build_service, partial(Settings, **settings))]
        async with start_system(urls, clock, made) as system:
            assert (await system.intake.http.put("/branches/BJ01", json=PLACE)).status_code == 200
            customer = {**CALLER, "branch": "BJ01", "email": "wang@example.org", "language": "zh-Hant"}
            assert (await system.intake.http.post("/customers", json=customer)).status_code < 300
            yield system.intake

    return started
