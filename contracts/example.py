"""One example of every event, written by hand, so that a reader sees a real one; what is wrong with them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from contracts.schema import Schema

FOLDER = "contracts/examples"


def path(kind: str) -> str:
    """Where the example of an event type is, in the checkout."""
    return f"{FOLDER}/{kind}.json"


def read(root: Path, kind: str) -> Any:
    return json.loads((root / path(kind)).read_text())


def flaws(root: Path, schemas: Mapping[str, Schema]) -> Iterator[str]:
    """Say which example is missing, belongs to no event or does not fit its schema, and what to do."""
    for kind, schema in schemas.items():
        if not (root / path(kind)).is_file():
            yield f"{path(kind)} is missing: write one event of this type there, as it stands on the wire"
            continue
        for error in jsonschema.Draft7Validator(schema).iter_errors(read(root, kind)):
            where = ".".join(map(str, error.absolute_path)) or "the envelope"
            yield f"{path(kind)}: {where}: {error.message}. Correct the example"
    for file in sorted((root / FOLDER).glob("*.json")):
        if file.stem not in schemas:
            yield f"{path(file.stem)} is an example of nothing: no service publishes {file.stem}. Delete it"
