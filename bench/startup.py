"""A cold `make up` on a machine that has the packages: seconds to ready, and what each program holds in memory."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from bench.places import ROOT
from deploy.local.place import Place, apart
from deploy.local.runner import Runner


def race() -> tuple[float, dict[str, float]]:
    """Seconds until all is ready, and the resident megabytes of each program (its children included)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = apart(Path(folder))
        command = [sys.executable, "-m", "deploy.local"]
        began = time.perf_counter()
        subprocess.run([*command, "up"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        try:
            return seconds, _memory(Place(Path(folder)))
        finally:
            subprocess.run([*command, "down"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def _memory(place: Place) -> dict[str, float]:
    found = {}
    for name, state in Runner(place).states().items():
        boss = psutil.Process(state.pid)
        family = [boss, *boss.children(recursive=True)]
        found[name] = sum(process.memory_info().rss for process in family) / 2**20
    return found
