"""Archive files: gzip-compressed lines of Extended JSON, each with a manifest beside it that proves it.

`<name>.jsonl.gz` holds one document per line, `<name>.json` its manifest. A file is complete once its manifest
exists, which is written last, when everything else is on disk. Only the owner can read them.
"""

import fcntl
import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, ValidationError

FORMAT = 1


class Broken(Exception):
    """A file does not match its manifest; has the code of the message and its parameters."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


class Manifest(BaseModel):
    """The content of an archive file, and how far its removal from the service has come."""

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    service: str
    collection: str
    file: str
    written_at: datetime
    before: datetime
    """All documents ended before this time."""
    documents: int
    bytes: int
    """Size of the compressed file."""
    sha256: str
    """Digest of the compressed file."""
    lines_sha256: str
    """Digest of all lines, each with its line end."""
    first: str
    last: str
    """The ids of the first and the last document."""
    removed: bool = False
    """Whether the service has removed the documents."""
    kept: list[str] = []
    """Ids of documents that changed after they were written, and therefore stayed."""


@dataclass(frozen=True)
class Line:
    """One document of a file."""

    text: str

    @property
    def id(self) -> str:
        return str(json.loads(self.text)["_id"])

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass
class Draft:
    """A file that is being written."""

    service: str
    collection: str
    before: datetime


def write_archive_file(folder: Path, draft: Draft, lines: Iterable[str]) -> Path:
    """Write the lines and their manifest, and wait until both are on disk. Returns the manifest's path.

    Raises `OSError`; a file without a manifest is then left behind and can be ignored.
    """
    now = datetime.now(UTC)
    name = f"{draft.service}-{draft.collection}-{now:%Y%m%dT%H%M%S%f}Z"
    path = folder / f"{name}.jsonl.gz"
    count, digest, first, last = 0, hashlib.sha256(), "", ""
    with _created(path) as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as packed:
        for text in lines:
            data = text.encode() + b"\n"
            packed.write(data)
            digest.update(data)
            last = Line(text).id
            first = first or last
            count += 1
    content = path.read_bytes()
    manifest = Manifest(
        service=draft.service,
        collection=draft.collection,
        file=path.name,
        written_at=now,
        before=draft.before,
        documents=count,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        lines_sha256=digest.hexdigest(),
        first=first,
        last=last,
    )
    return save_manifest(folder / f"{name}.json", manifest)


def save_manifest(path: Path, manifest: Manifest) -> Path:
    """Replace a manifest in one step: the old one stays until the new one is on disk."""
    draft = path.with_suffix(".json.part")
    draft.unlink(missing_ok=True)
    with _created(draft) as file:
        file.write(manifest.model_dump_json(indent=2).encode() + b"\n")
    draft.replace(path)
    _sync_folder(path.parent)
    return path


def list_manifests(place: Path) -> list[Path]:
    """Return the manifests in a folder, oldest first, or the one of this file."""
    if place.is_dir():
        return sorted(path for path in place.glob("*.json") if _is_manifest(path))
    return [place.with_name(place.name.removesuffix(".jsonl.gz") + ".json") if place.name.endswith(".gz") else place]


def load_manifest(path: Path) -> Manifest:
    """Return the manifest. Raises `Broken`."""
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise Broken("archive.manifest_unreadable", file=str(path), why=str(error).splitlines()[0]) from error
    if manifest.format != FORMAT:
        raise Broken("archive.other_format", file=str(path), format=manifest.format)
    return manifest


def verify_archive_file(path: Path) -> tuple[Manifest, list[Line]]:
    """Read a whole file and verify that it matches its manifest. Raises `Broken`."""
    manifest = load_manifest(path)
    file = path.with_name(manifest.file)
    try:
        content = file.read_bytes()
        if len(content) != manifest.bytes or hashlib.sha256(content).hexdigest() != manifest.sha256:
            raise Broken("archive.file_changed", file=str(file))
        text = gzip.decompress(content)
        lines = [Line(line) for line in text.decode().split("\n")[:-1]]
        ids = [line.id for line in lines]
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise Broken("archive.file_unreadable", file=str(file), why=str(error)) from error
    whole = hashlib.sha256(text).hexdigest() == manifest.lines_sha256
    ends = (ids[0], ids[-1]) == (manifest.first, manifest.last) if ids else False
    if not whole or not ends or len(set(ids)) != manifest.documents:
        raise Broken("archive.file_changed", file=str(file))
    return manifest, lines


def remove_leftovers(folder: Path) -> None:
    """Remove files that an interrupted run left without a manifest; their documents are still in the service."""
    for file in folder.glob("*.jsonl.gz"):
        if not file.with_name(file.name.removesuffix(".jsonl.gz") + ".json").exists():
            file.unlink()


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock the folder against a second run. Raises `Broken` if there is one."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Broken("archive.busy", folder=str(folder)) from error
    finally:
        os.close(descriptor)


@contextmanager
def _created(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that only its owner can read; it is on disk when the block ends."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_manifest(path: Path) -> bool:
    return path.with_name(path.name.removesuffix(".json") + ".jsonl.gz").exists()
