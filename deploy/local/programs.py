"""The programs of the local run: how each is started, when it is ready, and where a person looks at it."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from deploy.local.place import ROOT, SERVICES, Place

from aftersales.testing.servers import (
    Server,
    ServerUnavailableError,
    initiate_replica_set,
    prepare_mongod,
    prepare_rabbitmq,
    wait_amqp,
)
from aftersales.testing.sign_in.running import COMMAND

ISSUER = "AFTERSALES_OIDC_ISSUER"
SIGN_IN_SETTINGS = {
    "AFTERSALES_OIDC_AUDIENCE": "aftersales",
    "AFTERSALES_OIDC_NAME_CLAIM": "preferred_username",
    "AFTERSALES_OIDC_ROLES_CLAIM": "roles",
    "AFTERSALES_OIDC_BRANCHES_CLAIM": "branches",
}
"""The services' settings for the development sign-in server."""

Readiness = Callable[[], str]
"""Gives nothing when ready, else the reason why not (asked again and again, so it answers at once)."""


@dataclass(frozen=True)
class Program:
    """One line of the local run."""

    name: str
    command: tuple[str, ...]
    cwd: Path
    ready: Readiness
    ports: Mapping[str, int]
    """By the name of the variable that moves it: AFTERSALES_PORT_<name>."""
    env: Mapping[str, str] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()
    stop_seconds: float = 15
    tier: int = 0
    """A tier starts when the one before is ready."""


def programs(place: Place) -> list[Program]:
    """List what is to run: servers that are given by URL are not ours to start, Prometheus only where installed.

    An empty `AFTERSALES_OIDC_ISSUER` means that nobody signs in.
    """
    wanted: list[Program] = []
    urls: dict[str, str] = {}
    if ISSUER not in place.environ:
        wanted.append(_sign_in(place))
        urls |= {ISSUER: wanted[-1].links[0][1], **SIGN_IN_SETTINGS}
    if url := place.environ.get("AFTERSALES_MONGO_URL"):
        urls["AFTERSALES_MONGO_URL"] = url
    else:
        wanted.append(_mongod(place))
        urls["AFTERSALES_MONGO_URL"] = wanted[-1].links[0][1]
    if url := place.environ.get("AFTERSALES_AMQP_URL"):
        urls["AFTERSALES_AMQP_URL"] = url
    else:
        wanted.append(_rabbitmq(place))
        urls["AFTERSALES_AMQP_URL"] = wanted[-1].links[0][1]
    wanted += [_service(place, name, urls) for name in SERVICES]
    if binary := shutil.which("prometheus"):
        wanted.append(_prometheus(place, binary))
    return wanted


def _sign_in(place: Place) -> Program:
    port = place.port("SIGN_IN")
    url = f"http://127.0.0.1:{port}"
    return Program(
        name="sign-in",
        command=(*COMMAND, "--port", str(port), "--folder", str(place.sign_in_dir)),
        cwd=ROOT,
        ready=lambda: _answers(f"{url}/healthz"),
        ports={"SIGN_IN": port},
        env={"AFTERSALES_SIGN_IN_WITHOUT_PASSWORDS": "1", "PYTHONUNBUFFERED": "1"},
        links=(("sign-in (no password)", url),),
    )


def _mongod(place: Place) -> Program:
    port = place.port("MONGO")
    server = prepare_mongod(place.data_dir / "mongo", port)
    return _from(server, {"MONGO": port}, lambda: _quietly(lambda: initiate_replica_set(port, seconds=0.2)), ())


def _rabbitmq(place: Place) -> Program:
    ports = {name: place.port(name) for name in ("AMQP", *(f"RABBITMQ_{n}" for n in _OTHER_RABBITMQ_PORTS))}
    others = {own: ports[f"RABBITMQ_{name}"] for name, own in _OTHER_RABBITMQ_PORTS.items()}
    server = prepare_rabbitmq(place.data_dir / "rabbitmq", ports["AMQP"], others)
    pages = (("RabbitMQ (guest/guest)", f"http://127.0.0.1:{others['management']}/"),)
    return _from(server, ports, lambda: _quietly(lambda: wait_amqp(server.url, seconds=0.2)), pages)


_OTHER_RABBITMQ_PORTS = {"MANAGEMENT": "management", "METRICS": "prometheus", "DIST": "dist", "EPMD": "epmd"}


def _from(server: Server, ports: Mapping[str, int], ready: Readiness, pages: tuple[tuple[str, str], ...]) -> Program:
    return Program(
        name=server.name,
        command=server.command,
        cwd=server.data_dir,
        ready=ready,
        ports=ports,
        env=server.env,
        links=((server.name, server.url), *pages),
        stop_seconds=server.stop_seconds,
    )


def _service(place: Place, name: str, urls: Mapping[str, str]) -> Program:
    port = place.port(name.upper())
    base = f"http://127.0.0.1:{port}"
    usual = {
        "AFTERSALES_DEVELOPMENT": "true",
        "AFTERSALES_PUBLIC_URL": f"http://127.0.0.1:{place.port('INTAKE')}/public/",
    }
    here = {"AFTERSALES_HTTP_HOST": "127.0.0.1", "AFTERSALES_HTTP_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    return Program(
        name=name,
        command=(str(Path(sys.executable).with_name(f"aftersales-{name}")),),
        cwd=ROOT,
        ready=lambda: _answers(f"{base}/healthz"),
        ports={name.upper(): port},
        env=usual | place.service_settings() | dict(urls) | here,
        links=((name, f"{base}/docs"), ("", f"{base}/metrics")),
        tier=1,
    )


def _prometheus(place: Place, binary: str) -> Program:
    port = place.port("PROMETHEUS")
    data = place.data_dir / "prometheus"
    data.mkdir(parents=True, exist_ok=True)
    config = data / "prometheus.yml"
    config.write_text(json.dumps(_localised(place), indent=1))  # JSON is YAML
    base = f"http://127.0.0.1:{port}"
    return Program(
        name="prometheus",
        command=(
            binary,
            f"--config.file={config}",
            f"--storage.tsdb.path={data / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
            "--enable-feature=exemplar-storage",
        ),
        cwd=data,
        ready=lambda: _answers(f"{base}/-/ready"),
        ports={"PROMETHEUS": port},
        links=(("Prometheus", f"{base}/"),),
        tier=1,
    )


def _localised(place: Place) -> dict[str, Any]:
    """Point the containers' scrape configuration at this machine; a job that has nobody here is left out."""
    source = ROOT / "deploy" / "prometheus" / "prometheus.yml"
    config: dict[str, Any] = yaml.safe_load(source.read_text())
    hosts = {name: f"127.0.0.1:{place.port(name.upper())}" for name in SERVICES}
    hosts["rabbitmq"] = f"127.0.0.1:{place.port('RABBITMQ_METRICS')}"
    for job in config["scrape_configs"]:
        for group in job.get("static_configs", ()):
            group["targets"] = [hosts[t.partition(":")[0]] for t in group["targets"] if t.partition(":")[0] in hosts]
    config["rule_files"] = [str(source.parent / pattern) for pattern in config.get("rule_files", ())]
    config.pop("alerting", None)
    return config


def _quietly(try_once: Callable[[], None]) -> str:
    try:
        try_once()
    except ServerUnavailableError as not_yet:
        return str(not_yet)
    return ""


def _answers(url: str) -> str:
    try:
        answer = httpx.get(url, timeout=2, trust_env=False)
    except httpx.HTTPError as not_yet:
        return f"{url}: {not_yet}"
    return "" if answer.status_code == httpx.codes.OK else f"{url}: {answer.status_code} {answer.text[:500]}"
