"""Sends rows to their service, many in parallel and each until it is answered; none counts twice."""

import asyncio
import itertools
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aftersales.cli.connection import Connection, current_user, problem_of
from aftersales.cli.session import Trouble
from aftersales.cli.sheets.batching import LANES, send_in_batches
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.result import Keyed, Plan, Result, refusal_reasons
from aftersales.cli.sheets.rows import Row, row_digests, sheet_fingerprint

BATCHES_AT_ONCE = 16
IMPORTER = "import"
"""The actor of rows that add something. An Idempotency-Key belongs to its caller, and a sheet imported by one person
must not count again when another imports it; the person is in the correlation id.
"""


def name_rows(kind: Kind, rows: Sequence[Row], salt: str = "") -> tuple[str, list[str]]:
    """Return a name for the sheet by its content, and one for each row by sheet, position and content."""
    found = row_digests(rows)
    sheet = f"{kind.name}-{sheet_fingerprint([*found, salt.encode()])[:16]}"
    return sheet, [f"{sheet}-{at}-{digest.hex()[:16]}" for at, digest in enumerate(found, 1)]


async def send_all(
    connection: Connection, kind: Kind, rows: Sequence[Row], keys: Sequence[str], plan: Plan | None = None
) -> Result:
    """Send the calls that are not imported yet; rows about the same thing keep the order of the file."""
    plan = plan or Plan()
    calls = [(key, row) for key, row in zip(keys, rows, strict=True) if row.call]
    waiting = [(key, row) for key, row in calls if row.record.number not in plan.journal.taken]
    result = Result(refused=[row for row in rows if not row.call], repeated=len(calls) - len(waiting))
    result.unsent = len(waiting)
    plan.done(result.repeated)
    drive = send_in_batches if kind.batches else _send_one_by_one
    try:
        async with asyncio.TaskGroup() as group:
            for lane in _lanes(waiting, LANES if kind.batches else BATCHES_AT_ONCE):
                group.create_task(drive(connection, kind, lane, plan, result))
    except* Trouble as troubles:
        result.trouble = _first(troubles)
    result.refused.sort(key=lambda row: row.record.number)
    return result


def _lanes(rows: Sequence[Keyed], count: int) -> list[list[Keyed]]:
    lanes: dict[int, list[Keyed]] = defaultdict(list)
    for key, row in rows:
        turn = row.call.turn if row.call else ""
        lanes[zlib.crc32(turn.encode()) % count].append((key, row))
    return list(lanes.values())


async def _send_one_by_one(
    connection: Connection, kind: Kind, lane: Sequence[Keyed], plan: Plan, result: Result
) -> None:
    for key, row in lane:
        await _send(connection, kind, key, row, result)
        result.unsent -= 1
        plan.done(1)


async def _send(connection: Connection, kind: Kind, key: str, row: Row, result: Result) -> None:
    """Send one row.

    A service repeats its earlier answer to a key, even a refusal. That refusal may be out of date
    (the branch is known by now), so the row is sent again under the next key of its own.
    """
    call = row.call
    assert call is not None  # noqa: S101 (only rows with a call have a lane)
    for attempt in itertools.count(1):
        headers = {"x-correlation-id": f"{current_user()}-{key}"}
        if kind.adds:
            headers["idempotency-key"] = f"{key}/{attempt}"
        answer = await connection.call(call.method, call.path, json=call.body, headers=headers)
        again = "idempotent-replayed" in answer.headers
        if answer.is_success:
            result.imported += not again
            result.repeated += again
            return
        if not again:
            result.refused.append(replace(row, wrong=refusal_reasons(kind, *problem_of(answer))))
            return


def _first(troubles: BaseExceptionGroup[Trouble]) -> Trouble:
    found: Any = troubles
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    trouble: Trouble = found
    return trouble
