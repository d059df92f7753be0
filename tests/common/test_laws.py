"""The laws of .importlinter hold here, and each of them fails on a copy that was broken on purpose."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = {"intake", "dispatch", "inventory", "feedback"}
SOURCES = sorted(ROOT.glob("libs/*/src")) + sorted(ROOT.glob("services/*/src"))


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All packages side by side, to be broken one line at a time."""
    copy = tmp_path_factory.mktemp("laws")
    shutil.copy(ROOT / ".importlinter", copy)
    for source in SOURCES:
        shutil.copytree(source, copy / "src", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def beyond_scope(source: str) -> list[str]:
    """Return what a service's code does outside the scope of its caller (ALL-2), other than through `beyond_scope`."""
    named = r"context\.database\b|runtime\.mongo\b|\.scope = |within\(|import Mongo\b|, Mongo\b"
    return re.findall(named, source)


def test_services_read_only_within_the_scope_of_the_caller_all_2() -> None:
    """An endpoint has `Reads`, not `Mongo`; a timer or sender that needs everything is named here."""
    whole = {"intake/messages/handlers/sender.py"}
    files = {str(path.relative_to(source / "aftersales")): path for source in SOURCES for path in source.rglob("*.py")}
    services = {name: path for name, path in files.items() if name.split("/")[0] in SERVICES}
    found = {name: beyond_scope(path.read_text()) for name, path in services.items()}
    assert {name for name, what in found.items() if what} == whole
    assert beyond_scope("rows = await context.database.rows(Order, {})")


def lint_imports(root: Path, *, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", ".importlinter"]
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {}) | {"COLUMNS": "200"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_the_laws_hold_in_this_repository() -> None:
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_laws_hold_in_the_copy_before_it_is_broken(system: Path) -> None:
    done = lint_imports(system, path=system / "src")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("law", "module", "line"),
    [
        ("1.", "intake/requests/handlers/requests.py", "import aftersales.dispatch.orders.store"),
        ("1.", "common/clock.py", "import aftersales.feedback.kpis.domain"),
        ("1.", "policy/business_time.py", "import aftersales.common.aggregate"),
        ("1.", "common/clock.py", "import aftersales.engine"),
        ("1.", "values/errors.py", "import aftersales.policy.calendars"),
        ("1.", "common/clock.py", "import aftersales.cli.session"),
        ("1.", "testing/house.py", "import aftersales.intake.main"),
        ("1.", "dispatch/jobs.py", "import aftersales.testing"),
        ("2.", "intake/recalls/store.py", "import aftersales.intake.recalls.handlers"),
        ("2.", "intake/requests/domain/form.py", "import aftersales.intake.requests.store"),
        ("2.", "intake/recalls/utils.py", "SOMETHING = 1"),
        ("2.", "dispatch/orders/store.py", "import aftersales.dispatch.orders.handlers"),
        ("2.", "inventory/stock/handlers.py", "import aftersales.inventory.stock.api"),
        ("2.", "feedback/kpis/utils.py", "SOMETHING = 1"),
        ("3.", "intake/recalls/domain.py", "import aftersales.common.mongo"),
        ("3.", "intake/requests/domain/form.py", "import structlog"),
        ("3.", "intake/vocabulary.py", "import fastapi"),
        ("3.", "dispatch/orders/domain/report.py", "import aftersales.common.work"),
        ("3.", "inventory/slips/domain.py", "import aftersales.inventory.stock.store"),
        ("3.", "feedback/surveys/domain.py", "import aftersales.engine"),
        ("3.", "policy/sla/rules.py", "import structlog"),
        ("3.", "values/__init__.py", "import bson"),
        ("3.", "common/events/intake/requests.py", "import fastapi"),
        ("4.", "intake/archive/store.py", "from bson import ObjectId"),
        ("4.", "dispatch/main.py", "from motor import motor_asyncio"),
        ("4.", "intake/files/handlers.py", "import gridfs"),
        ("4.", "cli/connection.py", "import pymongo"),
        ("4.", "common/clock.py", "import aio_pika"),
        ("5.", "intake/archive/domain/product.py", "import aftersales.intake.requests.domain.request"),
        ("5.", "intake/office/handlers.py", "import aftersales.intake.public.domain"),
        ("5.", "intake/archive/handlers.py", "import aftersales.intake.settings"),
        ("5.", "intake/utils.py", "SOMETHING = 1"),
        ("5.", "dispatch/technicians/store.py", "import aftersales.dispatch.orders.store"),
        ("5.", "dispatch/utils.py", "SOMETHING = 1"),
        ("5.", "inventory/slips/api.py", "import aftersales.inventory.consumers"),
        ("5.", "inventory/stock/domain.py", "import aftersales.inventory.slips.domain"),
        ("5.", "feedback/surveys/handlers.py", "import aftersales.feedback.settings"),
        ("5.", "feedback/kpis/store.py", "import aftersales.feedback.followups.store"),
        ("6.", "intake/requests/api/requests.py", "import aftersales.intake.archive.handlers"),
        ("6.", "intake/agreements/store.py", "import aftersales.intake.archive.handlers"),
        ("6.", "intake/public/api/everybody.py", "import aftersales.intake.requests.api.filters"),
        ("6.", "dispatch/visits/api.py", "import aftersales.dispatch.orders.handlers"),
        ("6.", "inventory/slips/store.py", "import aftersales.inventory.stock.handlers"),
        ("6.", "feedback/settings.py", "import aftersales.feedback.surveys.handlers"),
        ("6.", "inventory/receipts/handlers.py", "import aftersales.inventory.parts.api"),
        ("7.", "policy/calendars.py", "import aftersales.policy.business_time"),
        ("7.", "cli/session.py", "import aftersales.cli.output"),
        ("7.", "common/retained.py", "import aftersales.common.trail.archived"),
        ("8.", "cli/session.py", "import aftersales.common.events"),
        ("8.", "cli/sheets/table.py", "import fastapi"),
    ],
)
def test_a_broken_law_is_reported(system: Path, law: str, module: str, line: str) -> None:
    target = system / "src" / "aftersales" / module
    before = target.read_text() if target.exists() else None
    try:
        target.write_text(f"{before or ''}\n{line}\n")
        done = lint_imports(system, path=system / "src")
    finally:
        target.unlink() if before is None else target.write_text(before)

    broken = [row for row in done.stdout.splitlines() if "BROKEN" in row]
    assert any(row.startswith(law) for row in broken), done.stdout + done.stderr
