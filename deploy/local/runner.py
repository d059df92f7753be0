"""The only file that talks to supervisord, which runs the programs, restarts them and keeps their logs."""

import contextlib
import hashlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from deploy.local.place import Place
from deploy.local.programs import Program
from supervisor.xmlrpc import SupervisorTransport

from aftersales.testing.servers.model import OWNER, open_files

_SOCKET_LIMIT = 90  # the kernel allows 107 bytes and supervisord binds a longer name first
_NEEDED = {"mongod", "rabbitmq"}

_HEAD = """\
[unix_http_server]
file = {socket}
chmod = 0700

[supervisord]
logfile = {log_dir}/supervisord.log
pidfile = {run_dir}/supervisord.pid
childlogdir = {log_dir}
identifier = aftersales
minfds = {files}
nocleanup = true
{user}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://{socket}
"""

_PROGRAM = """
[program:{name}]
command = {command}
directory = {cwd}
environment = {environment}
priority = {tier}
autostart = false
autorestart = true
startsecs = 5
stopwaitsecs = {stop_seconds:.0f}
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 1
"""


class State(NamedTuple):
    """What supervisord says of a program."""

    word: str
    pid: int

    @property
    def up(self) -> bool:
        return self.word in {"RUNNING", "STARTING"}


class Runner:
    """supervisord for one place, found by its socket."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._config = place.run_dir / "supervisord.conf"
        self._socket = _socket_path(place.run_dir)

    @property
    def _rpc(self) -> Any:
        """A fresh connection: one that failed once stays unusable."""
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def alive(self) -> bool:
        """Whether our supervisord answers."""
        try:
            return bool(self._rpc.getState()["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def launch(self, programs: Iterable[Program]) -> None:
        """Start supervisord as a daemon; it starts none of the programs yet."""
        self._write(programs)
        self._place.log_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        deadline = time.monotonic() + 10
        while not self.alive():
            if done.returncode or time.monotonic() > deadline:
                raise RuntimeError(f"supervisord did not start: {done.stdout[-1000:]}{done.stderr[-1000:]}")
            time.sleep(0.05)

    def update(self, programs: Iterable[Program]) -> list[str]:
        """Bring a running supervisord to this configuration; give the programs that were changed or removed."""
        self._write(programs)
        ((added, changed, removed),) = self._rpc.reloadConfig()
        for name in (*changed, *removed):
            self.stop(name)
            self._rpc.removeProcessGroup(name)
        for name in (*changed, *added):
            self._rpc.addProcessGroup(name)
        return [*changed, *removed]

    def states(self) -> dict[str, State]:
        return {info["name"]: State(info["statename"], info["pid"]) for info in self._rpc.getAllProcessInfo()}

    def start(self, name: str) -> None:
        """Start a program that does not run, without waiting."""
        self._rpc.startProcess(name, False)

    def stop(self, name: str) -> None:
        """Stop a program and wait, also between two of its failing attempts; harmless when it does not run."""
        with contextlib.suppress(xmlrpc.client.Fault):
            self._rpc.stopProcess(name)

    def shutdown(self, seconds: float = 60) -> None:
        """Stop the services, then what they need, then supervisord."""
        deadline = time.monotonic() + seconds
        names = self.states().keys()
        for phase in (names - _NEEDED, names & _NEEDED):
            for name in phase:
                self._rpc.stopProcessGroup(name, False)
            while any(self.states()[name].pid for name in phase) and time.monotonic() < deadline:
                time.sleep(0.1)
        pid = int(self._rpc.getPID())
        self._rpc.shutdown()
        while _exists(pid) and time.monotonic() < deadline:
            time.sleep(0.05)

    def log(self, name: str) -> Path:
        return self._place.log_dir / f"{name}.log"

    def _write(self, programs: Iterable[Program]) -> None:
        """Write the configuration, readable by its owner only: it holds the services' settings."""
        self._place.run_dir.mkdir(parents=True, exist_ok=True)
        head = _HEAD.format(
            socket=self._socket,
            log_dir=self._place.log_dir,
            run_dir=self._place.run_dir,
            user="user = root" if os.geteuid() == 0 else "",
            files=open_files(),
        )
        self._config.touch(mode=0o600)
        self._config.write_text(head + "".join(self._section(program) for program in programs))

    def _section(self, program: Program) -> str:
        mark = {OWNER: str(self._place.data_dir / program.name)}
        environment = ",".join(f"{key}={_quoted(key, value)}" for key, value in (dict(program.env) | mark).items())
        return _PROGRAM.format(
            name=program.name,
            command=shlex.join(program.command).replace("%", "%%"),
            cwd=str(program.cwd).replace("%", "%%"),
            environment=environment,
            tier=program.tier,
            stop_seconds=program.stop_seconds,
            log=self.log(program.name),
        )


def _quoted(key: str, value: str) -> str:
    """Write a value the way supervisord reads it back; a few it can't."""
    mark = "'" if '"' in value else '"'
    if mark in value or re.search(r"\s[;#]|[\r\n]|^['\"]|['\"]$", value):
        raise ValueError(f"supervisord can't hand on the value of {key}: a line break, or both kinds of quotes")
    return f"{mark}{value}{mark}".replace("%", "%%")


def _socket_path(run_dir: Path) -> Path:
    """Give a path the kernel accepts; a deep checkout gets one in the temporary folder, of its owner only."""
    path = run_dir / "supervisor.sock"
    if len(os.fsencode(path)) <= _SOCKET_LIMIT:
        return path
    name = hashlib.sha256(os.fsencode(run_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"aftersales-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder / "supervisor.sock"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
