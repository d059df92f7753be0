"""A contact that was taken on paper and is entered later (INT-2, ADR 18)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from intake import staff

from aftersales.common.events.intake import RequestRegistered
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13900000051", "address": "长安街 1 号"},
    "product": {"serial": "TV-51", "model": "TV-1", "line": "e-commerce"},
    "fault": "noisy",
    "description": "电视响",
}
HOUR = timedelta(hours=1)


async def register(intake: RunningService, at: datetime | None, path: str = "/requests") -> Any:
    said = FORM if at is None else FORM | {"at": at.isoformat()}
    if path == "/contacts":
        said = {name: value for name, value in said.items() if name not in {"product", "fault", "description"}}
        subject = {name: FORM[name] for name in ("product", "fault", "description")}
        said |= {"subjects": [subject]}
    return await staff.say(intake, "POST", path, status=201, **said)


@pytest.mark.parametrize("path", ["/requests", "/contacts"])
async def test_int_2_the_promises_of_a_contact_on_paper_count_from_the_contact(
    intake: RunningService, clock: ManualClock, heard: Any, path: str
) -> None:
    now = clock.now()
    entered = await register(intake, now - HOUR, path)
    request = entered[0] if path == "/contacts" else entered
    assert datetime.fromisoformat(request["registered_at"]) == now - HOUR
    assert datetime.fromisoformat(request["entered_at"]) == now
    assert {datetime.fromisoformat(one["started_at"]) for one in request["clocks"]} == {now - HOUR}
    (event,) = await heard(RequestRegistered)
    assert (event.registered_at, event.entered_at) == (now - HOUR, now)


async def test_int_2_an_entry_lies_within_the_policys_bound_and_not_in_the_future(
    intake: RunningService, clock: ManualClock
) -> None:
    now = clock.now()
    at_once = await register(intake, None)
    assert at_once["entered_at"] is None
    early = await register(intake, now - 30 * HOUR)
    assert datetime.fromisoformat(early["registered_at"]) == now - 24 * HOUR
    answer = await intake.http.post("/requests", json=FORM | {"at": (now + HOUR).isoformat()})
    assert (answer.status_code, answer.json()["code"]) == (422, "deed.in_future")
