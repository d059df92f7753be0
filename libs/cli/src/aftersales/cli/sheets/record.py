"""One row of a sheet as it stands in the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass
class Record:
    """`number` counts from 1, as a spreadsheet does."""

    number: int
    cells: list[str]
    broken: bool = False
    """Its quotation marks do not pair, or a cell is beyond all measure: `cells` is its first line."""
    values: Sequence[Any] = ()
    """What a workbook holds in the cells: numbers and dates as such."""

    @property
    def blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)
