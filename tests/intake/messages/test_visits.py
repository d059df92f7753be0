"""Messages about visits, which events of dispatch ask for, through a running service (DSP-3, DSP-4, DSP-5)."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from intake.staff import register, say

from aftersales.common.events.dispatch import (
    AppointmentMoved,
    AssignmentAccepted,
    CustomerNotReached,
    DispatchSlaBreached,
    TechnicianAssigned,
    TechnicianDeparted,
)
from aftersales.common.events.intake import ProductRef
from aftersales.testing import ManualClock, eventually

HOUR = timedelta(hours=1)
PRODUCT = ProductRef(serial="RF-0001", model="BCD-258", line="refrigerator")


def _sent(lines: Path) -> dict[str, str]:
    """Return the last text that the gateway wrote for each template."""
    said = [json.loads(line) for line in lines.read_text("utf-8").splitlines()] if lines.exists() else []
    return {one["template"]: one["text"] for one in said}


async def test_dsp_4_the_customer_is_told_who_comes_when_and_of_every_change(
    start: Callable[..., Any], clock: ManualClock, tmp_path: Path
) -> None:
    """A late arrival is apologised for (DSP-3); a technician who has not accepted yet is not named."""
    lines = tmp_path / "sent.jsonl"

    async def told(template: str) -> Any:
        return _sent(lines).get(template)

    async with start(gateways={"message": "file"}, message_file=str(lines)) as intake:
        await say(intake, "PUT", "/people/T-9", name="赵师傅", phone="13900009999", branch="BJ01", roles=["technician"])
        number = await register(intake, channel="phone")
        now = clock.now()
        about: dict[str, Any] = {"order": "WO-1", "request": number, "branch": "BJ01", "visit": 1, "at": now}
        plan = {"appointment_start": now + 3 * HOUR, "appointment_end": now + 4 * HOUR}
        product = {"product": PRODUCT, "fault": "no-cooling", "priority": 3}
        await intake.deliver(TechnicianAssigned(**about, **plan, **product, technician="T-9"))
        await eventually(lambda: told("request_registered"))
        assert await told("appointment_set") is None
        await intake.deliver(AssignmentAccepted(**about, technician="T-9"))
        text = await eventually(lambda: told("appointment_set"))
        assert all(
            word in text for word in (number, "赵师傅 +8613900009999", "2026-11-23 12:00", "2026-11-23 13:00")
        ), text

        later = {name: at + HOUR for name, at in plan.items()}
        about["at"] = now + timedelta(minutes=1)
        await intake.deliver(AppointmentMoved(**about, **later, reason="路上堵车", asked_by="us"))
        assert "2026-11-23 13:00" in await eventually(lambda: told("appointment_moved"))
        await intake.deliver(TechnicianDeparted(**about, technician="T-9"))
        assert "赵师傅" in await eventually(lambda: told("technician_on_the_way"))
        late = {"subject": "WO-1", "request": number, "branch": "BJ01", "deadline": now, "at": now}
        await intake.deliver(DispatchSlaBreached(**late, stage="dispatch"))
        await intake.deliver(DispatchSlaBreached(**late, stage="arrival"))
        assert "非常抱歉" in await eventually(lambda: told("visit_late"))
        await intake.deliver(CustomerNotReached(**about, channel="phone", technician="T-9"))
        assert number in await eventually(lambda: told("not_reached"))

        about["at"] += timedelta(minutes=1)
        await intake.deliver(TechnicianDeparted(**about, technician="T-404"))

        async def unnamed() -> bool:
            return "我們的師傅" in _sent(lines)["technician_on_the_way"]

        assert await eventually(unnamed), "a customer is not told the code of somebody whom intake does not know"
