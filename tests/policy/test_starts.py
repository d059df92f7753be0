"""`policy lint` warns of stages that nobody starts, and what it knows of the services is true (ALL-3)."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest

from aftersales.dispatch.orders.domain.order import STAGES as OF_DISPATCH
from aftersales.intake.agreements.domain.contract_terms import COMMISSIONING, TRAINING
from aftersales.intake.office.domain.handover import HANDOVER
from aftersales.intake.public.domain.complaint import OF_A_COMPLAINT
from aftersales.intake.requests.domain.request import STAGES as OF_INTAKE
from aftersales.policy.lint import lint_policy
from aftersales.policy.model.stages import MILESTONES, Stage
from aftersales.policy.model.starts import REPORTED, RUN_BY
from aftersales.policy.presets import load_presets

ROOT = Path(__file__).parents[2]
UNNAMED = {
    "intake": {"contract_signed"},
    "dispatch": {"technician_assigned"},
    "feedback": {"followup_due", "result_handed"},
}
"""Milestones whose stage is started by its name: a contract is signed, an appointment agreed, a call planned."""


def _literals(service: str) -> set[str]:
    """The milestones that stand as texts in the domain rules of a service."""
    found: set[str] = set()
    for path in (ROOT / "services" / service / "src").rglob("*.py"):
        if "timelines" not in path.parts:
            texts = (
                node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
            )
            found |= {text for text in texts if isinstance(text, str) and text in MILESTONES}
    return found


def test_all_3_each_stage_is_run_by_the_service_that_is_named() -> None:
    ours = OF_INTAKE | OF_A_COMPLAINT | {HANDOVER, COMMISSIONING, TRAINING}
    assert {stage for stage, runner in RUN_BY.items() if runner == "intake"} == ours
    assert {stage for stage, runner in RUN_BY.items() if runner == "dispatch"} == OF_DISPATCH


@pytest.mark.parametrize("service", ["intake", "dispatch", "feedback"])
def test_all_3_each_milestone_is_reported_by_the_service_that_is_named(service: str) -> None:
    assert REPORTED[service] - UNNAMED.get(service, set()) <= _literals(service)  # type: ignore[index]


def test_all_3_no_milestone_is_called_unreported_that_a_service_reports() -> None:
    started = set().union(*REPORTED.values())
    rules = [path.read_text("utf-8") for path in (ROOT / "services").rglob("src/**/domain/*.py")]
    reached = {found for text in rules for found in re.findall(r'(?:pass|reach)_[a-z]+\([^)]*?"([a-z_]+)"', text)}
    assert reached & MILESTONES <= started


def test_all_3_a_stage_that_nobody_starts_is_warned_of() -> None:
    policy = next(preset for preset in load_presets() if preset.name == "appliance")
    own = Stage(starts_on="request_registered", stops_on="request_closed", target=timedelta(hours=1))
    changed = policy.model_copy(update={"stages": {**policy.stages, "our_own": own}})
    told = {finding.params["stage"] for finding in lint_policy(changed) if finding.code == "policy.stage_never_starts"}
    assert told == {"our_own"}
