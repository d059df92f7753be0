"""Commit messages are checked before they are on main."""

import subprocess
from pathlib import Path

import pytest
from contracts.commits import Commit, commits, flaws, main

GOOD = Commit("1", "Add the reopening of a request", "A customer calls again within a week.", ("services/a.py",))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (GOOD, []),
        (GOOD._replace(body="", files=("docs/a.md",)), []),
        (GOOD._replace(subject="A" * 72), []),
        (GOOD._replace(subject="A" * 73), ["the subject has 73 characters, 72 at most"]),
        (GOOD._replace(subject="add it"), ["the subject begins with a verb and a capital: Add, Mend, Move"]),
        (GOOD._replace(subject="Add it."), ["the subject ends with a full stop"]),
        (GOOD._replace(body="\n"), ["code was changed, and the body does not say why"]),
    ],
)
def test_a_message_is_short_and_says_why(message: Commit, said: list[str]) -> None:
    assert list(flaws(message)) == said


def test_the_commits_that_main_does_not_have_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "init", "--initial-branch=main")
    commit(tmp_path, "old and wrong, but on main.")
    git(tmp_path, "checkout", "-b", "work")
    commit(tmp_path, "Add one")
    commit(tmp_path, "add two.")

    assert [found.subject for found in commits(tmp_path)] == ["add two.", "Add one"]
    assert main(tmp_path) == 1
    assert "the subject ends with a full stop" in capsys.readouterr().err


def test_on_main_itself_the_newest_one_is_checked(tmp_path: Path) -> None:
    git(tmp_path, "init", "--initial-branch=main")
    commit(tmp_path, "Add one")
    assert main(tmp_path) == 0
    commit(tmp_path, "add two")
    assert main(tmp_path) == 1


def test_outside_a_repository_nothing_is_checked(tmp_path: Path) -> None:
    assert main(tmp_path) == 0


def commit(root: Path, subject: str) -> None:
    (root / "a.py").write_text(subject)
    git(root, "add", ".")
    git(root, "commit", "-m", subject, "-m", "Because.")


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)
