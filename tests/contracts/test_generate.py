"""`make contracts` and its check, in a copy of the checkout with a git history of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracts import generate as program

Generate = Callable[..., tuple[int, str]]
SCHEMA = "contracts/schemas/dispatch.repair_completed.v1.schema.json"
EXAMPLE = "contracts/examples/dispatch.repair_completed.v1.json"
DOCUMENT = "contracts/openapi/dispatch.json"
NO_SERVER = """
import runpy, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print("it asked for a server:", event, arguments, file=sys.stderr)
sys.addaudithook(watch)
sys.argv = ["contracts/generate.py", "--check"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """The files that the generator reads and writes; nothing is committed yet."""
    for folder in ("contracts", "deploy/local"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs").mkdir()
    for page in ("docs/access.md", "docs/events.md", "docs/figures.md", "docs/privacy.md", "docs/settings.md"):
        shutil.copy(root / page, tmp_path / page)
    git(tmp_path, "init", "--quiet")
    return tmp_path


def git(folder: Path, *command: str) -> None:
    who = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *command], cwd=folder, check=True, capture_output=True, env=_environment())


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")


@pytest.fixture
def generate(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Generate:
    """Run the program's `main` for a folder: its exit code, and what it says."""
    for name in set(os.environ) - set(_environment()):
        monkeypatch.delenv(name)

    def run(folder: Path, *arguments: str) -> tuple[int, str]:
        code = program.main([*arguments], folder)
        return code, capsys.readouterr().err

    return run


def _environment() -> dict[str, str]:
    """Ours without what a git hook sets, which would lead git to another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def edit(file: Path, change: Callable[[Any], Any]) -> None:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def add_a_field(schema: Any) -> None:
    schema["properties"]["data"]["properties"]["mileage"] = {"type": "integer"}


def test_the_program_finds_that_what_is_committed_here_is_what_the_code_says_and_asks_no_server(root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", NO_SERVER], cwd=root, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_generated_files_come_back_as_they_were(checkout: Path, generate: Generate) -> None:
    before = (checkout / SCHEMA).read_text()
    files = (
        SCHEMA,
        DOCUMENT,
        "contracts/asyncapi.json",
        "docs/access.md",
        "docs/events.md",
        "docs/figures.md",
        "docs/privacy.md",
        "docs/settings.md",
    )
    for file in files:
        (checkout / file).unlink()
    code, said = generate(checkout, "--check")

    assert code == 1
    for file in files:
        assert f"contracts: stale (run `make contracts` and commit what it writes): {file}" in said
    assert generate(checkout) == (0, "")
    assert (checkout / SCHEMA).read_text() == before
    assert generate(checkout, "--check") == (0, "")


def test_an_edited_page_is_stale(checkout: Path, generate: Generate) -> None:
    page = checkout / "docs" / "events.md"
    page.write_text(page.read_text() + "More.\n")

    assert generate(checkout, "--check")[0] == 1


def test_a_schema_that_was_never_committed_may_still_change(checkout: Path, generate: Generate) -> None:
    edit(checkout / SCHEMA, add_a_field)

    assert generate(checkout) == (0, "")


def test_a_field_that_was_published_cannot_go(checkout: Path, generate: Generate) -> None:
    edit(checkout / SCHEMA, add_a_field)
    commit(checkout)
    for arguments in ((), ("--check",)):
        code, said = generate(checkout, *arguments)

        assert code == 1
        assert "field `data.mileage` was removed" in said
        assert "add dispatch.repair_completed.v2 beside it" in said
    assert "mileage" in (checkout / SCHEMA).read_text(), "nothing is written when a change is refused"


def test_a_document_that_differs_from_the_code_is_stale(checkout: Path, generate: Generate) -> None:
    edit(checkout / DOCUMENT, lambda document: document["info"].update(version="0.0.0"))

    told = f"contracts: stale (run `make contracts` and commit what it writes): {DOCUMENT}\n"
    assert generate(checkout, "--check") == (1, told)


def test_an_operation_that_was_published_cannot_go(checkout: Path, generate: Generate) -> None:
    edit(checkout / DOCUMENT, lambda document: document["paths"].update({"/more": document["paths"]["/orders"]}))
    commit(checkout)
    for arguments in ((), ("--check",)):
        code, said = generate(checkout, *arguments)

        assert code == 1
        assert "contracts: incompatible: dispatch: `GET /more`: it was removed. " in said
    assert "/more" in (checkout / DOCUMENT).read_text(), "nothing is written when a change is refused"


def test_a_schema_that_was_changed_by_hand_and_committed_is_found_by_the_commit_before(
    checkout: Path, generate: Generate
) -> None:
    good = (checkout / SCHEMA).read_text()
    edit(checkout / SCHEMA, add_a_field)
    commit(checkout)
    (checkout / SCHEMA).write_text(good)
    commit(checkout)

    assert "field `data.mileage` was removed" in generate(checkout, "--check")[1]
    assert generate(checkout, "--check", "--against", "HEAD") == (0, "")
    assert generate(checkout, "--check", "--against", "HEAD~1")[0] == 1


def test_outside_a_checkout_the_files_that_lie_there_are_the_published_ones(checkout: Path, generate: Generate) -> None:
    shutil.rmtree(checkout / ".git")
    edit(checkout / SCHEMA, add_a_field)

    assert "field `data.mileage` was removed" in generate(checkout)[1]


def test_a_commit_that_is_not_there_is_no_excuse(checkout: Path, generate: Generate) -> None:
    code, said = generate(checkout, "--check", "--against", "v9")

    assert (code, said) == (1, "contracts: refused: v9 is no commit here: name one that `git log` knows\n")


def test_an_event_that_nobody_publishes_any_more_must_be_retired_on_purpose(checkout: Path, generate: Generate) -> None:
    retired = SCHEMA.replace("repair_completed", "repair_begun")
    shutil.copy(checkout / SCHEMA, checkout / retired)
    shutil.copy(checkout / EXAMPLE, checkout / EXAMPLE.replace("repair_completed", "repair_begun"))
    commit(checkout)
    code, said = generate(checkout, "--check")

    assert code == 1
    assert f"retire it by deleting {retired} and its example" in said
    (checkout / retired).unlink()
    assert "is an example of nothing" in generate(checkout, "--check")[1]
    (checkout / EXAMPLE.replace("repair_completed", "repair_begun")).unlink()
    assert generate(checkout, "--check") == (0, "")


def test_an_event_without_an_example_is_told_where_to_write_one(checkout: Path, generate: Generate) -> None:
    (checkout / EXAMPLE).unlink()

    assert f"contracts: example: {EXAMPLE} is missing: write one event of this type" in generate(checkout, "--check")[1]
