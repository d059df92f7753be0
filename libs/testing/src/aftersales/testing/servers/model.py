"""Data of one real server on loopback, prepared here and run by a test or by supervisord."""

import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WAYS_OUT = (
    "Either run the whole system in containers with `docker compose up`, or name servers you already have in "
    "AFTERSALES_MONGO_URL and AFTERSALES_AMQP_URL."
)

OWNER = "AFTERSALES_SERVER_DIR"
"""Set in the environment of every server: identifies our processes even if their starter was killed."""


_ENOUGH_FILES = 64_000  # what MongoDB asks for; Erlang reserves memory for each, so even an unbounded limit is cut


def open_files() -> int:
    """Return how many files a server may open: a shell's 1024 are too few, and MongoDB ends at its limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)


class ServerUnavailableError(RuntimeError):
    """A server was not found, could not be installed, or did not start; the message contains the remedy."""


@dataclass(frozen=True)
class Server:
    """A server with its configuration on disk; its command stays in the foreground and logs to stdout."""

    name: str
    command: tuple[str, ...]
    data_dir: Path
    url: str
    ports: Mapping[str, int]
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that are added to the caller's environment."""
    stop_seconds: float = 15
    """Time allowed for a clean end (SIGTERM to its process group)."""
    cleanup: tuple[str, ...] = ()
    """A command, run after the server has ended, that ends what it leaves behind."""
    client: Mapping[str, Any] = field(default_factory=dict)
    """Options that a driver's client needs to connect."""
    is_member: bool = False
    """Whether it is one of several servers and is ready once it answers, even if the others do not (`cluster`)."""


def log_tail(path: Path, lines: int = 15) -> str:
    """Return the end of a log, empty if there is none."""
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
