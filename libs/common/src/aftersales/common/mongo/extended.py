"""Documents as text: MongoDB Extended JSON v2 (relaxed), one line each, as `mongoimport` reads it."""

from datetime import UTC
from typing import Any

from bson import json_util

_WRITE = json_util.RELAXED_JSON_OPTIONS
_READ = json_util.JSONOptions(json_mode=json_util.JSONMode.RELAXED, tz_aware=True, tzinfo=UTC)


def to_line(document: dict[str, Any]) -> str:
    return json_util.dumps(document, json_options=_WRITE, ensure_ascii=False)


def from_line(line: str) -> dict[str, Any]:
    """Return the document. Raises `ValueError` if it is not one in Extended JSON."""
    try:
        found = json_util.loads(line, json_options=_READ)
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not isinstance(found, dict):
        raise ValueError("not a document")  # noqa: TRY004 (the caller handles it)
    return found
