"""Code and pages refer to nothing that is not there: files, decisions, sections of documents."""

import re
import subprocess
from pathlib import Path

import pytest

SUFFIXES = {".py", ".md", ".toml", ".ini", ".yml", ".yaml", ".sh", ".html", ".js"}
HISTORY = {"CHANGELOG.md"}
INVENTORS = ("tests/contracts/", "tests/mutants/test_", "tests/recipes/")
"""Tests that make up files of their own."""
INVENTED = {"utils.py", "send.py", "docker-compose.override.yml", "/openapi.json"}
"""Names in examples: what would break a law, a partner's own program, the reader's own settings, a service's route."""
_FOLDERS = r"(?:\.ci|bench|contracts|deploy|docs|libs|services|tests)"
_ENDING = r"\.(?:py|md|ya?ml|toml|ini|sh|html|json|lock)"
_PATH = re.compile(rf"(?<![\w/.@:-])({_FOLDERS}/[\w./-]+{_ENDING})(?![\w/])")
_NAME = re.compile(rf"`([\w./-]+{_ENDING})`")
_DECISION = re.compile(r"\bADRs? ([0-9]+)")
_SECTION = re.compile(r"^.*\bsections? [0-9].*$", re.MULTILINE)
_STANDARDS = ("RFC", "AMQP", "CSP", "CloudEvents", "§")


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    root = Path(__file__).parents[2]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (root / name).is_file()]


def dead(text: str, files: list[str], decisions: set[int]) -> list[str]:
    """What a text refers to that does not exist."""
    found = [path for path in _PATH.findall(text) if path not in files]
    named = set(_NAME.findall(text)) - INVENTED
    found += [name for name in named if not any(f"/{file}".endswith(f"/{name.lstrip('./')}") for file in files)]
    found += [f"ADR {number}" for number in _DECISION.findall(text) if int(number) not in decisions]
    found += [line.strip() for line in _SECTION.findall(text) if not any(name in line for name in _STANDARDS)]
    return found


def test_nothing_refers_to_what_is_not_there(root: Path, tracked: list[str]) -> None:
    decisions = {int(page.name[:4]) for page in (root / "docs" / "adr").glob("[0-9]*.md")}
    found = {}
    for name in tracked:
        if Path(name).suffix in SUFFIXES and name not in HISTORY and not name.startswith(INVENTORS):
            found[name] = dead((root / name).read_text(), tracked, decisions)
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "text",
    [
        "see docs/gone.md",
        "`services/intake/src/gone.py`",
        "the rule is in `gone.py`",
        "ADR 99 says why",
        "a stuck pipe shows (architecture, section 7)",
    ],
)
def test_a_dead_reference_is_found(text: str) -> None:
    assert dead(text, ["docs/there.md", "libs/a/there.py"], {1}) != []


def test_what_is_there_is_not_reported() -> None:
    text = "docs/there.md, `there.py`, `a/there.py`, ADR 1, `utils.py`, RFC 9110, section 13.1.1"

    assert dead(text, ["docs/there.md", "libs/a/there.py"], {1}) == []
