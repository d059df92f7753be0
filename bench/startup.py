"""A cold `make up` on a machine that has the packages: seconds to ready, and what each program holds in memory."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from bench.places import ROOT
from deploy.local.place import Place
from deploy.local.runner import Runner

from aftersales.common.testing.servers import free_port

_PORTS = [
    "INTAKE",
    "DISPATCH",
    "INVENTORY",
    "FEEDBACK",
    "MONGO",
    "AMQP",
    "RABBITMQ_MANAGEMENT",
    "RABBITMQ_METRICS",
    "RABBITMQ_DIST",
    "RABBITMQ_EPMD",
    "PROMETHEUS",
]


def race() -> tuple[float, dict[str, float]]:
    """Seconds until all is ready, and the resident megabytes of each program (its children included)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AFTERSALES_")}
        environment |= {f"AFTERSALES_PORT_{name}": str(free_port()) for name in _PORTS}
        environment |= {"DETACH": "1", "AFTERSALES_RUN_DIR": folder}
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
