"""One row of a sheet as it is in the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass
class Record:
    """A row; `number` counts from 1, as in a spreadsheet."""

    number: int
    cells: list[str]
    broken: bool = False
    """Whether its quotation marks do not pair, or a cell is too long; `cells` is then its first line."""
    values: Sequence[Any] = ()
    """The values of a workbook's cells: numbers and dates as such."""

    @property
    def blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)
