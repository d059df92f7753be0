"""Where the local run lives: its folders, its ports, and what the caller's environment says about both."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aftersales.testing.servers import free_port

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "dispatch", "inventory", "feedback")

PORTS = {
    "SIGN_IN": 8105,
    "INTAKE": 8101,
    "DISPATCH": 8102,
    "INVENTORY": 8103,
    "FEEDBACK": 8104,
    "MONGO": 27117,
    "AMQP": 26672,
    "RABBITMQ_MANAGEMENT": 15673,
    "RABBITMQ_METRICS": 15693,
    "RABBITMQ_DIST": 26673,
    "RABBITMQ_EPMD": 26674,
    "PROMETHEUS": 9190,
}
"""Beside each product's own defaults, so that a server which runs here already is left alone."""


@dataclass(frozen=True)
class Place:
    """One local run. `profile` holds the extra settings of the services (`--profile demo`)."""

    run_dir: Path = field(default_factory=lambda: Path(os.environ.get("AFTERSALES_RUN_DIR", ROOT / ".run")))
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    profile: Mapping[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        return self.run_dir / "data"

    @property
    def log_dir(self) -> Path:
        return self.run_dir / "log"

    @property
    def sign_in_dir(self) -> Path:
        """The folder of the development sign-in server: its key, and the secrets of its clients."""
        return self.data_dir / "sign-in"

    def port(self, name: str) -> int:
        """Give AFTERSALES_PORT_<name>, else the fixed one."""
        return int(self.environ.get(f"AFTERSALES_PORT_{name}", PORTS[name]))

    def service_settings(self) -> dict[str, str]:
        """Give what the caller set for the services, and the profile's settings above it."""
        named = {k: v for k, v in self.environ.items() if k.startswith("AFTERSALES_") and "_PORT" not in k}
        return named | dict(self.profile)


def apart(folder: Path) -> dict[str, str]:
    """Give the environment of a run that meets no other: a folder and ports of its own, nobody's settings."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AFTERSALES_")}
    environ |= {f"AFTERSALES_PORT_{name}": str(free_port()) for name in PORTS}
    return environ | {"AFTERSALES_RUN_DIR": str(folder), "DETACH": "1"}


def read_profile(name: str) -> dict[str, str]:
    """Read deploy/local/<name>.env: KEY=VALUE lines and # comments. Raises FileNotFoundError."""
    lines = (ROOT / "deploy" / "local" / f"{name}.env").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}
