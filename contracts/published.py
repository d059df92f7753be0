"""The schemas that others may rely on already: what is committed, or, outside a git checkout, what lies here."""

import io
import json
import subprocess
import tarfile
from pathlib import Path

from contracts.schema import Schema

FOLDER = "contracts/schemas"
SUFFIX = ".schema.json"
NEWEST = ("HEAD^", "HEAD")
"""The last commit, and the one before: a commit that changed a schema by hand is found after it was made, too."""


def published(root: Path, against: str | None = None) -> dict[str, dict[str, Schema]]:
    """Schemas by event type, for each commit that counts: the one named, or the newest two.

    In a checkout only a commit publishes: a schema that was generated and not yet committed may still be
    changed at will. Outside one (an unpacked archive) the files that lie here count. Raises `LookupError`
    when `against` names no commit.
    """
    if _git(root, "rev-parse", "--is-inside-work-tree") is None:
        return {"the files here": on_disk(root)}
    if against is not None and not _exists(root, against):
        raise LookupError(f"{against} is no commit here: name one that `git log` knows")
    commits = NEWEST if against is None else (against,)
    return {commit: _committed(root, commit) for commit in commits if _exists(root, commit)}


def on_disk(root: Path) -> dict[str, Schema]:
    """Schemas by event type as they lie in the folder."""
    return {_type(file.name): json.loads(file.read_text()) for file in sorted((root / FOLDER).glob(f"*{SUFFIX}"))}


def _committed(root: Path, commit: str) -> dict[str, Schema]:
    packed = _git(root, "archive", "--format=tar", commit, FOLDER)
    if packed is None:
        return {}  # a commit from before there were any
    found: dict[str, Schema] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(SUFFIX) else None
            if content:
                found[_type(member.name)] = json.loads(content.read())
    return found


def _type(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(SUFFIX)


def _exists(root: Path, commit: str) -> bool:
    return _git(root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is not None


def _git(root: Path, *command: str) -> bytes | None:
    """Run git, or None where it refuses or is not installed."""
    try:
        done = subprocess.run(["git", *command], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
