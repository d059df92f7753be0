"""The stages that a service runs, and the milestones that it reports to them: other stages never start. Pure."""

from collections.abc import Mapping
from typing import Literal

from .aftercare import Callbacks
from .stages import Milestone, Stage, StageName

Runner = Literal["intake", "dispatch", "feedback"]
RUN_BY: Mapping[StageName, Runner] = {
    **dict.fromkeys(("review", "first_reply", "answer", "confirm", "resolve", "contact_again", "handover"), "intake"),
    **dict.fromkeys(("complaint_answer", "complaint_verify", "complaint_timetable", "complaint_followup"), "intake"),
    **dict.fromkeys(("refund", "logistics_reply", "logistics", "commissioning", "training"), "intake"),
    **dict.fromkeys(("dispatch", "arrival", "repair", "workshop"), "dispatch"),
    "department_reply": "feedback",
}
"""The service that runs each stage; those of callbacks, too, are run by feedback, whatever they are called."""
REPORTED: Mapping[Runner, frozenset[Milestone]] = {
    "intake": frozenset(
        """
        request_registered request_reviewed request_resolved customer_answered question_referred
        technician_assigned appointment_agreed customer_not_reached customer_contacted shift_ended contract_signed
        complaint_registered complaint_answered complaint_verified complaint_resolved complaint_marked_serious
        complaint_followed_up timetable_promised goods_inspected refund_paid
        parcel_problem_reported parcel_problem_answered parcel_problem_solved
        """.split()  # noqa: SIM905 (one name per line would fill a page)
    ),
    "dispatch": frozenset(
        {"request_registered", "technician_assigned", "technician_arrived", "repair_completed", "unit_taken"}
    ),
    "feedback": frozenset({"followup_due", "result_handed"}),
}
"""The milestones with which each service starts stages."""


def find_runner(name: StageName, stage: Stage, callbacks: Callbacks | None) -> Runner | None:
    """Return the service that starts the stage; None if nobody does."""
    called = callbacks.calls[:1] if callbacks else ()
    runs: Mapping[StageName, Runner] = {**RUN_BY, **{call.stage: "feedback" for call in called}}
    runner = runs.get(name)
    return runner if runner and stage.starts_on in REPORTED[runner] else None
