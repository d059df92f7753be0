"""Loopback ports: free ones, and those in use by other programs."""

import secrets
import socket

_FIRST, _COUNT = 20000, 6000  # below the kernel's range for outgoing connections, so a restart finds them free
_given: set[int] = set()


def is_taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether another program listens there, or a server could not bind there for another reason."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def free_port() -> int:
    """Return a free port, never the same twice in a process; two processes rarely pick the same one."""
    for _ in range(200):
        port = _FIRST + secrets.randbelow(_COUNT)
        if port not in _given and not is_taken(port):
            _given.add(port)
            return port
    raise RuntimeError("no free port found on loopback")
