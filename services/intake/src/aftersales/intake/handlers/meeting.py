"""The weekly meeting's minutes (ALL-8)."""

from datetime import datetime

from aftersales.common.work import Work
from aftersales.intake.domain.meeting import Meeting, MinutesForm, record


async def record_minutes(work: Work, proposed: Meeting, form: MinutesForm, begins: datetime) -> Meeting:
    """Keep the minutes with the agenda of the first time they were written, which later cases do not change."""
    meeting = await work.get(Meeting, proposed.id) or proposed
    recorded = record(meeting, form, begins, work.now)
    return recorded if recorded == meeting else work.put(recorded)
