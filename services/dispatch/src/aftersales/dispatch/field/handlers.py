"""Use cases: the commands of a phone are those of the single routes."""

from typing import Any

from aftersales.dispatch.changes import handlers as changes
from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.dispatch.orders.store import Rules
from aftersales.dispatch.visits import handlers as visits
from aftersales.engine import Call, prepare_call

from .domain import OrderCommand

_PLAIN: dict[str, Any] = {
    "depart": visits.depart_for_visit,
    "need-part": visits.request_part,
    "pause": changes.pause_work,
    "resume": changes.resume_work,
    "not-reached": changes.report_not_reached,
}
_BY_RULES: dict[str, Any] = {
    "accept": visits.accept_visit,
    "decline": visits.decline_visit,
    "arrive": visits.arrive_at_visit,
    "diagnose": visits.record_diagnosis,
    "complete": visits.complete_visit,
    "move": changes.rebook_visit,
    "take-unit": changes.take_unit,
    "return-unit": changes.return_unit,
}


def find_call(given: OrderCommand, rules: Rules) -> Call[WorkOrder]:
    """Return the call that the command's own route would make."""
    if handler := _PLAIN.get(given.command):
        return prepare_call(handler, given.order, given.body)
    return prepare_call(_BY_RULES[given.command], given.order, given.body, rules)
