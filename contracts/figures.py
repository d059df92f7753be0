"""`docs/figures.md`: each figure of each preset, its rule, and the code that acts on it, or the service it waits for.

A row of `FIGURES` names the code that reads a figure, or the service that it waits for; the longest place that fits
decides. `tests/contracts/test_figures.py` proves both. Stages are acted on if `policy.model.starts` knows who starts
them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from aftersales.policy.findings import Path
from aftersales.policy.model import Policy
from aftersales.policy.model.starts import find_runner
from aftersales.policy.presets import preset_texts
from aftersales.policy.reading import parse_policy

_INTAKE, _DISPATCH = "services/intake/src/aftersales/intake", "services/dispatch/src/aftersales/dispatch"
_FEEDBACK, _POLICY = "services/feedback/src/aftersales/feedback", "libs/policy/src/aftersales/policy"


class Acted(NamedTuple):
    """The file that reads the figure, the words that do, and a test that fails without it."""

    file: str
    words: str
    test: str


class Waits(NamedTuple):
    """The service that the figure waits for, and the words by which code would read it."""

    service: str
    words: str


_CHOICE = Acted(f"{_POLICY}/choose.py", "policy.scope", "tests/policy/test_choice.py")
_WALK = "tests/policy/test_presets_walk.py"
_TERMS = Acted(f"{_POLICY}/sla/stages.py", "found.promise(", _WALK)
FIGURES: dict[str, Acted | Waits] = {
    "name": _CHOICE,
    "version": Acted(f"{_POLICY}/choose.py", "other.version > policy.version", "tests/policy/test_choice.py"),
    "scope": _CHOICE,
    "effective_from": Acted(f"{_POLICY}/choose.py", "policy.effective_from", "tests/policy/test_choice.py"),
    "calendars": Acted(f"{_POLICY}/sla/stages.py", "policy.calendars[", _WALK),
    "ladder": Acted(f"{_POLICY}/sla/stages.py", "policy.ladder_of(", _WALK),
    "stages": _TERMS,
    "stages.at_least": Waits("dispatch", r"\.at_least\b"),
    "stages.announced": Acted(
        f"{_INTAKE}/requests/domain/steps.py", "stage.announced", "tests/intake/requests/test_answers.py"
    ),
    "stages.repeats": Acted(
        f"{_INTAKE}/requests/domain/steps.py", "ours[name].repeats", "tests/intake/requests/test_steps.py"
    ),
    "priority": Acted(
        f"{_INTAKE}/requests/domain/registration.py", "policy.priority.rank(", "tests/intake/requests/test_request.py"
    ),
    "warranty": Acted(
        f"{_INTAKE}/archive/domain/warranty.py", "policy.warranty.term(", "tests/intake/requests/test_coverage.py"
    ),
    "coverage": Acted(
        f"{_INTAKE}/requests/domain/coverage.py", "policy.coverage", "tests/intake/requests/test_coverage.py"
    ),
    "surcharges": Acted(
        f"{_INTAKE}/requests/domain/coverage.py", "policy.surcharges", "tests/intake/requests/test_surcharges.py"
    ),
    "repeat_repair": Acted(
        f"{_INTAKE}/requests/domain/registration.py",
        "policy.repeat_repair.window",
        "tests/intake/requests/test_repeat.py",
    ),
    "entitlements": Acted(
        f"{_INTAKE}/agreements/domain/entitlement.py",
        "policy.entitlements",
        "tests/intake/agreements/test_entitlement.py",
    ),
    "review_by_registrar": Acted(
        f"{_INTAKE}/requests/domain/answers.py", "policy.review_by_registrar", "tests/intake/requests/test_promises.py"
    ),
    "channels": Acted(
        f"{_INTAKE}/messages/handlers/__init__.py", "policy.channels", "tests/intake/messages/test_planning.py"
    ),
    "appointments": Acted(
        f"{_DISPATCH}/orders/store.py", "service.appointments", "tests/dispatch/orders/test_assignment.py"
    ),
    "appointments.moves": Acted(
        f"{_DISPATCH}/changes/domain.py", ".appointments.moves", "tests/dispatch/changes/test_changes.py"
    ),
    "licence": Waits("dispatch", r"\.licence\b"),
    "expenses": Waits("dispatch", r"\.expenses\b"),
    "maintenance": Waits("dispatch", r"(policy|service)\.maintenance\b"),
    "checklists": Waits("dispatch", r"\.checklists\b"),
    "stock": Waits("inventory", r"\.(yellow_after_months|red_after_months|stocktake_every|expiry_alert)\b"),
    "callbacks": Waits("feedback", r"\.callbacks\.(share|asks|lead_to|reviewed_every|cadence)\b"),
    "callbacks.calls": Acted(
        f"{_FEEDBACK}/followups/domain.py", "policy.callbacks.calls[0]", "tests/feedback/followups/test_followup.py"
    ),
    "callbacks.quiet_hours": Acted(
        f"{_FEEDBACK}/followups/domain.py",
        "policy.callbacks.quiet_hours",
        "tests/feedback/followups/test_quiet_hours.py",
    ),
    "scripts": Waits("feedback", r"policy\.scripts\b"),
    "phrases": Waits("feedback", r"policy\.phrases\b"),
    "survey": Waits("feedback", r"\b(survey|asked)\.(questions|lowest|highest|public_mark)\b"),
    "survey.pass_mark": Acted(f"{_FEEDBACK}/surveys/handlers.py", "asked.pass_mark", "tests/feedback/test_service.py"),
    "complaints": Waits("feedback", r"policy\.complaints\b"),
    "returns": Waits("feedback", r"policy\.returns\b"),
    "charges": Waits("feedback", r"policy\.charges\b"),
    "goodwill": Waits("feedback", r"\.goodwill\b"),
    "approvals": Waits("feedback", r"\.approvals\b(?! import)"),
    "penalties": Waits("feedback", r"\.penalties\b"),
    "rewards": Waits("feedback", r"\.rewards\b"),
    "results": Acted(f"{_FEEDBACK}/results/domain.py", "policy.results.get(", "tests/feedback/results/test_results.py"),
    "quality_alert": Waits("feedback", r"\.quality_alert\b"),
    "quotas": Waits("feedback", r"\.quotas\b"),
    "routines": Waits("dispatch and feedback", r"\.routines\b(?!\.get\(.weekly_meeting)"),
    "routines.weekly_meeting": Acted(
        f"{_INTAKE}/office/api.py", '.routines.get("weekly_meeting")', "tests/intake/office/test_meeting.py"
    ),
    "kpis": Waits("feedback", r"policy\.kpis\b"),
}
_STAGE_WAITS = {"fine": "feedback"}
_RULE = re.compile(r"\b(?:ALL|INT|DSP|INV|FBK)-\d+\b")
_PAGE = """\
# Figures of the presets

