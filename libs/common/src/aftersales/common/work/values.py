"""The values before and after a change (ALL-5), stored beside its audit record (ADR 14).

The record holds only their digest. A random salt among the values keeps the digest from confirming a guess, so values
can be erased, and the chain still verifies.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from aftersales.common.mongo import Document, Mongo, decode_document, document_digest, encode_document

VALUES = "audit_values"
PER_ROW = 100
"""Changes whose values share a row; a record of a full group has a few rows."""
MOST_TEXT = 1_000
"""Characters of a text that are stored; of a longer one the beginning, its length and its SHA-256."""
MOST_NESTED = 4_000
"""Characters of a list or object, as JSON, that is stored in one piece; a larger one is divided into its fields."""
MOST_FIELDS = 200
"""Fields of one change that are stored; the others are counted."""
MOST_BYTES = 32_000
"""Bytes of one change; further fields are counted."""
MOST_WHOLE = 16_000
"""Bytes of a new or removed document that is stored in one piece."""

_ABSENT = object()
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_IN_RECORD = frozenset({"_id", "version"})
"""Fields that the audit record has itself."""

AnyRow = Mapping[str, Any]


def describe_change(before: AnyRow | None, after: AnyRow | None) -> AnyRow | None:
    """Return the values of a change, encoded, with a salt."""
    if before is None and after is None:
        return None
    salt = {"salt": os.urandom(16)}
    if before is None or after is None:
        whole = {"before": before} if after is None else {"after": after}
        encoded = encode_document(salt | whole)
        if len(encoded.raw) <= MOST_WHOLE:
            return encoded
    fields = list(compare_rows(*({} if row is None else decode_document(row) for row in (before, after))))
    encoded = encode_document({**salt, "fields": fields[:MOST_FIELDS], "more": len(fields[MOST_FIELDS:])})
    if len(encoded.raw) <= MOST_BYTES:
        return encoded
    kept = _first_fields(fields)
    return encode_document({**salt, "fields": kept, "more": len(fields) - len(kept)})


def _first_fields(fields: list[Document]) -> list[Document]:
    kept: list[Document] = []
    size = 0
    for field in fields[:MOST_FIELDS]:
        size += len(encode_document(field).raw)
        if size > MOST_BYTES:
            break
        kept.append(field)
    return kept


def fields_of(values: AnyRow) -> tuple[list[Document], int]:
    """Return the changed fields of stored values, and the number of fields that were too many to store.

    Empty fields of a document that was created or removed are left out.
    """
    if "fields" in values:
        return values["fields"], values["more"]
    return list(compare_rows(_filled(values.get("before")), _filled(values.get("after")))), 0


def _filled(row: AnyRow | None) -> Document:
    return {name: value for name, value in (row or {}).items() if value not in _EMPTY}


def compare_rows(before: AnyRow, after: AnyRow) -> Iterator[Document]:
    """Yield each field that differs: its path, and `before` and `after`, which are left out where it did not exist."""
    for name in {**before, **after}:
        if name not in _IN_RECORD:
            yield from _compare(before.get(name, _ABSENT), after.get(name, _ABSENT), name)


def _compare(before: Any, after: Any, path: str) -> Iterator[Document]:
    if type(before) is type(after) and before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _compare(before.get(name, _ABSENT), after.get(name, _ABSENT), f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compare_lists(before, after, path)
    else:
        yield from _replaced(before, after, path)


def _compare_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Document]:
    """Compare lists without their equal beginnings and ends, so that an entry that was added is one difference."""
    start, old, new = 0, len(before), len(after)
    while start < min(old, new) and before[start] == after[start]:
        start += 1
    while min(old, new) > start and before[old - 1] == after[new - 1]:
        old, new = old - 1, new - 1
    for place in range(start, max(old, new)):
        was = before[place] if place < old else _ABSENT
        now = after[place] if place < new else _ABSENT
        yield from _compare(was, now, f"{path}[{place}]")


def _replaced(before: Any, after: Any, path: str) -> Iterator[Document]:
    """Yield one field for a value that was replaced; a large list or object is divided into its fields."""
    field: Document = {"path": path}
    for side, value in (("before", before), ("after", after)):
        if isinstance(value, dict | list) and len(as_json(value)) > MOST_NESTED:
            nothing = type(value)()
            yield from _compare(*((value, nothing) if side == "before" else (nothing, value)), path)
        elif isinstance(value, str) and len(value) > MOST_TEXT:
            proof = hashlib.sha256(value.encode()).hexdigest()
            field[f"{side}_cut"] = {"start": value[:MOST_TEXT], "length": len(value), "sha256": proof}
        elif value is not _ABSENT:
            field[side] = value
    if len(field) > 1:
        yield field


def as_json(value: Any) -> str:
    """Return a stored value as JSON; times are ISO 8601, bytes are hex."""
    return json.dumps(value, ensure_ascii=False, default=_as_text)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def value_rows(record: str, values: Sequence[AnyRow | None]) -> Iterator[Document]:
    """Yield the rows for the changes of one audit record."""
    for start in range(0, len(values), PER_ROW):
        places = range(start, min(start + PER_ROW, len(values)))
        if part := {str(place): values[place] for place in places if values[place] is not None}:
            yield {"_id": row_id(record, start), "values": part}


def row_id(record: str, place: int) -> str:
    """Return the id of the row with the values of a record's change."""
    return f"{record}/{place // PER_ROW:05d}"


ChangePlace = tuple[str, int]
"""The id of an audit record, and the place of a change in it."""


async def read_values(mongo: Mongo, places: Iterable[ChangePlace]) -> dict[ChangePlace, Document]:
    """Return the values of these changes, as far as they exist."""
    wanted = set(places)
    only = sorted({f"values.{place}" for _, place in wanted})
    ids = sorted({row_id(*place) for place in wanted})
    rows = await mongo.rows(VALUES, {"_id": {"$in": ids}}, only=only) if ids else []
    found = {row["_id"]: row["values"] for row in rows if isinstance(row.get("values"), dict)}
    return {
        place: values
        for place in wanted
        if isinstance(values := found.get(row_id(*place), {}).get(str(place[1])), dict)
    }


ValuesState = Literal["readable", "erased", "digest_only", "altered"]


def state_of(digest: str | None, values: Document | None) -> ValuesState:
    """Return whether a change's values are there and are those that its record proves."""
    if not digest:
        return "digest_only"
    if values is None:
        return "erased"
    return "readable" if document_digest(values) == digest else "altered"
