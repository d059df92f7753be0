"""Real servers for every test that asks: started once, on first use, ended with the session."""

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import structlog

from aftersales.testing import ManualClock
from aftersales.testing.servers import Kind, Process, Provided, ServerName, expected_kind, provide_server
from aftersales.testing.servers.orphans import end_orphans

DATA = Path(__file__).parents[1] / ".run" / "tests"
structlog.configure(  # the default prints every local variable of a traceback, megabytes of documents among them
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S"),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@dataclass
class Servers:
    """MongoDB and RabbitMQ, each started when its URL is first asked for."""

    data_dir: Path
    _provided: dict[ServerName, Provided] = field(default_factory=dict)

    @property
    def mongo_url(self) -> str:
        return self._get("mongo").url

    @property
    def amqp_url(self) -> str:
        return self._get("rabbitmq").url

    @property
    def kind(self) -> dict[ServerName, Kind]:
        return {name: server.kind for name, server in self._provided.items()}

    def process(self, name: ServerName) -> Process | None:
        """Give the local process, to be killed and started again; None when the server is not ours to kill."""
        return self._get(name).process

    @property
    def ended(self) -> list[str]:
        """What is to say of those that ended by themselves."""
        processes = (server.process for server in self._provided.values())
        return [words for process in processes if process and (words := process.ended)]

    def close(self) -> None:
        while self._provided:
            self._provided.popitem()[1].close()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def _get(self, name: ServerName) -> Provided:
        if name not in self._provided:
            self._provided[name] = provide_server(name, self.data_dir)
        return self._provided[name]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    before = signal.signal(signal.SIGTERM, _interrupt)
    _sweep()
    running = Servers(DATA / str(os.getpid()))
    try:
        yield running
    finally:
        running.close()
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(autouse=True)
def _servers_live(servers: Servers) -> None:
    """Without its server each of the tests that follow would wait in vain: say once what happened, and stop."""
    if servers.ended:
        pytest.exit("\n".join(servers.ended), returncode=1)


@pytest.fixture(scope="session")
def urls(servers: Servers) -> Servers:
    """Start both servers outside the event loop, which must not stand still for them."""
    assert servers.mongo_url
    assert servers.amqp_url
    return servers


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def _sweep() -> None:
    """End the servers of sessions that were killed before they could."""
    for left in DATA.glob("*"):
        if not psutil.pid_exists(int(left.name)):
            end_orphans(left)
            shutil.rmtree(left, ignore_errors=True)


def _interrupt(*_: object) -> None:
    """A terminated session ends as an interrupted one does: with its fixtures closed."""
    raise KeyboardInterrupt


def pytest_report_header() -> str:
    ways = {"url": "given by URL", "docker": "in a container", "process": "local process"}
    return f"servers: mongo {ways[expected_kind('mongo')]}, rabbitmq {ways[expected_kind('rabbitmq')]}"
