"""Reads commit messages as CONTRIBUTING asks for them: `contracts/commits.py` checks those that main does not have yet.

A subject says what the commit does, in at most 72 characters, beginning with a capital and without a full stop at its
end; a commit that changes code says why in its body.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 72
BASES = ("origin/main", "main")
"""Where the commits under check began: the first of these that exists."""
_CODE = (".py", ".sh", ".html", ".js")


class Commit(NamedTuple):
    id: str
    subject: str
    body: str
    files: tuple[str, ...]


def flaws(commit: Commit) -> Iterator[str]:
    """What is wrong with the message."""
    if len(commit.subject) > LONGEST:
        yield f"the subject has {len(commit.subject)} characters, {LONGEST} at most"
    if not commit.subject[:1].isupper():
        yield "the subject begins with a verb and a capital: Add, Mend, Move"
    if commit.subject.endswith("."):
        yield "the subject ends with a full stop"
    if not commit.body.strip() and any(file.endswith(_CODE) for file in commit.files):
        yield "code was changed, and the body does not say why"


def commits(root: Path = ROOT) -> list[Commit]:
    """Those that the base does not have, newest first; the newest one at least. Merges say nothing of their own."""
    known = [base for base in BASES if _git(root, "rev-parse", "--verify", "--quiet", base)]
    ids = _git(root, "rev-list", "--no-merges", f"{known[0]}..HEAD").split() if known else []
    return [_commit(root, id) for id in ids or _git(root, "rev-list", "--no-merges", "-1", "HEAD").split()]


def _commit(root: Path, id: str) -> Commit:
    subject, _, body = _git(root, "show", "--no-patch", "--format=%s%n%b", id).partition("\n")
    files = _git(root, "show", "--name-only", "--format=", id).split("\n")
    return Commit(id, subject, body, tuple(files))


def _git(root: Path, *words: str) -> str:
    """What git prints; nothing where it fails, as outside a repository."""
    found = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def main(root: Path = ROOT) -> int:
    """Print what is wrong; the exit code."""
    wrong = [(commit, flaw) for commit in commits(root) for flaw in flaws(commit)]
    for commit, flaw in wrong:
        print(f"commit {commit.id[:9]} ({commit.subject[:40]}): {flaw}", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
