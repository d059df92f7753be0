"""Rows go to their service, many at a time and each until it has an answer; none counts twice."""

import asyncio
import hashlib
import itertools
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aftersales.common.cli.connection import Connection, me, problem
from aftersales.common.cli.session import Trouble
from aftersales.common.cli.sheets.kinds import Kind, Wrong
from aftersales.common.cli.sheets.rows import Row, content, fingerprint

AT_ONCE = 16
IMPORTER = "import"
"""The actor of rows that add something. An Idempotency-Key is its caller's own, and a sheet that was imported
by one person must not count again when another imports it; who it was is in the correlation id."""


@dataclass
class Result:
    """What became of the rows; those still `unsent` when `trouble` ended it may or may not have arrived."""

    imported: int = 0
    repeated: int = 0
    refused: list[Row] = field(default_factory=list)
    unsent: int = 0
    trouble: Trouble | None = None


async def send_all(connection: Connection, kind: Kind, rows: Sequence[Row], done: Callable[[], None]) -> Result:
    """Send what is a call, `AT_ONCE` at a time; rows about the same thing go in the order of the file."""
    result = Result(refused=[row for row in rows if not row.call])
    result.unsent = len(rows) - len(result.refused)
    lanes: dict[int, list[tuple[str, Row]]] = defaultdict(list)
    for key, row in zip(_keys(kind, rows), rows, strict=True):
        if row.call:
            lanes[zlib.crc32(row.call.turn.encode()) % AT_ONCE].append((key, row))

    async def drive(lane: list[tuple[str, Row]]) -> None:
        for key, row in lane:
            await _send(connection, kind, key, row, result)
            result.unsent -= 1
            done()

    try:
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(drive(lane))
    except* Trouble as troubles:
        result.trouble = _first(troubles)
    result.refused.sort(key=lambda row: row.record.number)
    return result


async def _send(connection: Connection, kind: Kind, key: str, row: Row, result: Result) -> None:
    """Send one row.

    A service repeats what it once answered to a key, a refusal too. That refusal may be out of date
    (the branch is known by now), so the row is sent again under the next key of its own.
    """
    call = row.call
    assert call is not None  # noqa: S101 (only rows with a call have a lane)
    for attempt in itertools.count(1):
        headers = {"x-correlation-id": f"{me()}-{key}"}
        if kind.adds:
            headers["idempotency-key"] = f"{key}/{attempt}"
        answer = await connection.call(call.method, call.path, json=call.body, headers=headers)
        again = "idempotent-replayed" in answer.headers
        if answer.is_success:
            result.imported += not again
            result.repeated += again
            return
        if not again:
            result.refused.append(replace(row, wrong=_reasons(kind, *problem(answer))))
            return


def _keys(kind: Kind, rows: Sequence[Row]) -> list[str]:
    """A name for each row: of which sheet, which row, what it says."""
    sheet = f"{kind.name}-{fingerprint(rows)[:16]}"
    return [f"{sheet}-{at}-{hashlib.sha256(content(row)).hexdigest()[:16]}" for at, row in enumerate(rows, 1)]


def _reasons(kind: Kind, code: str, words: str, params: dict[str, Any]) -> tuple[Wrong, ...]:
    errors = params.get("errors")
    if isinstance(errors, list) and errors:
        return tuple(
            Wrong(kind.column_of(error["field"]), error.get("code", code), {}, error["problem"]) for error in errors
        )
    named = [column.name for column in kind.columns if column.name in params]
    return (Wrong(", ".join(named), code, params, words),)


def _first(troubles: BaseExceptionGroup[Trouble]) -> Trouble:
    found: Any = troubles
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    trouble: Trouble = found
    return trouble
