"""A service as a child process, which may be killed, frozen and started again."""

import asyncio
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from aftersales.testing.servers.model import log_tail

STOP_BUDGET = 6.0
"""Seconds from SIGTERM to the end, as each service is told."""


@dataclass
class Program:
    """One replica of a service as a child process."""

    service: str
    name: str
    """The service's name, and which replica it is where there are several: `intake-a`."""
    command: tuple[str, ...]
    environment: dict[str, str]
    port: int
    log: Path
    wanted: bool = False
    """Whether it should be running now."""
    deaths: list[str] = field(default_factory=list)
    """Each time it ended by itself, with the end of its log."""
    _child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                self.command,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wanted = True

    def send(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.poll() is None:
            os.kill(self._child.pid, number)

    async def kill(self) -> None:
        self.wanted = False
        self.send(signal.SIGKILL)
        await self._gone(10)

    async def terminate(self) -> tuple[float, int | None]:
        """End it by SIGTERM: the seconds it took, and its exit code (None: it had to be killed)."""
        self.wanted = False
        began = time.monotonic()
        self.send(signal.SIGTERM)
        code = await self._gone(STOP_BUDGET * 4)
        took = time.monotonic() - began
        if code is None:
            await self.kill()
        return took, code

    async def _gone(self, seconds: float) -> int | None:
        child = self._child
        deadline = time.monotonic() + seconds
        while child is not None and child.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return child.poll() if child else 0

    def died(self) -> bool:
        """Whether it ended though nobody ended it; noted once."""
        if not self.wanted or self._child is None or self._child.poll() is None:
            return False
        self.wanted = False
        end = "\n".join(line[:1500] for line in log_tail(self.log, 3).splitlines())
        self.deaths.append(f"{self.name} ended by itself (exit {self._child.returncode}):\n{end}")
        return True
