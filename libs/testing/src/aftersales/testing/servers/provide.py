"""A server for tests: the one named in the environment, else a container, else a process of our own."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from aftersales.testing.servers.model import Server
from aftersales.testing.servers.mongod import FOR_TESTS, prepare_mongod
from aftersales.testing.servers.ports import free_port
from aftersales.testing.servers.process import Process, start_server
from aftersales.testing.servers.rabbitmq import prepare_rabbitmq

ServerName = Literal["mongo", "rabbitmq"]
Kind = Literal["url", "docker", "process"]

_URL_FROM: dict[ServerName, str] = {"mongo": "AFTERSALES_MONGO_URL", "rabbitmq": "AFTERSALES_AMQP_URL"}
_PREPARE: dict[ServerName, Callable[[Path, int], Server]] = {
    "mongo": lambda data_dir, port: prepare_mongod(data_dir, port, *FOR_TESTS),
    "rabbitmq": prepare_rabbitmq,
}


@dataclass(frozen=True)
class Provided:
    """A server that answers; `close` ends it if it is ours."""

    url: str
    kind: Kind
    close: Callable[[], None]
    process: Process | None = None
    """The local process, if it is one, which can be killed and started again."""


def expected_kind(name: ServerName) -> Kind:
    """Return the kind that `provide_server` will try first, without starting anything."""
    if os.environ.get(_URL_FROM[name]):
        return "url"
    return "docker" if _docker() else "process"


def provide_server(name: ServerName, data_dir: Path) -> Provided:
    """Return a running server. If a container cannot be started, report it in a line and start a process instead."""
    if url := os.environ.get(_URL_FROM[name]):
        return Provided(url, "url", close=lambda: None)
    if _docker() and (contained := _in_container(name)):
        return contained
    process = start_server(_PREPARE[name](data_dir / name, free_port()))
    return Provided(process.url, "process", close=process.kill, process=process)


@cache
def _docker() -> bool:
    from aftersales.testing.servers.containers import docker_answers  # noqa: PLC0415 - needs the docker package

    return docker_answers()


def _in_container(name: ServerName) -> Provided | None:
    from aftersales.testing.servers import containers  # noqa: PLC0415 - needs the docker package

    try:
        container, url = containers.start_mongo() if name == "mongo" else containers.start_rabbitmq()
    except Exception as why:  # noqa: BLE001 - registry, engine or image may fail in any way; then a process is used
        reason = (str(why).splitlines() or [type(why).__name__])[0]
        sys.stderr.write(f"{name}: no container ({reason}); a local process instead\n")
        return None
    return Provided(url, "docker", close=container.stop)
