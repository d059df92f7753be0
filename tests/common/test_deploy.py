"""The files of the deployment keep what they promise. None of this needs a container engine."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.local.place import PORTS, SERVICES, Place, read_profile
from deploy.local.programs import programs
from e2e.conftest import ROWS
from packaging.requirements import Requirement

from aftersales.common.settings import PREFIX, ServiceSettings
from aftersales.testing.servers.mongod import TRANSACTION_LIFETIME

ROOT = Path(__file__).parents[2]
ONE_SHOT = {"mongo-initiate", "cli"}
KNOWN = {made.name: set(type(made.settings).model_fields) for made in (factory(None) for factory, _ in ROWS)}


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = read("docker-compose.yml")["services"]
    return found


def unknown_settings(names: Any, known: set[str]) -> list[str]:
    """Give the variables that no setting of the service reads, by itself or from a file."""
    fields = ((name, name.removeprefix(PREFIX).removesuffix("_FILE").lower()) for name in names)
    return [name for name, field in fields if not name.startswith(PREFIX) or field not in known]


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def lacks(service: dict[str, Any]) -> Iterator[str]:
    """Yield what every container of ours must have and this one has not."""
    wanted = {
        "user without capabilities": service.get("cap_drop") == ["ALL"],
        "read-only file system": service.get("read_only") is True,
        "no new privileges": "no-new-privileges:true" in service.get("security_opt", ()),
        "limits": {"mem_limit", "pids_limit"} <= service.keys(),
        "bounded logs": {"max-size", "max-file"} <= service.get("logging", {}).get("options", {}).keys(),
    }
    yield from (name for name, there in wanted.items() if not there)


@pytest.mark.parametrize("name", [*SERVICES, "cli", "mongo-initiate", "prometheus", "alertmanager", "grafana"])
def test_a_container_has_no_more_rights_and_no_more_room_than_it_needs(compose, name):
    assert list(lacks(compose[name])) == []


def test_a_container_without_limits_or_with_a_writable_file_system_is_noticed(compose):
    loose = {key: value for key, value in compose["intake"].items() if key not in {"mem_limit", "read_only"}}
    assert list(lacks(loose)) == ["read-only file system", "limits"]


def test_every_container_that_stays_has_a_health_check_limits_and_comes_back(compose):
    for name in compose.keys() - ONE_SHOT:
        service = compose[name]
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert {"mem_limit", "pids_limit"} <= service.keys(), name
        assert service["restart"] == "unless-stopped", name


def test_a_service_gets_longer_to_stop_than_it_takes(compose):
    budget = ServiceSettings.model_fields["stop_budget"].default
    for name in SERVICES:
        assert timedelta(seconds=seconds(compose[name]["stop_grace_period"])) > budget * 2
        assert compose[name]["init"] is True


def test_every_image_has_a_tag_that_does_not_move_to_the_next_major_version(compose):
    tags = {name: service["image"].rpartition(":")[2] for name, service in compose.items()}
    assert all(re.match(r"v?\d", tag) for tag in tags.values()), tags


def test_nothing_listens_beyond_this_machine_and_ports_are_those_of_the_local_run(compose):
    published = [port for service in compose.values() for port in service.get("ports", ())]
    assert len(published) == 4 + 1 + 3 + 3
    for port in published:
        host, name, default = re.match(r"(.*):\$\{AFTERSALES_PORT_(\w+):-(\d+)\}:\d+$", port).groups()
        assert host == "127.0.0.1"
        assert int(default) == PORTS.get(name, int(default)), name


@pytest.mark.parametrize("name", SERVICES)
def test_every_variable_of_a_service_is_one_of_its_settings(compose, name):
    assert unknown_settings(compose[name]["environment"], KNOWN[name]) == []


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_that_only_a_trial_allows_is_on_by_itself(compose, name):
    told = compose[name]["environment"]
    assert told["AFTERSALES_DEVELOPMENT"] == "${AFTERSALES_DEVELOPMENT:-false}"
    assert {told["AFTERSALES_AUDIT_KEY"], told["AFTERSALES_OIDC_ISSUER"]} == {
        "${AFTERSALES_AUDIT_KEY:-}",
        "${AFTERSALES_OIDC_ISSUER:-}",
    }


def test_the_command_line_finds_every_service_where_it_listens(compose):
    ports = {name: compose[name]["environment"]["AFTERSALES_HTTP_PORT"] for name in SERVICES}
    urls = {f"AFTERSALES_{name.upper()}_URL": f"http://{name}:{port}" for name, port in ports.items()}
    assert compose["cli"]["environment"] == urls


def test_a_mistyped_variable_is_noticed():
    assert unknown_settings(["AFTERSALES_AMQP_URL_FILE", "AFTERSALES_AMPQ_URL", "MONGO_URL"], KNOWN["intake"]) == [
        "AFTERSALES_AMPQ_URL",
        "MONGO_URL",
    ]


def test_the_demo_sets_only_what_a_service_knows():
    for service in read("docker-compose.demo.yml")["services"].values():
        assert service["env_file"] == ["deploy/local/demo.env"]
        assert service["environment"] == {"AFTERSALES_DEVELOPMENT": "true"}
    assert unknown_settings(read_profile("demo"), set().union(*KNOWN.values())) == []


def test_every_image_of_ours_is_built_from_the_one_dockerfile_and_does_not_run_as_root(compose):
    ours = [service["build"] for service in compose.values() if "build" in service]
    assert {build["dockerfile"] for build in ours} == {"deploy/images/Dockerfile"}
    assert {build["args"]["SERVICE"] for build in ours if "args" in build} == set(SERVICES)
    stages = (ROOT / "deploy/images/Dockerfile").read_text().split("\nFROM ")
    for stage in stages[-3:]:
        assert int(re.findall(r"^USER (\d+)", stage, re.MULTILINE)[-1]) > 0
    assert "\nHEALTHCHECK " in stages[-1]


def test_a_killed_services_half_transaction_bars_its_successor_no_longer_than_in_the_local_run(compose):
    assert f"--setParameter={TRANSACTION_LIFETIME}" in compose["mongo"]["command"]


def test_every_mounted_file_is_there(compose):
    volumes = [volume.split(":")[0] for service in compose.values() for volume in service.get("volumes", ())]
    mounted = [volume for volume in volumes if volume.startswith("./")]
    assert len(mounted) == 4
    assert [path for path in mounted if not (ROOT / path).exists()] == []
    assert {volume for volume in volumes if volume not in mounted} == set(read("docker-compose.yml")["volumes"])


def test_prometheus_scrapes_each_service_where_it_listens(compose):
    config = read("deploy/prometheus/prometheus.yml")
    jobs = {job["job_name"]: job["static_configs"] for job in config["scrape_configs"]}
    listening = {name: f"{name}:{compose[name]['environment']['AFTERSALES_HTTP_PORT']}" for name in SERVICES}
    assert {group["labels"]["service"]: group["targets"][0] for group in jobs["aftersales"]} == listening
    assert config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] == ["alertmanager:9093"]


def test_grafana_finds_its_data_source_and_its_dashboards(compose):
    (source,) = read("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert re.match(r"http://(\w+):9090$", source["url"])[1] in compose
    (provider,) = read("deploy/grafana/provisioning/dashboards/aftersales.yml")["providers"]
    folder = provider["options"]["path"].replace("/etc/grafana", "deploy/grafana")
    boards = [json.loads(file.read_text()) for file in (ROOT / folder).glob("*.json")]
    assert boards
    for board in boards:
        assert {panel["datasource"]["uid"] for panel in board["panels"]} == {source["uid"]}
        assert all(panel["title"] and panel["description"] for panel in board["panels"])
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def locked(name: str) -> dict[str, str]:
    """Give name -> version of a lock file, each of which must have a digest."""
    pins = re.findall(
        r"^([\w.\[\]-]+)==(\S+)(?: ;[^\\\n]*)? \\\n    --hash=sha256:", (ROOT / name).read_text(), re.MULTILINE
    )
    assert len(pins) == len(re.findall(r"^[\w.\[\]-]+==", (ROOT / name).read_text(), re.MULTILINE))
    return {package.split("[")[0]: version for package, version in pins}


def needed(package: Path) -> Iterator[Requirement]:
    """Yield what a package of ours declares, and what those of ours that it builds on declare."""
    for line in tomllib.loads((package / "pyproject.toml").read_text())["project"]["dependencies"]:
        wanted = Requirement(line)
        if wanted.name.startswith("aftersales-"):
            yield from needed(ROOT / "libs" / wanted.name.removeprefix("aftersales-"))
        else:
            yield wanted


@pytest.mark.parametrize(
    ("lock", "packages"),
    [
        ("requirements-runtime.lock", [f"services/{name}" for name in SERVICES]),
        ("requirements-cli.lock", ["libs/cli"]),
        ("requirements.lock", ["libs/testing"]),
    ],
)
def test_the_images_run_what_the_tests_ran_and_all_that_the_packages_ask_for(lock, packages):
    images, tests = locked(lock), locked("requirements.lock")
    assert {name: tests.get(name) for name in images} == images
    for package in packages:
        for wanted in needed(ROOT / package):
            assert wanted.specifier.contains(images[wanted.name]), f"{package}: {wanted}"


@pytest.mark.parametrize("name", ["typer", "rich", "httpx", "python-calamine", "testcontainers", "docker", "psutil"])
def test_a_service_image_has_nothing_that_only_the_command_line_or_the_tests_need(name):
    assert name not in locked("requirements-runtime.lock")
    assert name in locked("requirements.lock")


NO_SERVERS = {"AFTERSALES_MONGO_URL": "mongodb://db.example/", "AFTERSALES_AMQP_URL": "amqp://bus.example/"}


def local_run(tmp_path, **environ):
    """What the local run starts, by name."""
    return {program.name: program for program in programs(Place(tmp_path, NO_SERVERS | environ))}


def test_the_local_run_starts_a_sign_in_server_and_its_services_ask_for_its_tokens(tmp_path):
    started = local_run(tmp_path, AFTERSALES_PORT_SIGN_IN="8999")
    assert started["sign-in"].env["AFTERSALES_SIGN_IN_WITHOUT_PASSWORDS"] == "1"
    assert next(iter(started)) == "sign-in"
    for name in SERVICES:
        assert started[name].env["AFTERSALES_OIDC_ISSUER"] == "http://127.0.0.1:8999"
        assert started[name].env["AFTERSALES_OIDC_NAME_CLAIM"] == "preferred_username"


@pytest.mark.parametrize("issuer", ["", "https://login.example"])
def test_a_named_sign_in_server_or_none_starts_none(tmp_path, issuer):
    started = local_run(tmp_path, AFTERSALES_OIDC_ISSUER=issuer)
    assert "sign-in" not in started
    assert {started[name].env["AFTERSALES_OIDC_ISSUER"] for name in SERVICES} == {issuer}
    assert "AFTERSALES_OIDC_NAME_CLAIM" not in started["intake"].env


def test_no_image_and_no_container_has_the_sign_in_server_for_development(compose):
    for lock in ("requirements-runtime.lock", "requirements-cli.lock"):
        assert "authlib" not in (ROOT / lock).read_text()
    assert "aftersales_testing" not in (ROOT / "deploy/images/Dockerfile").read_text()
    assert "sign-in" not in compose
