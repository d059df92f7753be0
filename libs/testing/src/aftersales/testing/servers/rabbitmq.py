"""A real RabbitMQ node on loopback with its own name, ports, data and cookie, whatever else runs here."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
from aio_pika.exceptions import AMQPError

from aftersales.common.broker_urls import broker_urls
from aftersales.testing.servers import apt
from aftersales.testing.servers.model import WAYS_OUT, Server, ServerUnavailableError
from aftersales.testing.servers.ports import free_port

SETTING = "AFTERSALES_RABBITMQ_SERVER"
"""The rabbitmq-server program to run instead of the one that is found; `rabbitmqctl` must be in the same folder."""
DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one in /usr/sbin changes the user first
MAX_MESSAGE_BYTES = 4_194_304
PORTS = ("amqp", "management", "prometheus", "dist", "epmd")

_CONF = """\
listeners.tcp.local = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {prometheus}
max_message_size = {max_message}
log.file = false
log.console = true
log.console.level = info
log.console.use_colors = off
"""


def find_rabbitmq(debian: Path = DEBIAN) -> Path:
    """Return the program that AFTERSALES_RABBITMQ_SERVER names, else Debian's or the one on PATH.

    If there is none, root on Debian installs it. Raises ServerUnavailableError.
    """
    if named := os.environ.get(SETTING):
        if not os.access(named, os.X_OK):
            raise ServerUnavailableError(f"{SETTING} names {named}, which is no program that can be run here")
        return Path(named)
    found = _look(debian)
    if found is None and apt.can_install():
        apt.install_package("rabbitmq-server")
        found = _look(debian)
    if found is None:
        raise ServerUnavailableError(
            f"rabbitmq-server is not on PATH and can't be installed (that takes root on Debian). {WAYS_OUT}"
        )
    return found


def _look(debian: Path) -> Path | None:
    if os.access(debian, os.X_OK):
        return debian
    on_path = shutil.which("rabbitmq-server")
    return Path(on_path) if on_path else None


def prepare_rabbitmq(data_dir: Path, port: int, others: dict[str, int] | None = None, more: str = "") -> Server:
    """Prepare a node; `others` sets ports other than AMQP's (`PORTS`), the rest are picked from free ones.

    `more` are lines to add to `rabbitmq.conf`.
    """
    binary = find_rabbitmq()
    ports = {name: free_port() for name in PORTS} | (others or {}) | {"amqp": port}
    for folder in ("mnesia", "log", "conf.d"):
        (data_dir / folder).mkdir(parents=True, exist_ok=True)
    (data_dir / "rabbitmq.conf").write_text(_CONF.format(**ports, max_message=MAX_MESSAGE_BYTES) + more)
    (data_dir / "plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
    (data_dir / "env.conf").touch()
    epmd = shutil.which("epmd")
    return Server(
        name="rabbitmq",
        command=(str(binary),),
        data_dir=data_dir,
        url=f"amqp://guest:guest@127.0.0.1:{port}",
        ports=ports,
        env=_environment(data_dir, ports),
        stop_seconds=30,
        cleanup=(epmd, "-port", str(ports["epmd"]), "-kill") if epmd else (),
    )


def node_name(port: int) -> str:
    return f"aftersales-{port}@localhost"


def run_rabbitmqctl(server: Server, *arguments: str) -> str:
    """Run a command of the node's own `rabbitmqctl` and return its output. Raises ServerUnavailableError."""
    program = Path(server.command[0]).with_name("rabbitmqctl")
    command, environment = (str(program), "--quiet", *arguments), os.environ | dict(server.env)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise ServerUnavailableError(f"rabbitmqctl {arguments[0]}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def _environment(data_dir: Path, ports: dict[str, int]) -> dict[str, str]:
    """Return every setting that would otherwise come from /etc/rabbitmq or be shared with another node here."""
    return {
        "HOME": str(data_dir),  # the Erlang cookie
        "LANG": "C.UTF-8",
        "NOTIFY_SOCKET": "",
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": node_name(ports["amqp"]),
        "RABBITMQ_USE_LONGNAME": "false",
        "RABBITMQ_DIST_PORT": str(ports["dist"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(data_dir / "mnesia"),
        "RABBITMQ_LOG_BASE": str(data_dir / "log"),
        "RABBITMQ_PID_FILE": str(data_dir / "rabbitmq.pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(data_dir / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(data_dir / "env.conf"),
        "RABBITMQ_CONFIG_FILE": str(data_dir / "rabbitmq"),
        "RABBITMQ_CONFIG_FILES": str(data_dir / "conf.d" / "*.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(data_dir / "advanced.config"),
    }


def wait_amqp(url: str, seconds: float = 60) -> None:
    """Wait until the broker accepts a login. Inside a running event loop, call it with `asyncio.to_thread`."""
    deadline = time.monotonic() + seconds
    url = broker_urls(url)[0]
    while True:
        with contextlib.suppress(OSError, AMQPError, asyncio.TimeoutError):
            _knock(url)
            asyncio.run(_log_in(url))
            return
        if time.monotonic() > deadline:
            raise ServerUnavailableError(f"no AMQP answer from {urlsplit(url).hostname} in {seconds:.0f} s")
        time.sleep(0.05)


def _knock(url: str) -> None:
    """Open and close a TCP connection, which fails cheaply while the port is closed."""
    parts = urlsplit(url)
    socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5672), timeout=1).close()


async def _log_in(url: str) -> None:
    connection = await aio_pika.connect(url, timeout=5)
    await connection.close()
