"""Options for reading ambiguous cells of a sheet."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from aftersales.cli.session import CHINA

ORDERS = ("ymd", "dmy", "mdy")


@dataclass(frozen=True)
class ReadOptions:
    zone: ZoneInfo = CHINA
    """The zone of times without an offset."""
    dates: str = ""
    """One of `ORDERS`, or a format such as `%d.%m.%Y`; empty accepts only unambiguous dates."""
    country: str = "CN"
    """The country (ISO 3166) of telephone numbers that name none."""
    leave_rest: bool = False
    """Whether content beyond the value (a second number, an extension) may be left out."""


@dataclass(frozen=True)
class CellValue:
    """A cell's value, and what else the cell contains."""

    value: str
    rest: str
