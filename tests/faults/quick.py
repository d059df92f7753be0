"""A service policy whose clocks warn and breach within a fault run of minutes."""

from datetime import timedelta
from typing import Any

from aftersales.policy.model import Scope
from aftersales.policy.model.aftercare import Call, Callbacks
from aftersales.policy.model.field_work import Appointments
from aftersales.policy.model.stages import Level, Stage
from aftersales.policy.presets import load_presets

S = timedelta(seconds=1)
_LADDER = (Level(role="supervisor", after=2 * S), Level(role="centre", after=4 * S))


def quick_policy() -> dict[str, Any]:
    """As `POST /policies` takes it: for every branch and line."""
    preset = next(policy for policy in load_presets() if policy.name == "enterprise")
    reply = Stage(starts_on="request_registered", stops_on="customer_answered", target=5 * S)
    stages = {
        "first_reply": reply,
        "resolve": Stage(starts_on="request_registered", stops_on="request_resolved", target=8 * S),
        "dispatch": Stage(starts_on="request_registered", stops_on="technician_assigned", target=2 * S),
        "arrival": Stage(
            starts_on="technician_assigned",
            stops_on="technician_arrived",
            agreed_in="appointment",
            pauses=("waiting_part",),
        ),
        "callback": Stage(starts_on="followup_due", stops_on="followup_done", target=3 * S),
    }
    figures = {
        "name": "quick",
        "scope": Scope(),
        "stages": stages,
        "ladder": _LADDER,
        "appointments": Appointments(lead=S, window=3 * S, part_delay=2 * S),
        "callbacks": Callbacks(
            share=1.0, calls=(Call(code="satisfaction", after=S, stage="callback", script="satisfaction"),)
        ),
    }
    return preset.model_copy(update=figures).model_dump(mode="json", exclude={"version"})
