"""What it takes to run one real server on loopback: prepared here, run by a test or by supervisord alike."""

import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WAYS_OUT = (
    "Either run the whole system in containers with `docker compose up`, or name servers you already have in "
    "AFTERSALES_MONGO_URL and AFTERSALES_AMQP_URL."
)

OWNER = "AFTERSALES_SERVER_DIR"
"""Set in the environment of all we start: the proof that a process is ours, should its starter be killed."""


_ENOUGH_FILES = 64_000  # what MongoDB asks for; Erlang reserves memory for each, so no more of an unbounded limit


def open_files() -> int:
    """How many files and connections a server may hold: a shell's 1024 are too few, and MongoDB ends at its limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)


class ServerUnavailableError(RuntimeError):
    """A server can be neither found nor obtained, or did not come up; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """A server whose configuration is written; its command stays in the foreground and logs to stdout."""

    name: str
    command: tuple[str, ...]
    data_dir: Path
    url: str
    ports: Mapping[str, int]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the caller's environment."""
    stop_seconds: float = 15
    """How long a clean end (SIGTERM to its process group) may take."""
    cleanup: tuple[str, ...] = ()
    """A command that ends what it leaves behind, run once it has ended."""
    is_member: bool = False
    """Whether it is one of several: ready once it answers, whether or not the others do (`cluster`)."""


def log_tail(path: Path, lines: int = 15) -> str:
    """Give the end of a log, empty when there is none."""
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
