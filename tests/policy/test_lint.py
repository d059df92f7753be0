"""Each thing that can be wrong with a policy, shown on one that is broken in just this."""

import ast
from collections.abc import Callable
from typing import Any

import pytest
from contracts.codes import collect, sources

from aftersales.policy.calendars import minutes_taken
from aftersales.policy.findings import Finding, dotted_path
from aftersales.policy.lint import lint_policy
from aftersales.policy.model import Policy
from aftersales.policy.presets import load_presets

SOUND = next(policy for policy in load_presets() if policy.name == "enterprise").model_dump(mode="json")
del SOUND["stages"]["training"]  # nobody starts it yet
AMONG_OTHERS = {"policy.scope_tie", "policy.version_twice", "policy.backdated"}
"""Shown in test_policy_choice.py."""
OF_READING = {"policy.yaml_broken", "policy.yaml_alias", "policy.key_twice", "policy.no_mapping"}
"""Shown in test_policy_reading.py."""
GONE = object()
TEXT = {"en": "words", "zh-Hans": "文字", "zh-Hant": "文字"}
FIVE = {"amount": 500, "currency": "CNY"}
PENALTY = {"code": "odd", "name": TEXT, "proof": "clock"}


def broken(change: Callable[[Any], object]) -> list[Finding]:
    content = Policy.model_validate(SOUND).model_dump(mode="json")
    change(content)
    return list(lint_policy(Policy.model_validate(content)))


def put(path: str, value: Any) -> Callable[[Any], object]:
    """Set what stands at a place such as `stages.resolve.target`; numbers are places in a list, `+` is behind it."""

    def change(content: Any) -> None:
        *way, last = path.split(".")
        for step in way:
            content = content[key(content, step)]
        if last == "+":
            content.append(value)
        elif value is GONE:
            del content[key(content, last)]
        else:
            content[key(content, last)] = value

    return change


def key(content: Any, step: str) -> str | int:
    return int(step) if isinstance(content, list) else step


TWICE = {"target": "PT1H", "due": {"time": "12:00"}}
ANYTHING = SOUND["coverage"][5] | {"warranty": []}
SAME_LIMITS = [{"role": "supervisor", "up_to": FIVE}, {"role": "centre", "up_to": FIVE}]
FEES = {"badge": None, "monthly_fee": FIVE, "deposit": FIVE, "photos": 2}
EUROS = {"amount": 900, "currency": "EUR"}
WEEKLY = {"every": "week", "day": 4, "role": "finance"}
RUSH = {"case": "rush", "why": TEXT}

