"""The shipped policies (ALL-1): they load, lint clean, are packaged, and name the rule behind each figure."""

import csv
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

from aftersales.policy.choose import Facts, PolicyIndex, choose_policy
from aftersales.policy.lint import find_ties, lint_policy
from aftersales.policy.model import Policy
from aftersales.policy.presets import load_presets, preset_texts
from aftersales.policy.reading import parse_policy

ROOT = Path(__file__).parents[2]
NAMES = {
    *("agri-machinery", "appliance", "building-materials", "e-bike", "e-commerce"),
    *("enterprise", "enterprise-12h", "medical-equipment", "property"),
}
LAST = {"ALL": 10, "INT": 14, "DSP": 19, "INV": 17, "FBK": 12}
RULES = {f"{part}-{number}" for part, last in LAST.items() for number in range(1, last + 1)}
RULE = re.compile(r"\b[A-Z]{3}-\d+\b")
POLICIES = {policy.name: policy for policy in load_presets()}


def unsourced(text: str) -> list[str]:
    """Lines with a figure and no rule that exists behind it."""
    found = []
    for line in text.splitlines():
        figures, _, comment = line.partition("#")
        rules = set(RULE.findall(comment))
        if not rules <= RULES or (re.search(r"\d|\bnull\b", figures) and not rules):
            found.append(line)
    return found


def test_all_1_each_way_of_doing_business_in_the_rulebook_has_a_preset() -> None:
    assert preset_texts().keys() == POLICIES.keys() == NAMES
    assert {policy.version for policy in load_presets()} == {0}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_preset_has_no_errors_and_warns_only_of_open_amounts_and_of_stages_that_nobody_starts_yet(name: str) -> None:
    found = lint_policy(POLICIES[name])
    waiting = {finding.params["stage"] for finding in found if finding.code == "policy.stage_never_starts"}

    assert {finding.code for finding in found} <= {"policy.amount_open", "policy.stage_never_starts"}
    assert waiting <= {"fine", "training", "callback_satisfaction", "callback_riding"}
    assert {finding.level for finding in found} <= {"warning"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_figure_of_a_preset_names_the_rule_it_comes_from(name: str) -> None:
    assert unsourced(preset_texts()[name]) == []


@pytest.mark.parametrize(
    "line", ["target: PT15M", "target: PT15M  # soon", "target: PT15M  # DSP-20", "amount: null", "who: me  # XYZ-1"]
)
def test_a_figure_without_a_rule_and_a_rule_that_does_not_exist_are_noticed(line: str) -> None:
    assert unsourced(f"a: b\n{line}\nc: 1  # ALL-1") == [line]


def test_the_rules_that_have_figures_are_all_cited() -> None:
    cited = {rule for text in preset_texts().values() for rule in RULE.findall(text)}
    figures = {
        *("ALL-1", "ALL-3", "ALL-7", "ALL-8", "ALL-10"),
        *("INT-1", "INT-2", "INT-3", "INT-5", "INT-6", "INT-8", "INT-9", "INT-13", "INT-14"),
        *("DSP-1", "DSP-2", "DSP-3", "DSP-5", "DSP-8", "DSP-9", "DSP-12", "DSP-14", "DSP-15", "DSP-16", "DSP-17"),
        *("DSP-18", "INV-3", "INV-5", "INV-6", "INV-8", "INV-10", "INV-11", "INV-12", "INV-17"),
        *("FBK-1", "FBK-2", "FBK-3", "FBK-4", "FBK-5", "FBK-6", "FBK-8", "FBK-10", "FBK-12"),
    }

    assert figures - cited == set()


def test_a_preset_survives_json_as_it_is() -> None:
    for policy in load_presets():
        assert Policy.model_validate_json(policy.model_dump_json()) == policy
        assert Policy.model_validate(policy.model_dump()) == policy


def test_no_two_presets_compete_and_enterprise_takes_what_the_others_leave() -> None:
    assert find_ties(load_presets()) == ()
    assert choose_policy(PolicyIndex(()), Facts("", "", "", "", date(2026, 11, 26))).name == "enterprise"
    assert choose_policy(PolicyIndex(()), Facts("", "", "", "key", date(2026, 11, 26))).name == "enterprise-12h"


def test_each_line_of_the_demo_has_the_policy_for_appliances() -> None:
    with (ROOT / "deploy" / "demo" / "data" / "customers.csv").open(encoding="utf-8-sig") as file:
        lines = {row["line"] for row in csv.DictReader(file)}

    assert len(lines) > 3
    assert lines <= set(POLICIES["appliance"].scope.lines)


def test_the_wheel_has_the_presets_in_it(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT / "libs" / "policy",
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    packed = {Path(name).stem for name in zipfile.ZipFile(wheel).namelist() if "policy/presets" in name}

    assert packed >= NAMES


def test_reading_a_preset_that_is_broken_is_noticed() -> None:
    assert parse_policy(preset_texts()["property"].replace("PT15M", "a while")).policy is None
