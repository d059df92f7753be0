"""Products and policies of the tests of coverage."""

from datetime import UTC, date, datetime
from typing import Any

from aftersales.intake.archive.domain.product import Product
from aftersales.intake.requests.domain.coverage import Coverage
from aftersales.policy.model import Policy
from aftersales.policy.presets import load_presets

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
IN, OUT = date(2026, 1, 31), date(2025, 1, 31)
"""Days of purchase that are in the warranty of a year, and out of it."""
FREE = ("free", "free", "free")


def preset(name: str) -> Policy:
    return next(policy for policy in load_presets() if policy.name == name)


def product(line: str, bought: date | None = IN, **more: Any) -> Product:
    return Product(id="SN-1", branch="BJ01", model="M-1", line=line, customer="c-1", purchased_on=bought, **more)


def payers(coverage: Coverage | None) -> tuple[str, str, str]:
    """Parts, labour, travel."""
    assert coverage is not None
    return coverage.parts, coverage.labour, coverage.travel
