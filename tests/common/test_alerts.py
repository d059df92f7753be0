"""Metrics, the rules on them, and the pages that say what to do: checked with Prometheus's own tools."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e.conftest import ROWS
from e2e.story import furnish, register, repair
from prometheus_client.utils import floatToGoString
from pydantic import SecretStr

from aftersales.common.http.app import build_app
from aftersales.common.http.exposition import expose_metrics
from aftersales.testing import ManualClock, eventually
from aftersales.testing.servers import apt
from aftersales.testing.system import start_system
from aftersales.values.errors import Unavailable

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
RUNBOOK = ROOT / "docs" / "runbook"
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
RULES = [
    rule
    for file in sorted((PROMETHEUS / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
SERIES = re.compile(r"[a-z_]+(?::[a-z0-9_]+)+|\baftersales_[a-z_]+")
BEAT = floatToGoString(ManualClock().now().timestamp())
Tool = Callable[..., subprocess.CompletedProcess[str]]


def tool(name: str, package: str) -> Tool:
    if shutil.which(name) is None:
        apt.install_package(package)

    def run(*words: Any, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run([name, *map(str, words)], input=text, text=True, capture_output=True, check=False)

    return run


@pytest.fixture(scope="module")
def promtool() -> Tool:
    return tool("promtool", "prometheus")


@pytest.fixture(scope="module")
def amtool() -> Tool:
    return tool("amtool", "prometheus-alertmanager")


@pytest.fixture(scope="module")
async def pages(urls) -> dict[str, str]:
    """Give what each service shows after a request and a heartbeat went all the way, and one message was parked."""
    async with start_system(urls, ManualClock(), ROWS) as built:
        await furnish(built)
        await repair(built, await register(built))
        await built.intake.deliver_raw(b"not an event")

        async def shown() -> dict[str, str] | None:
            pages = {name: await service.metrics() for name, service in built.services.items()}
            parked = "aftersales_dead_letters{" in pages["intake"]
            repaired = 'stage="callback"' in pages["feedback"]
            beaten = f'aftersales_heartbeat_timestamp_seconds{{stage="feedback"}} {BEAT}' in pages["feedback"]
            return pages if parked and repaired and beaten else None

        return await eventually(shown)


def missing(expressions: Iterable[str], shown: set[str]) -> set[str]:
    """Give the series that expressions ask for and nobody shows or records."""
    return {name for text in expressions for name in SERIES.findall(text)} - shown - RECORDED


def shown_in(pages: Iterable[str]) -> set[str]:
    """Give the names that can be asked for, buckets included, whether or not they have a sample yet."""
    types = [found for page in pages for found in re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE)]
    parts = {"histogram": ("_bucket", "_count", "_sum"), "gauge": ("",), "counter": ("",)}
    return {name + part for name, kind in types for part in parts[kind]}


async def test_prometheus_finds_nothing_to_object_to_in_any_services_metrics(pages, promtool):
    for name, page in pages.items():
        done = promtool("check", "metrics", text=page)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), name


def test_prometheus_objects_to_a_counter_of_the_wrong_name(promtool):
    assert promtool("check", "metrics", text="# TYPE requests counter\nrequests 1\n").returncode


async def test_rules_and_dashboards_ask_only_for_what_the_services_show(pages):
    boards = [json.loads(file.read_text()) for file in (ROOT / "deploy/grafana/provisioning").rglob("*.json")]
    drawn = [target["expr"] for board in boards for panel in board["panels"] for target in panel["targets"]]
    assert drawn
    assert missing([*drawn, *(rule["expr"] for rule in RULES)], shown_in(pages.values())) == set()


def test_a_rule_on_a_metric_that_nobody_shows_is_noticed():
    assert missing(["aftersales_outbox_age > 1", "sum(aftersales_up)"], {"aftersales_up"}) == {"aftersales_outbox_age"}


async def test_the_promises_of_the_architecture_are_all_shown(pages):
    """The heartbeat goes through all four services."""
    dispatch = pages["dispatch"]
    for sample in (
        'aftersales_sla_deadlines_total{branch="sh-01",outcome="met",stage="arrival"} 1.0',
        'aftersales_sla_deadlines_total{branch="sh-01",outcome="breached",stage="arrival"} 0.0',
        'aftersales_stage_duration_seconds_count{stage="dispatch"} 1.0',
        'aftersales_event_critical_time_seconds_count{type="intake.request_registered.v1"} 1.0',
        "aftersales_outbox_rows 0.0",
        "aftersales_database_up 1.0",
    ):
        assert sample in dispatch
    assert 'aftersales_sla_open_items{branch="sh-01",stage="callback",state="on_track"} 1.0' in pages["feedback"]
    assert 'aftersales_sla_next_deadline_timestamp_seconds{branch="sh-01",stage="callback"}' in pages["feedback"]
    assert 'aftersales_dead_letters{reason="event.malformed"} 1.0' in pages["intake"]
    for name, page in pages.items():
        assert f'aftersales_heartbeat_timestamp_seconds{{stage="{name}"}} {BEAT}' in page
        assert f".{name}.events" in page


async def test_without_its_database_a_service_still_answers_within_a_scrape_and_says_so():
    nowhere = SecretStr("mongodb://127.0.0.1:1/?replicaSet=rs0")
    factory, settings = ROWS[0]
    runtime = build_app(factory(settings(mongo_url=nowhere))).state.runtime
    patience = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["global"]["scrape_timeout"]
    page, _ = await asyncio.wait_for(expose_metrics(runtime), float(patience.removesuffix("s")))
    with pytest.raises(Unavailable):  # and by then the driver has given up what the page asked for
        await runtime.mongo.ping()
    await runtime.mongo.close()
    assert "\naftersales_database_up 0.0\n" in page.decode()
    assert "\naftersales_writer_waiting_pieces 0.0\n" in page.decode()


async def test_no_label_carries_an_id(pages):
    for page in pages.values():
        assert not re.search(r'="[^"]*(SR|WO|IS|FU)-\d{6}', page)
        assert not re.search(r'="[^"]*[0-9a-f]{8}-[0-9a-f]{4}-7', page)


def test_prometheus_accepts_its_configuration_and_every_rule_test_passes(promtool):
    for done in (
        promtool("check", "config", PROMETHEUS / "prometheus.yml"),
        promtool("test", "rules", *TESTS),
    ):
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_shown_firing_and_silent():
    cases = [
        case for file in TESTS for test in yaml.safe_load(file.read_text())["tests"] for case in test["alert_rule_test"]
    ]
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == set(ALERTS)
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == set(ALERTS) - {"Watchdog"}


def test_every_alert_has_its_page_and_every_page_its_alert():
    index = (RUNBOOK / "README.md").read_text()
    assert {page.stem for page in RUNBOOK.glob("*.md")} - {"README"} == set(ALERTS)
    for name, rule in ALERTS.items():
        page = (RUNBOOK / f"{name}.md").read_text()
        assert rule["annotations"]["runbook_url"] == f"docs/runbook/{name}.md"
        assert re.findall(r"^#+ (.+)$", page, re.MULTILINE) == [name, "What it means", "Look at", "Mend"]
        assert f"Severity: {rule['labels']['severity']}" in page
        assert f"({name}.md)" in index


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=page", "audience=ops", "alertname=ServiceDown"], "ops-pager"),
        (["severity=ticket", "audience=ops", "alertname=DeadLetters"], "ops-tickets"),
        (["severity=ticket", "audience=branch", "branch=sh-01", "alertname=SlaOverdue"], "branches"),
        (["severity=none", "audience=ops", "alertname=Watchdog"], "watchdog"),
    ],
)
def test_an_alert_reaches_the_right_people(amtool, labels, receiver):
    done = amtool("config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert (done.returncode, done.stdout.strip()) == (0, receiver), done.stderr


def test_alertmanager_accepts_its_configuration(amtool):
    assert amtool("check-config", ALERTMANAGER).returncode == 0
    named = re.findall(r"[A-Z]\w+", " ".join(_inhibitions()))
    assert set(named) <= set(ALERTS), "an inhibition names an alert that does not exist"


def _inhibitions() -> list[str]:
    rules = yaml.safe_load(ALERTMANAGER.read_text())["inhibit_rules"]
    return [matcher for rule in rules for side in ("source_matchers", "target_matchers") for matcher in rule[side]]
