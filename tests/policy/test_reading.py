"""Policies as people write them: every complaint with its line and column, and none of the traps of YAML 1.1."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from bson import decode, encode
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aftersales.policy.choose import Facts, PolicyIndex, choose_policy
from aftersales.policy.difference import diff_policies
from aftersales.policy.findings import dotted_path
from aftersales.policy.lint import lint_policy
from aftersales.policy.model import Policy
from aftersales.policy.model.cover import Priority
from aftersales.policy.model.figures import Duration
from aftersales.policy.model.stages import CASES, Stage
from aftersales.policy.presets import load_presets, preset_texts
from aftersales.policy.reading import parse_policy

TEXT = preset_texts()["property"]
DURATION = TypeAdapter(Duration)


def complaints(text: str) -> list[tuple[int, int, str, str]]:
    draft = parse_policy(text)
    assert draft.policy is None
    return [(*draft.place(finding.path), finding.code, dotted_path(finding.path)) for finding in draft.findings]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_field_that_does_not_fit_is_named_with_its_line_and_column() -> None:
    text = (
        TEXT.replace("PT15M", "15").replace("moves: 1", "moves: -1").replace("needs_cause: true", "needs_cause: yes!")
    )

    assert complaints(text) == [
        (line_of(text, "target: 15"), 13, "duration.malformed", "stages.dispatch.target"),
        (line_of(text, "moves: -1"), 10, "field.greater_than_equal", "appointments.moves"),
        (line_of(text, "needs_cause"), 18, "field.bool_type", "penalties[0].needs_cause"),
    ]


def test_a_field_that_nobody_knows_and_one_that_is_missing_are_told_where_they_belong() -> None:
    text = TEXT.replace("  moves: 1 ", "  move: 1 ").replace("stops_on: request_reviewed", "")

    found = complaints(text)

    assert (line_of(text, "review:") + 1, 5, "field.missing", "stages.review.stops_on") in found
    assert (line_of(text, "move: 1"), 9, "field.extra_forbidden", "appointments.move") in found


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("name: a\nscope: {lines: [a, b}\n", "policy.yaml_broken", (2, 21)),
        ("name: a\n\tscope: b\n", "policy.yaml_broken", (2, 1)),
        ("name: a\nversion: 1\nname: b\n", "policy.key_twice", (3, 1)),
        ("a: &x {b: 1}\nc: *x\n", "policy.yaml_alias", (1, 4)),
        ("a: &x [*x]\n", "policy.yaml_alias", (1, 4)),
        ("- a\n- b\n", "policy.no_mapping", (1, 1)),
        ("", "policy.no_mapping", (1, 1)),
        ("a: 1\n---\nb: 1\n", "policy.yaml_broken", (2, 1)),
        ("name: a\ntitle: \x07\n", "policy.yaml_broken", (2, 8)),
        ("a: [b, !!int c]\n", "policy.yaml_broken", (1, 8)),
        ("a: " + "[" * 2000 + "]" * 2000, "policy.yaml_broken", (1, 1)),
        ("a: " + "[" * 200_000, "policy.yaml_broken", (1, 1)),
        ("- " * 200_000, "policy.yaml_broken", (1, 1)),
        ("a: !!python/object:os.system x\n", "policy.yaml_broken", (1, 4)),
    ],
)
def test_what_is_no_policy_at_all_is_told_with_its_place(text: str, code: str, place: tuple[int, int]) -> None:
    draft = parse_policy(text)
    (finding,) = draft.findings

    assert (finding.code, draft.place(finding.path)) == (code, place)


def test_times_dates_and_words_of_yaml_1_1_are_text() -> None:
    text = TEXT.replace('"23:59"', "12:30").replace("en: Building", "en: Building").replace("[不行,", "[no, off, 不行,")
    draft = parse_policy(text)

    assert draft.policy
    assert draft.policy.stages["review"].due
    assert draft.policy.stages["review"].due.time == "12:30"
    assert draft.policy.phrases.forbidden[:2] == ("no", "off")


@given(st.text())
def test_any_text_is_a_policy_or_gets_an_answer(text: str) -> None:
    draft = parse_policy(text)

    assert draft.policy or draft.findings


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 40), st.text(max_size=10))
def test_any_slip_of_the_pen_is_a_policy_or_gets_an_answer(at: int, length: int, instead: str) -> None:
    draft = parse_policy(TEXT[:at] + instead + TEXT[at + length :])

    assert draft.policy or all(draft.place(finding.path) >= (1, 1) for finding in draft.findings)


@given(st.integers(0, 9999 * 24 * 3600))
def test_a_duration_is_written_as_it_is_read(seconds: int) -> None:
    duration = timedelta(seconds=seconds)

    assert DURATION.validate_python(DURATION.dump_python(duration)) == duration


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "P1M", "P1Y", "20", "20M", "00:20:00", "-PT5M", "PT1.5H", "P1DT", "3 days", "pt20m", 20, 1.5],
)
def test_what_has_no_fixed_length_or_no_unit_is_no_duration(text: object) -> None:
    with pytest.raises(ValidationError, match=r"duration\.malformed"):
        DURATION.validate_python(text)


def test_a_policy_can_be_stored_as_a_document() -> None:
    for policy in load_presets():
        assert Policy.model_validate(decode(encode(policy.model_dump()))) == policy


STAGE = Stage.model_validate(
    {
        "starts_on": "request_registered",
        "stops_on": "technician_arrived",
        "target": "PT4H",
        "by_priority": {"1": "PT1H"},
        "cases": {"rush": {"calendar": "rush"}, "far": {"target": "PT8H"}, "emergency": {"due": {"time": "12:00"}}},
        "calendar": "branch",
    }
)


@pytest.mark.parametrize(
    ("priority", "cases", "hours", "calendar"),
    [
        (2, [], 4, "branch"),
        (1, [], 1, "branch"),
        (1, ["far"], 8, "branch"),
        (3, ["far", "rush"], 8, "rush"),
        (3, ["holiday"], 4, "branch"),
        (1, ["far", "emergency"], None, "branch"),
    ],
)
def test_all_10_a_case_decides_before_the_priority_and_each_figure_for_itself(priority, cases, hours, calendar) -> None:
    promise = STAGE.promise(priority, cases)

    assert promise.target == (hours and timedelta(hours=hours))
    assert promise.calendar == calendar
    assert (promise.due is None) == (hours is not None)


def test_all_3_a_stage_has_the_ladder_of_its_policy_unless_it_names_its_own() -> None:
    system = next(policy for policy in load_presets() if policy.name == "property")

    assert system.ladder_of(system.stages["arrival"]) == system.ladder
    assert system.ladder_of(system.stages["dispatch"])[0].role == "supervisor"
    assert CASES[0] == "emergency"


@pytest.mark.parametrize(
    ("customer_class", "urgency", "danger", "raised", "rank"),
    [
        ("A", 3, False, 0, 1),
        ("A", 1, False, 0, 2),
        ("B", 1, False, 0, 3),
        ("C", 1, False, 0, 4),
        ("unheard-of", 1, False, 0, 4),
        ("C", 1, True, 0, 1),
        ("C", 1, False, 1, 3),
        ("A", 3, False, 2, 1),
    ],
)
def test_int_5_and_int_9_priority_is_importance_by_urgency_raised_by_danger_and_by_a_repeat(
    customer_class, urgency, danger, raised, rank
) -> None:
    priority = Priority(importance={"A": 3, "B": 2, "C": 1}, thresholds=(6, 3, 2))

    assert priority.rank(customer_class, urgency, danger=danger, raised=raised) == rank


def test_the_example_of_the_documentation_lints_clean_and_wins_at_its_branch() -> None:
    page = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
    (edit,) = (block.split("```")[0] for block in page.split("```yaml\n") if block.startswith("name: sh-01-appliance"))
    text = preset_texts()["appliance"]
    for line in edit.splitlines():
        key = line.partition(":")[0]
        text = re.sub(rf"^{key}:.*$", line, text, count=1, flags=re.MULTILINE)
    text = text.replace("target: PT15M", "target: PT10M", 1)
    policy = parse_policy(text).policy
    item = Facts("sh-01", "refrigerator", "repair", "A", date(2027, 1, 1))

    assert policy
    assert {finding.code for finding in lint_policy(policy)} == {"policy.amount_open"}
    assert [
        (dotted_path(path), new) for path, _, new in diff_policies(load_presets()[1], policy) if path[0] == "stages"
    ] == [("stages.dispatch.target", "PT10M")]
    assert choose_policy(PolicyIndex([policy]), item) is policy


def leaves(node, path=()):
    """Every number and flag, with the way there."""
    if isinstance(node, dict | list):
        for key, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(inner, (*path, key))
    elif isinstance(node, bool | int | float):
        yield path, node


def put(node, path, value):
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value


@pytest.mark.parametrize("name", ["agri-machinery", "e-commerce", "enterprise"])
def test_no_number_or_flag_is_taken_from_text_or_from_each_other(name):
    """ALL-1: a figure that was meant otherwise is refused, not guessed."""
    whole = next(policy for policy in load_presets() if policy.name == name).model_dump(mode="json")
    taken = []
    for path, value in list(leaves(whole)):
        for wrong in (str(value).lower(), int(value) if isinstance(value, bool) else True):
            put(whole, path, wrong)
            try:
                Policy.model_validate(whole)
                taken.append((path, wrong))
            except ValidationError:
                pass
        put(whole, path, value)
    assert taken == []
