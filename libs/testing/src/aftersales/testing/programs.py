"""Services as child processes, as `make up` runs them, for tests and benchmarks."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from aftersales.testing import eventually
from aftersales.testing.servers import free_port
from aftersales.testing.servers.model import log_tail
from aftersales.values import uuid7

_START_SECONDS = 60
_STOP_SECONDS = 30


@asynccontextmanager
async def run_program(
    command: Sequence[str], port: int, environment: Mapping[str, str], log: Path
) -> AsyncIterator[str]:
    """Run an HTTP program and yield its base URL when its `/healthz` answers 200."""
    base = f"http://127.0.0.1:{port}"
    child = _start(command, environment, log)
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            await eventually(lambda: _ready(http, base, child, log), _START_SECONDS)
        yield base
    finally:
        child.terminate()
        await asyncio.to_thread(child.wait, _STOP_SECONDS)


def _start(command: Sequence[str], environment: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(command, env=os.environ | environment, stdout=output, stderr=output)  # noqa: S603


async def _ready(http: httpx.AsyncClient, base: str, child: "subprocess.Popen[bytes]", log: Path) -> bool:
    if child.poll() is not None:
        raise AssertionError(f"{child.args!r} ended with {child.returncode}:\n{log_tail(log)}")
    try:
        return (await http.get(f"{base}/healthz")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@asynccontextmanager
async def run_services(urls: Any, logs: Path, *names: str, **settings: str) -> AsyncIterator[dict[str, str]]:
    """Run these services on a bus and databases of their own; yield their base URLs by name, and `bus`."""
    tag = f"p{uuid7()[-8:]}"
    common = {"AFTERSALES_MONGO_URL": urls.mongo_url, "AFTERSALES_AMQP_URL": urls.amqp_url, "AFTERSALES_BUS": tag}
    common |= {f"AFTERSALES_{name.upper()}": value for name, value in settings.items()}
    starting = []
    for name in names:
        port = free_port()
        own = {"AFTERSALES_DATABASE": f"{tag}_{name}", "AFTERSALES_HTTP_PORT": str(port), "AFTERSALES_INSTANCE": "1"}
        command = [str(Path(sys.executable).with_name(f"aftersales-{name}"))]
        starting.append(run_program(command, port, common | own, logs / f"{name}.log"))
    bases = await asyncio.gather(*(program.__aenter__() for program in starting))
    try:
        yield {"bus": tag, **dict(zip(names, bases, strict=True))}
    finally:
        await asyncio.gather(*(program.__aexit__(None, None, None) for program in starting))
