"""How the cells of a sheet are meant, where they could mean several things."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aftersales.cli.session import CHINA

ORDERS = ("ymd", "dmy", "mdy")


@dataclass(frozen=True)
class ReadOptions:
    zone: ZoneInfo = CHINA
    """Times without an offset are of this zone."""
    dates: str = ""
    """One of `ORDERS`, or a format such as `%d.%m.%Y`; empty: only dates that can be read in one way are."""
    country: str = "CN"
    """Whose telephone numbers those are that name no country (ISO 3166)."""
    leave_rest: bool = False
    """Whether what a cell says beyond its value (a second number, an extension) may be left out."""


@dataclass(frozen=True)
class CellValue:
    """A cell's value, and what else it says."""

    value: str
    rest: str
