"""The contracts that others may rely on already: what is committed, or, outside a git checkout, what lies here."""

import io
import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NEWEST = ("HEAD^", "HEAD")
"""The last commit, and the one before: a commit that changed a schema by hand is found after it was made, too."""


@dataclass(frozen=True)
class Folder:
    """Where contracts of one kind lie; a file's name is the contract's name and the suffix."""

    path: str
    suffix: str

    def file(self, name: str) -> str:
        """The file of one contract, from the checkout's root."""
        return f"{self.path}/{name}{self.suffix}"

    def name(self, path: str) -> str:
        """The name of the contract in this file."""
        return path.rpartition("/")[2].removesuffix(self.suffix)


SCHEMAS = Folder("contracts/schemas", ".schema.json")
"""By event type."""
DOCUMENTS = Folder("contracts/openapi", ".json")
"""By service."""


def published(root: Path, folder: Folder, against: str | None = None) -> dict[str, dict[str, Any]]:
    """Contracts by name, for each commit that counts: the one named, or the newest two.

    In a checkout only a commit publishes: a schema that was generated and not yet committed may still be
    changed at will. Outside one (an unpacked archive) the files that lie here count. Raises `LookupError`
    when `against` names no commit.
    """
    if _git(root, "rev-parse", "--is-inside-work-tree") is None:
        return {"the files here": on_disk(root, folder)}
    if against is not None and not _exists(root, against):
        raise LookupError(f"{against} is no commit here: name one that `git log` knows")
    commits = NEWEST if against is None else (against,)
    return {commit: _committed(root, folder, commit) for commit in commits if _exists(root, commit)}


def on_disk(root: Path, folder: Folder) -> dict[str, Any]:
    """Contracts by name as they lie in the folder."""
    files = sorted((root / folder.path).glob(f"*{folder.suffix}"))
    return {folder.name(file.name): json.loads(file.read_text()) for file in files}


def _committed(root: Path, folder: Folder, commit: str) -> dict[str, Any]:
    packed = _git(root, "archive", "--format=tar", commit, folder.path)
    if packed is None:
        return {}  # a commit from before there were any
    found: dict[str, Any] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(folder.suffix) else None
            if content:
                found[folder.name(member.name)] = json.loads(content.read())
    return found


def _exists(root: Path, commit: str) -> bool:
    return _git(root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is not None


def _git(root: Path, *command: str) -> bytes | None:
    """Run git, or None where it refuses or is not installed."""
    try:
        done = subprocess.run(["git", *command], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
