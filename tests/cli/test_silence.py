"""What `aftersales` does while a service is down, hangs or is busy: it says so soon, and its exit code is 2."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cli.system import Program

from aftersales.cli.connection import connect_to_service
from aftersales.cli.session import Session, Trouble
from aftersales.policy.presets import preset_texts

NUMBER = "SR-261122-7K3F"
VERSION = {"service": "intake", "version": "1"}
BUSY = {"type": "about:blank", "title": "Busy", "status": 503, "code": "service.busy", "detail": "Too much at once."}


class Clerk(Program):
    """The program, and every service at one address."""

    def __init__(self, url: str) -> None:
        self.urls = dict.fromkeys(("intake", "dispatch", "inventory", "feedback"), url)


@asynccontextmanager
async def answering(*answers: dict[str, object] | None) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve these answers one after the other, and the last for ever; None never comes. Gives what was asked."""
    asked: list[str] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b" HTTP")[0].decode())
        answer = answers[min(len(asked), len(answers)) - 1]
        if answer is None:
            await ended.wait()
        else:
            body = json.dumps(answer).encode()
            start = (
                f"HTTP/1.1 {answer.get('status', 200)} -\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            writer.write(start.encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        ended.set()
        server.close()


def commands(folder: Path) -> list[tuple[object, ...]]:
    """Every command that asks a service."""
    policy, sheet = folder / "p.yaml", folder / "s.csv"
    policy.write_text(preset_texts()["property"], "utf-8")
    sheet.write_text("branch,part,lot,bin,quantity\nsh-01,R-01,L1,A-01-01,2\n", "utf-8")
    return [
        ("version",),
        ("sla", "explain", NUMBER),
        ("dead", "list"),
        ("dead", "show", "x"),
        ("dead", "replay", "x"),
        ("dead", "drop", "x"),
        ("policy", "show", "x@1"),
        ("policy", "diff", "property", "x@1"),
        ("policy", "explain", "--branch", "x"),
        ("policy", "publish", policy),
        ("import", "stock", sheet),
    ]


async def test_a_service_that_hangs_is_asked_once_by_each_command_and_named(tmp_path):
    async with answering(None) as (hanging, asked):
        done = await asyncio.gather(*(Clerk(hanging)(*command) for command in commands(tmp_path)))
    assert [(one.code, "does not answer" in one.err) for one in done] == [(2, True)] * len(done)
    assert set(asked) == {"GET /version"}, "no command goes on without knowing that somebody is there"
    one_each, all_four, three = 5, 5 * 4, 3
    assert len(asked) == one_each + all_four + three, "nothing is tried again"


async def test_a_wait_for_a_busy_service_is_announced_with_its_length(capsys):
    async with answering(VERSION, BUSY) as (url, asked):
        with pytest.raises(Trouble) as trouble:
            async with connect_to_service(Session({"intake": url}), "intake", patience=1) as connection:
                await connection.call("GET", "/policies")
    told = capsys.readouterr().err
    assert "intake does not answer yet (Too much at once.). Trying again for up to 1 s" in " ".join(told.split())
    assert told.count("Trying again") == 1 < asked.count("GET /policies")
    assert trouble.value.params["why"] == "Too much at once."
