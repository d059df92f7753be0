"""Events in: every milestone of a request, policies, branches' hours, and the end of the heartbeat."""

from functools import partial

from aftersales.common import branch_hours
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import PRODUCES
from aftersales.common.events.intake import BranchRegistered, PolicyPublished
from aftersales.common.events.inventory import InventoryHeartbeat
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import keep_policy
from aftersales.engine import Consumer, Heartbeat, Library, Work, on, use_case

from .followups import handlers as followups
from .followups.domain import Usual
from .timelines import handlers as timelines
from .timelines.domain import MILESTONES


def consumers(library: Library, usual: Usual) -> tuple[Consumer, ...]:
    """Give each event its handler. Our own milestones are noted when they are made."""
    others = [kind for kind in MILESTONES if kind not in {*PRODUCES, RepairCompleted}]
    return (
        *(on(kind, timelines.note) for kind in others),
        on(RepairCompleted, partial(followups.schedule_followup, library=library, usual=usual)),
        on(BranchRegistered, branch_hours.hear_of_hours),
        on(PolicyPublished, keep_policy),
        on(InventoryHeartbeat, _note_beat),
    )


@use_case(preload=lambda: ((Heartbeat, BEAT),))
async def _note_beat(work: Work, event: InventoryHeartbeat) -> None:
    """Note the beat: here the chain ends."""
    seen = pass_on(await work.get(Heartbeat, BEAT), event.started_at)
    if seen:
        work.put(seen[0])