<!-- Written by contracts/generate.py (`make contracts`). Change the source, not this page. -->

Each figure of the shipped [policies](policies.md) with its [rule](rulebook.md). A figure is *acted on* if code reads
it: the file is named, and the test that fails without it. Other figures *wait* for a service that does not have that
work yet; they are stored, shown and compared, and nothing happens by them. `aftersales policy lint` warns of a stage
that nobody starts.
"""


class Figure(NamedTuple):
    """A line of a preset with a figure."""

    path: Path
    value: str
    rules: tuple[str, ...]

    @property
    def place(self) -> str:
        return ".".join(str(step) for step in self.path)


def list_figures(name: str) -> Iterator[Figure]:
    """Yield the lines of a preset that name a rule, each with its place."""
    text = preset_texts()[name]
    begun: dict[int, list[Path]] = {}
    for path, (row, _) in parse_policy(text).marks.items():
        begun.setdefault(row, []).append(path)
    for number, line in enumerate(text.splitlines(), 1):
        content, _, comment = line.partition("  #")
        key, _, value = content.strip(" -").partition(":")
        rules = tuple(dict.fromkeys(_RULE.findall(comment)))
        named = [path for path in begun.get(number, ()) if path and path[-1] == key]
        items = [path for path in begun.get(number, ()) if path and isinstance(path[-1], int)]
        if rules and key != "title" and (named or items):
            path = min(named, key=len) if named else max(items, key=len)
            yield Figure(path, value.strip() if named else content.strip(" -"), rules)
        elif rules and (below := [path for path in begun.get(number + 1, ()) if key in path]):
            path = min(below, key=len)
            yield Figure(path[: path.index(key) + 1], "", rules)


def find_use(policy: Policy, path: Path) -> Acted | Waits:
    """Return the use of a figure. Raises `LookupError` for one that no row covers."""
    steps = [step for step in path if not isinstance(step, int)]
    if steps[0] == "stages" and len(steps) > 1:
        name, *rest = steps[1:]
        if find_runner(name, policy.stages[name], policy.callbacks) is None:
            return Waits(_STAGE_WAITS.get(name, "feedback"), "")
        steps = ["stages", *rest]
    if path[:2] == ("callbacks", "calls") and isinstance(path[2:3] and path[2], int) and path[2] != 0:
        return Waits("feedback", "")
    for length in range(len(steps), 0, -1):
        if use := FIGURES.get(".".join(steps[:length])):
            return use
    raise LookupError(".".join(steps))


def figures_page() -> str:
    """Every figure of every preset."""
    lines = [_PAGE]
    for name, text in preset_texts().items():
        policy = parse_policy(text).policy
        if policy is None:
            raise LookupError(f"{name} cannot be read")
        rows = [(figure, find_use(policy, figure.path)) for figure in list_figures(name)]
        acted = sum(isinstance(use, Acted) for _, use in rows)
        lines += [f"## {name}", "", f"{acted} of {len(rows)} figures are acted on.", ""]
        lines += ["| figure | value | rule | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{figure.place}` | {_cell(figure.value)} | {_rules(figure)} | {_said(use)} |" for figure, use in rows
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _rules(figure: Figure) -> str:
    return ", ".join(f"[{rule}](rulebook.md#{rule.lower()})" for rule in figure.rules)


def _said(use: Acted | Waits) -> str:
    if isinstance(use, Waits):
        return f"waits for {use.service}"
    file, test = use.file.rpartition("/aftersales/")[2], use.test.removeprefix("tests/")
    return f"acted on: [{file}](../{use.file}), [{test}](../{use.test})"


def _cell(value: str) -> str:
    if not value:
        return ""
    short = value if len(value) <= 60 else f"{value[:57]}..."
    return f"`{short}`".replace("|", "\\|")
