"""Finds rows that are imported but that a person should look at."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aftersales.cli.sheets.rows import Row, row_content

STALE = timedelta(days=30)


def equal_rows(rows: Sequence[Row]) -> list[tuple[int, ...]]:
    """Return the numbers of rows that say the same, in groups of two or more."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for row in rows:
        if row.call:
            groups[row_content(row)].append(row.record.number)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def stale_rows(rows: Sequence[Row], now: datetime) -> list[int]:
    """Return the numbers of open requests that came in, or were wanted, long ago: they would start as new ones."""
    return [row.record.number for row in rows if row.call and _is_stale(row.call.body, now - STALE)]


def _is_stale(body: dict[str, Any], since: datetime) -> bool:
    elsewhere: dict[str, str] = body.get("elsewhere", {})
    if elsewhere.get("state", "open") != "open" or "closed_at" in elsewhere:
        return False
    times = (body.get("wanted_at"), elsewhere.get("registered_at"))
    return any(datetime.fromisoformat(at) < since for at in times if at)
