"""Starts, stops and kills a prepared server as a process group of its own."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

from aftersales.testing.servers.model import OWNER, Server, ServerUnavailableError, log_tail, open_files
from aftersales.testing.servers.mongod import initiate_replica_set, wait_member
from aftersales.testing.servers.ports import is_taken
from aftersales.testing.servers.rabbitmq import wait_amqp


def wait_ready(server: Server, seconds: float = 60) -> None:
    """Wait until clients can use it: MongoDB has a primary (a member only answers), RabbitMQ accepts a login."""
    if "mongo" in server.ports and server.is_member:
        wait_member(server.ports["mongo"], seconds)
    elif "mongo" in server.ports:
        initiate_replica_set(server.ports["mongo"], seconds=seconds, **server.client)
    else:
        wait_amqp(server.url, seconds)


class Process:
    """One running server. `kill`, then `start` is a crash and a restart on the same data."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def log(self) -> Path:
        return self.server.data_dir / "server.log"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def ended(self) -> str | None:
        """A message with exit code and end of the log if it ended by itself; None while it runs or was stopped."""
        code = self._child.poll() if self._child else None
        return None if code is None else f"{self.server.name} ended by itself (exit {code})\n{log_tail(self.log)}"

    def start(self, seconds: float = 60) -> None:
        """Start and wait until it is ready. Raises ServerUnavailableError with the end of its log."""
        for name, port in self.server.ports.items():
            if is_taken(port):
                raise ServerUnavailableError(f"{self.server.name}: its {name} port {port} is held by another program")
        self._launch()
        try:
            self._await_ready(time.monotonic() + seconds)
        except ServerUnavailableError as failed:
            self.kill()
            raise ServerUnavailableError(f"{failed}\n{log_tail(self.log)}") from None
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End it cleanly; after `stop_seconds` by force."""
        self._signal(signal.SIGTERM)
        self._gone(self.server.stop_seconds)
        self.kill()

    def kill(self) -> None:
        """End the whole group with SIGKILL, as a power cut would."""
        self._signal(signal.SIGKILL)
        self._gone(10)
        self._child = None
        self._clean_up()

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended; a paused one still runs."""
        return self._child is not None and self._child.poll() is None

    def pause(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _launch(self) -> None:
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603 - our own prepared command
                self.server.command,
                env=os.environ | dict(self.server.env) | {OWNER: str(self.server.data_dir)},
                cwd=self.server.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        resource.prlimit(self._child.pid, resource.RLIMIT_NOFILE, (open_files(), open_files()))

    def _await_ready(self, deadline: float) -> None:
        while True:
            try:
                return wait_ready(self.server, seconds=0.2)
            except ServerUnavailableError:
                if self._child is not None and self._child.poll() is not None:
                    code = self._child.returncode
                    raise ServerUnavailableError(f"{self.server.name} ended while starting (exit {code})") from None
                if time.monotonic() > deadline:
                    raise

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)

    def _gone(self, seconds: float) -> bool:
        """Wait until the leader and all processes in its group have ended."""
        deadline = time.monotonic() + seconds
        while self._child is not None and time.monotonic() < deadline:
            self._child.poll()
            try:
                os.killpg(self._child.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.02)
        return self._child is None

    def _clean_up(self) -> None:
        """End what the server left running elsewhere: Erlang's name daemon, which may refuse for a moment."""
        for _ in range(20 if self.server.cleanup else 0):
            done = subprocess.run(self.server.cleanup, capture_output=True, check=False, timeout=10)  # noqa: S603 - ours
            if done.returncode == 0:
                return
            time.sleep(0.1)


def start_server(server: Server, seconds: float = 60) -> Process:
    """Start a prepared server and wait until it is ready."""
    process = Process(server)
    process.start(seconds)
    return process
