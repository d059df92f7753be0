"""A server for tests: the one that is named, else in a container, else a process of our own."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from aftersales.testing.servers.model import Server
from aftersales.testing.servers.mongod import FOR_TESTS, mongod
from aftersales.testing.servers.ports import free_port
from aftersales.testing.servers.process import Process, start
from aftersales.testing.servers.rabbitmq import rabbitmq

Name = Literal["mongo", "rabbitmq"]
Kind = Literal["url", "docker", "process"]

_URL_FROM: dict[Name, str] = {"mongo": "AFTERSALES_MONGO_URL", "rabbitmq": "AFTERSALES_AMQP_URL"}
_PREPARE: dict[Name, Callable[[Path, int], Server]] = {
    "mongo": lambda data_dir, port: mongod(data_dir, port, *FOR_TESTS),
    "rabbitmq": rabbitmq,
}


@dataclass(frozen=True)
class Provided:
    """A server that answers; `close` ends it when it is ours."""

    url: str
    kind: Kind
    close: Callable[[], None]
    process: Process | None = None
    """Set when it is a local process, which can then be killed and started again."""


def expected(name: Name) -> Kind:
    """Tell which kind `provide` will try first, without starting anything."""
    if os.environ.get(_URL_FROM[name]):
        return "url"
    return "docker" if _docker() else "process"


def provide(name: Name, data_dir: Path) -> Provided:
    """Give a running server; containers that can't be started are reported in a line and replaced by a process."""
    if url := os.environ.get(_URL_FROM[name]):
        return Provided(url, "url", close=lambda: None)
    if _docker() and (contained := _in_container(name)):
        return contained
    process = start(_PREPARE[name](data_dir / name, free_port()))
    return Provided(process.url, "process", close=process.kill, process=process)


@cache
def _docker() -> bool:
    from aftersales.testing.servers.containers import docker_answers  # noqa: PLC0415 - needs the docker package

    return docker_answers()


def _in_container(name: Name) -> Provided | None:
    from aftersales.testing.servers import containers  # noqa: PLC0415 - needs the docker package

    try:
        container, url = containers.start_mongo() if name == "mongo" else containers.start_rabbitmq()
    except Exception as why:  # noqa: BLE001 - registry, engine, image: any of it leads to the other way
        reason = (str(why).splitlines() or [type(why).__name__])[0]
        sys.stderr.write(f"{name}: no container ({reason}); a local process instead\n")
        return None
    return Provided(url, "docker", close=container.stop)
