"""Anchors outside the database: lines of JSON in a file or a log. The command line reads them without a driver."""

import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class AnchoredHead(BaseModel):
    """The newest record of a writer's chain at that time."""

    writer: str
    seq: int
    hash: str


class Anchor(BaseModel):
    """One exported anchor: a line of JSON."""

    model_config = ConfigDict(frozen=True)

    service: str
    number: int
    """Counts from 1 without a gap."""
    at: datetime
    previous: str
    """The hash of the previous anchor; empty for the first."""
    heads: list[AnchoredHead]
    key: str | None = None
    hash: str

    @classmethod
    def of(cls, service: str, row: Mapping[str, Any]) -> "Anchor":
        return cls.model_validate({**row, "service": service, "number": row["_id"]})

    def line(self) -> str:
        return self.model_dump_json(exclude_none=True)


def append_to_file(path: str | Path, anchors: Iterable[Anchor]) -> None:
    """Append anchors to a file that only its owner may read, and wait until they are on disk. Raises `OSError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.writelines(anchor.line() + "\n" for anchor in anchors)
        file.flush()
        os.fsync(file.fileno())


def read_file(path: str | Path, services: Iterable[str]) -> list[Anchor]:
    """Return exported anchors of these services, from lines of JSON or log lines `audit.anchored`; skip other lines.

    Raises `OSError`.
    """
    wanted = set(services)
    found = [_parsed(line) for line in Path(path).read_text("utf-8", errors="replace").splitlines()]
    return [anchor for anchor in found if anchor and anchor.service in wanted]


def _parsed(line: str) -> Anchor | None:
    try:
        content: Any = json.loads(line)
        if isinstance(content, dict) and content.get("event") == "audit.anchored":
            content = content["anchor"]
        anchor = Anchor.model_validate(content)
    except (ValueError, KeyError, RecursionError, ValidationError):
        return None
    return anchor.model_copy(update={"at": anchor.at.astimezone(UTC)})
