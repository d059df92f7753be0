"""Ends processes that a killed run left behind; the mark in their environment identifies them."""

from pathlib import Path

import psutil

from aftersales.testing.servers.model import OWNER


def find_orphans(root: Path) -> list[psutil.Process]:
    """List the processes that were started for a directory below `root`."""
    return [process for process in psutil.process_iter() if _belongs(process, root)]


def end_orphans(root: Path) -> int:
    """Kill these processes and return their number."""
    found = find_orphans(root)
    for process in found:
        process.kill()
    psutil.wait_procs(found, timeout=10)
    return len(found)


def _belongs(process: psutil.Process, root: Path) -> bool:
    try:
        owner = process.environ().get(OWNER)
    except (psutil.Error, OSError):
        return False
    return owner is not None and Path(owner).is_relative_to(root)