GRANT = {"code": "tune", "name": {"en": "Tune-up"}, "work": "maintenance", "count": 1, "remind_within": "P21D"}
BROKEN: list[tuple[str, str, Any, str]] = [
    ("calendar_unknown", "stages.resolve.calendar", "night", ""),
    ("calendar_unknown", "stages.resolve.cases.rush", {"calendar": "x"}, "stages.resolve.cases.rush.calendar"),
    ("calendar_reserved", "calendars.branch", {}, ""),
    ("calendar_unused", "calendars.night", {}, ""),
    ("calendar_closed", "calendars.duty.week", [""] * 7, "calendars.duty"),
    ("ladder_empty", "ladder", [], ""),
    ("ladder_not_ascending", "ladder.2.after", "PT30M", "ladder"),
    ("ladder_not_ascending", "stages.resolve.ladder", [{"role": "owner", "after": "PT1H"}] * 2, ""),
    ("no_stages", "stages", {}, ""),
    ("stage_instant", "stages.resolve.stops_on", "request_registered", ""),
    ("milestone_unknown", "stages.resolve.stops_on", "request_solved", ""),
    ("deadline_missing", "stages.complaint_answer.target", None, "stages.complaint_answer"),
    ("deadline_twice", "stages.resolve.due", {"time": "12:00"}, "stages.resolve"),
    ("deadline_twice", "stages.resolve.cases.far", TWICE, ""),
    ("priorities_without_target", "stages.review.by_priority", {"1": "PT1H"}, ""),
    ("target_zero", "stages.resolve.target", "PT0S", ""),
    ("target_zero", "stages.resolve.cases.far", {"target": "PT0S"}, "stages.resolve.cases.far.target"),
    ("target_zero", "stages.resolve.by_priority.1", "PT0S", ""),
    ("case_empty", "stages.resolve.cases.rush", {}, ""),
    ("at_least_longer", "stages.resolve.at_least", "P2D", ""),
    ("working_always", "stages.complaint_verify.calendar", "always", "stages.complaint_verify.due"),
    ("priority_slower", "stages.resolve.by_priority", {"1": "PT8H", "2": "PT4H"}, ""),
    ("priority_slower", "stages.resolve.by_priority", {"1": "P2D"}, ""),
    ("stage_never_starts", "stages.resolve.starts_on", "fine_confirmed", "stages.resolve"),
    ("warning_out_of_range", "stages.resolve.warn_at", [0.5, 1], "stages.resolve.warn_at.1"),
    ("warning_out_of_range", "stages.resolve.warn_at", [0, 0.8], "stages.resolve.warn_at.0"),
    ("warnings_not_ascending", "stages.resolve.warn_at", [0.8, 0.5], ""),
    ("thresholds_not_descending", "priority.thresholds", [6, 6, 2], ""),
    ("coverage_undecided", "coverage.5", GONE, "coverage"),
    ("coverage_row_unreachable", "coverage.+", SOUND["coverage"][1], "coverage.6"),
    ("coverage_row_unreachable", "coverage.0", ANYTHING, "coverage.5"),
    ("surcharge_unclear", "surcharges", [RUSH], "surcharges.0"),
    ("surcharge_unclear", "surcharges", [RUSH | {"percent": 1, "amount": FIVE}], "surcharges.0"),
    ("surcharge_twice", "surcharges", [RUSH | {"percent": 1}] * 2, "surcharges.1"),
    ("call_needs_one_time", "callbacks.calls.0.after", None, "callbacks.calls.0"),
    ("call_needs_one_time", "callbacks.calls.0.due", {"time": "10:00"}, "callbacks.calls.0"),
    ("script_unknown", "callbacks.calls.0.script", "gone", ""),
    ("script_unused", "callbacks.calls.0.script", "gone", "scripts.satisfaction"),
    ("stage_unknown", "stages.callback", GONE, "callbacks.calls.0.stage"),
    ("no_calls", "callbacks.calls", [], ""),
    ("quiet_hours_missing", "callbacks.quiet_hours", "", "callbacks"),
    ("quiet_hours_whole_day", "callbacks.quiet_hours", "08:00-20:00 20:00-08:00", ""),
    ("call_in_quiet_hours", "callbacks.calls.0.due", {"time": "08:59"}, ""),
    ("scale_reversed", "survey.highest", 1, ""),
    ("mark_out_of_scale", "survey.pass_mark", 6, ""),
    ("mark_out_of_scale", "survey.public_mark", 0.5, ""),
    ("survey_without_marks", "survey.questions", [], ""),
    ("amount_open", "penalties.+", PENALTY, "penalties.9"),
    ("amount_open", "rewards.+", PENALTY, "rewards.0"),
    ("amount_open", "licence", FEES, "licence.badge"),
    ("range_reversed", "penalties.+", PENALTY | {"amount": FIVE, "at_most": FIVE}, "penalties.9.at_most"),
    ("range_reversed", "penalties.+", PENALTY | {"amount": FIVE, "at_most": EUROS}, "penalties.9.at_most"),
    ("range_reversed", "penalties.+", PENALTY | {"at_most": FIVE}, "penalties.9.at_most"),
    ("entitlement_expired", "entitlements", [GRANT | {"expires_within": "P20D"}], "entitlements.0.expires_within"),
    ("currency_missing", "penalties.0.amount", {"amount": 5000}, ""),
    ("limits_not_ascending", "goodwill", [{"role": "supervisor"}, {"role": "centre"}], "goodwill.1"),
    ("limits_not_ascending", "approvals.scrap", SAME_LIMITS, "approvals.scrap.1"),
    ("tags_not_ascending", "stock.yellow_after_months", 3, "stock.red_after_months"),
    ("day_of_no_month", "routines.quality_report", WEEKLY, "routines.quality_report.day"),
    ("code_twice", "penalties.+", PENALTY | {"code": "late", "amount": FIVE}, "penalties"),
    ("code_twice", "checklists.kit", [{"code": "a", "text": TEXT}] * 2, ""),
    ("role_unknown", "ladder.0.role", "boss", ""),
    ("role_unknown", "complaints.responsible.quality", "nobody", ""),
    ("text_missing", "survey.questions.0.text.zh-Hant", GONE, "survey.questions.0.text"),
    ("text_missing", "title.en", " ", "title"),
]


@pytest.mark.parametrize(("code", "path", "value", "place"), BROKEN)
def test_a_policy_that_is_broken_in_one_thing_is_found_out_at_its_place(code, path, value, place) -> None:
    found = {(finding.code, ".".join(map(str, finding.path))) for finding in broken(put(path, value))}

    assert (f"policy.{code}", place or path) in found


def test_a_sound_policy_is_left_in_peace() -> None:
    assert broken(lambda _: None) == []


def test_everything_that_is_looked_for_is_shown_on_a_broken_policy() -> None:
    found = [path for path in sources() if "/policy/" in path.as_posix()]
    codes = {code for code in collect([ast.parse(path.read_text()) for path in found]).params if code[:7] == "policy."}

    assert codes - OF_READING == {f"policy.{code}" for code, *_ in BROKEN} | AMONG_OTHERS


def test_errors_come_first_and_everything_is_said_at_once() -> None:
    def change(content: Any) -> None:
        put("stages.complaint_answer.target", None)(content)
        put("calendars.night", {})(content)
        put("title.en", "")(content)

    found = broken(change)

    assert [finding.level for finding in found] == ["error", "error", "warning"]


def test_an_undecided_case_is_given_as_an_example_with_the_number_of_those_like_it() -> None:
    (finding,) = broken(put("coverage.5", GONE))

    assert finding.params["count"] == 2 * 6 * 5
    assert (finding.params["warranty"], finding.params["line"]) == ("out", "*")


def test_a_coverage_table_is_tried_with_the_lines_of_the_scope() -> None:
    def change(content: Any) -> None:
        put("scope.lines", ["crane"])(content)
        put("coverage.5.lines", ["crane"])(content)

    def elsewhere(content: Any) -> None:
        put("coverage.5.lines", ["crane"])(content)

    assert broken(change) == []
    assert [finding.code for finding in broken(elsewhere)] == ["policy.coverage_undecided"]


@pytest.mark.parametrize(
    ("windows", "count"), [("", 0), ("21:00-09:00", 720), ("12:00-14:00 13:00-15:00", 180), ("00:00-24:00", 1440)]
)
def test_windows_cover_these_minutes_of_a_day(windows: str, count: int) -> None:
    assert len(minutes_taken(windows)) == count


def test_a_place_is_written_as_people_point_to_it() -> None:
    assert dotted_path(("stages", "resolve", "warn_at", 1)) == "stages.resolve.warn_at[1]"
