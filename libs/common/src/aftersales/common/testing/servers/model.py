"""What it takes to run one real server on loopback: prepared here, run by a test or by supervisord alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WAYS_OUT = (
    "Either run the whole system in containers with `docker compose up`, or name servers you already have in "
    "AFTERSALES_MONGO_URL and AFTERSALES_AMQP_URL."
)

OWNER = "AFTERSALES_SERVER_DIR"
"""Set in the environment of all we start: the proof that a process is ours, should its starter be killed."""


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


def tail(path: Path, lines: int = 15) -> str:
    """Give the end of a log, empty when there is none."""
    if not path.is_file():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
