"""Sends rows in batches to an endpoint that accepts them (`common/http/batches.py`); each row has its own outcome."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
from pydantic_core import to_json

from aftersales.cli.connection import Connection, current_user, problem_of
from aftersales.cli.session import Trouble
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.naming import NamedRow
from aftersales.cli.sheets.result import Plan, Result, refusal_reasons

LANES = 4
"""Number of batches in progress, enough that the service never waits for the next."""
_MOST_BYTES = 400_000
"""Most bytes in one batch, well below the limit of a service."""
_DIVIDED = {413, 422, 500}
"""Status codes that one row of many may cause."""


async def send_in_batches(
    connection: Connection, kind: Kind, lane: Sequence[NamedRow], plan: Plan, result: Result
) -> None:
    """Send the batches one after another, in the order of the file."""
    for batch in _batches(lane, plan.most_rows):
        await _send(connection, kind, batch, plan, result)


def _batches(lane: Sequence[NamedRow], most: int) -> Iterator[list[tuple[NamedRow, bytes]]]:
    batch: list[tuple[NamedRow, bytes]] = []
    size = 0
    for named in lane:
        form = named.row.call.body if named.row.call else {}
        body = to_json({"key": named.name.key, "also": named.name.also, "form": form})
        if batch and (len(batch) == most or size + len(body) > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((named, body))
        size += len(body)
    if batch:
        yield batch


async def _send(
    connection: Connection, kind: Kind, batch: list[tuple[NamedRow, bytes]], plan: Plan, result: Result
) -> None:
    method, _, path = kind.target.partition(" ")
    dry = b',"dry_run":true' if plan.dry_run else b""
    body = b'{"rows":[' + b",".join(row for _, row in batch) + b"]" + dry + b"}"
    headers = {"content-type": "application/json", "x-correlation-id": current_user()}
    answer = await connection.call(method, path, content=body, headers=headers)
    if answer.is_success:
        _take(kind, [named for named, _ in batch], answer.json()["rows"], plan, result)
    elif answer.status_code not in _DIVIDED:
        reason, words, _params = problem_of(answer)
        raise Trouble("import.not_taken", path=path, reason=reason, words=words)
    elif len(batch) > 1:
        for part in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
            await _send(connection, kind, part, plan, result)
    else:
        _take(kind, [batch[0][0]], [_refusal(answer)], plan, result)


def _refusal(answer: httpx.Response) -> dict[str, Any]:
    code, words, params = problem_of(answer)
    return {"outcome": "refused", "code": code, "detail": words, "params": params}


def _take(kind: Kind, batch: list[NamedRow], outcomes: list[dict[str, Any]], plan: Plan, result: Result) -> None:
    taken = []
    for named, outcome in zip(batch, outcomes, strict=True):
        row = named.row
        if outcome["outcome"] == "refused":
            wrong = refusal_reasons(kind, outcome["code"], outcome["detail"], outcome["params"])
            result.refused.append(replace(row, wrong=wrong))
            continue
        taken.append(row.record.number)
        result.repeated += outcome["outcome"] == "repeated"
        result.imported += outcome["outcome"] != "repeated"
        result.updated += outcome["outcome"] == "updated"
        result.changed += [row.record.number] if outcome.get("changed") else []
        for note in outcome.get("notes", ()):
            result.notes.setdefault(note["detail"], []).append(row.record.number)
    if not plan.dry_run:
        plan.journal.note(taken)
    result.unsent -= len(batch)
    plan.done(len(batch))
