"""Events in: every milestone of a request, policies, branches' hours, and the end of the heartbeat."""

from functools import partial

from aftersales.common import branch_hours
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.feedback import PRODUCES
from aftersales.common.events.intake import BranchRegistered, PolicyPublished
from aftersales.common.events.inventory import InventoryHeartbeat
from aftersales.common.heartbeat import BEAT, pass_on
from aftersales.common.policies import keep_policy, needs_of
from aftersales.engine import BranchHours, Consumer, Heartbeat, Library, Work, on

from .followups import handlers as followups
from .followups.domain import FollowUp, Usual, followup_id
from .timelines import handlers as timelines
from .timelines.domain import MILESTONES, Timeline


def consumers(library: Library, usual: Usual) -> tuple[Consumer, ...]:
    """Give each event its handler. Our own milestones are noted when they are made."""
    others = [kind for kind in MILESTONES if kind not in {*PRODUCES, RepairCompleted}]
    return (
        *(on(kind, timelines.note, needs=lambda e: ((Timeline, e.request),)) for kind in others),
        on(
            RepairCompleted,
            partial(followups.schedule_followup, library=library, usual=usual),
            needs=lambda e: (
                (Timeline, e.request),
                (FollowUp, followup_id(e.request, e.visit)),
                (BranchHours, e.branch),
            ),
        ),
        on(BranchRegistered, branch_hours.hear_of_hours, needs=branch_hours.needs_of),
        on(PolicyPublished, keep_policy, needs=needs_of),
        on(InventoryHeartbeat, _note_beat, needs=lambda _: ((Heartbeat, BEAT),)),
    )


async def _note_beat(work: Work, event: InventoryHeartbeat) -> None:
    """Note the beat: here the chain ends."""
    seen = pass_on(await work.get(Heartbeat, BEAT), event.started_at)
    if seen:
        work.put(seen[0])
