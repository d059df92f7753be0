"""The clerk who prints."""

from collections.abc import Callable
from typing import Any

import pytest

from aftersales.testing.system import RunningService

CLERK = {"X-Actor": "desk-7"}


@pytest.fixture
def desk(intake: RunningService) -> Callable[..., Any]:
    """A clerk who posts something that must be accepted."""

    async def send(path: str, body: Any = None) -> dict[str, Any]:
        answer = await intake.http.post(path, json=body, headers=CLERK)
        assert answer.status_code in {200, 201}, answer.text
        said: dict[str, Any] = answer.json()
        return said

    return send
