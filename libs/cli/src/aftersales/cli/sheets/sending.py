"""Sends rows to their service, many in parallel and each until it is answered; none counts twice."""

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aftersales.cli.connection import Connection, current_user, problem_of
from aftersales.cli.session import Trouble
from aftersales.cli.sheets.batching import LANES, send_in_batches
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.naming import NamedRow, RowName
from aftersales.cli.sheets.result import Plan, Result, refusal_reasons
from aftersales.cli.sheets.rows import Row

BATCHES_AT_ONCE = 16
IMPORTER = "import"
"""The actor of rows that add something. An Idempotency-Key belongs to its caller, and a sheet imported by one person
must not count again when another imports it; the person is in the correlation id.
"""


async def send_all(
    connection: Connection, kind: Kind, rows: Sequence[Row], names: Sequence[RowName], plan: Plan | None = None
) -> Result:
    """Send the calls that are not imported yet; rows about the same thing keep the order of the file."""
    plan = plan or Plan()
    calls = [NamedRow(name, row) for name, row in zip(names, rows, strict=True) if row.call]
    waiting = [one for one in calls if one.row.record.number not in plan.journal.taken]
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


def _lanes(rows: Sequence[NamedRow], count: int) -> list[list[NamedRow]]:
    lanes: dict[int, list[NamedRow]] = defaultdict(list)
    for one in rows:
        turn = one.row.call.turn if one.row.call else ""
        lanes[zlib.crc32(turn.encode()) % count].append(one)
    return list(lanes.values())


async def _send_one_by_one(
    connection: Connection, kind: Kind, lane: Sequence[NamedRow], plan: Plan, result: Result
) -> None:
    for one in lane:
        await _send(connection, kind, one, result)
        result.unsent -= 1
        plan.done(1)


async def _send(connection: Connection, kind: Kind, named: NamedRow, result: Result) -> None:
    call = named.row.call
    assert call is not None  # noqa: S101 (only rows with a call have a lane)
    headers = {"x-correlation-id": f"{current_user()}-{named.name.key}"}
    answer = await connection.call(call.method, call.path, json=call.body, headers=headers)
    if answer.is_success:
        result.imported += 1
    else:
        result.refused.append(replace(named.row, wrong=refusal_reasons(kind, *problem_of(answer))))


def _first(troubles: BaseExceptionGroup[Trouble]) -> Trouble:
    found: Any = troubles
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    trouble: Trouble = found
    return trouble
