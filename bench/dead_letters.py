"""A hundred thousand dead letters sent again by the command line: what the desk notices of it meanwhile."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench.caller import Caller
from bench.loading import load
from bench.places import DATA, Urls, caught_up
from bench.requests import BRANCH, form
from pymongo import AsyncMongoClient

from aftersales.common.dead_letters import StoredDeadLetter, body_digest, dead_letter_id
from aftersales.common.events.inventory import PartShort
from aftersales.common.mongo import Document, to_document
from aftersales.testing.programs import run_services

REQUESTS = 200
RATE, CALM = 20, 600
"""Registrations a second all the while, and how many of them before the first letter is sent again."""


@dataclass(frozen=True)
class Found:
    """Sorted milliseconds of `POST /requests`, calm and while letters are sent again; and letters a second."""

    calm: list[float]
    meanwhile: list[float]
    rate: float


async def race(urls: Urls, count: int) -> Found:
    """Each letter is an event of inventory about one of `REQUESTS` requests, and changes it when it is handled."""
    async with run_services(urls, DATA, "intake") as bases:
        await caught_up(urls, bases["bus"], "intake")
        caller = await Caller.connect(bases["intake"])
        await caller.send("PUT", "/branches/sh-01", BRANCH)
        known = [json.loads((await caller.send("POST", "/requests", form(n)))[1])["id"] for n in range(REQUESTS)]
        calm = await _registrations(bases["intake"], asyncio.Event(), CALM)
        database = f"{bases['bus']}_intake"
        await load(urls.mongo_url, database, partial(letters, f"{bases['bus']}.intake.events", known), count)
        done = asyncio.Event()
        registering = asyncio.create_task(_registrations(bases["intake"], done))
        began = time.perf_counter()
        await _replay(bases["intake"])
        async with AsyncMongoClient[Document](urls.mongo_url) as client:
            while await client[database]["inbox"].count_documents({"_id": {"$regex": "^letter-"}}) < count:
                await asyncio.sleep(1)
            seconds = time.perf_counter() - began
            assert not await client[database][StoredDeadLetter.COLLECTION].count_documents({}), "all were handled"
        done.set()
        return Found(calm, await registering, count / seconds)


def letters(queue: str, requests: list[str], first: int, count: int) -> Iterator[dict[str, Document]]:
    """Parked events, as a bug in a handler leaves them that is mended since."""
    now = datetime.now(UTC)
    for number in range(first, first + count):
        request, id = requests[number % len(requests)], f"letter-{number:06}"
        about = {"slip": f"IS-{number}", "order": f"WO-{number}", "request": request, "branch": "sh-01"}
        line = {"part": "P-100", "quantity": 1}
        event = PartShort.model_validate(about | {"visit": 1, "at": now, "missing": [line]})
        attributes: dict[str, Any] = {
            "specversion": "1.0",
            "id": id,
            "source": "/aftersales/inventory",
            "type": event.TYPE,
        }
        attributes |= {"subject": event.slip, "time": now.isoformat(), "datacontenttype": "application/json"}
        attributes |= {"correlationid": id, "causationid": "", "branch": "sh-01"}
        body = json.dumps(attributes | {"sequence": 1, "data": event.model_dump(mode="json")}).encode()
        parked = StoredDeadLetter(
            id=dead_letter_id(id, body),
            version=1,
            queue=queue,
            exchange=queue.replace(".intake.", "."),
            event_id=id,
            event_type=event.TYPE,
            reason="KeyError",
            attempts=4,
            first_at=now,
            last_at=now,
            digest=body_digest(body),
            body=body,
        )
        yield {StoredDeadLetter.COLLECTION: dict(to_document(parked))}


async def _replay(base: str) -> None:
    """As an operator does it."""
    command = [str(Path(sys.executable).with_name("aftersales")), "dead", "replay", "--service", "intake", "--yes"]
    environment = os.environ | {"AFTERSALES_INTAKE_URL": base}
    program = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
    assert await program.wait() == 0


async def _registrations(base: str, done: asyncio.Event, most: int | None = None) -> list[float]:
    """`RATE` a second until `most` or `done`, each at its time; their milliseconds from that time on."""
    caller, times, began, number = await Caller.connect(base), [], time.perf_counter(), 0
    free: asyncio.Queue[Caller] = asyncio.Queue()
    free.put_nowait(caller)
    sending: set[asyncio.Task[None]] = set()

    async def send(number: int, at: float) -> None:
        caller = free.get_nowait() if not free.empty() else await Caller.connect(base)
        status, body = await caller.send("POST", "/requests", form(number))
        assert status == 201, body
        times.append((time.perf_counter() - at) * 1000)
        free.put_nowait(caller)

    while not done.is_set() and (most is None or number < most):
        at = began + number / RATE
        await asyncio.sleep(at - time.perf_counter())
        task = asyncio.create_task(send(number, at))
        sending.add(task)
        task.add_done_callback(sending.discard)
        number += 1
    await asyncio.gather(*sending)
    return sorted(times)
