"""Groups the refused rows by reason, so that one line tells what to mend in many rows."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aftersales.cli.session import Session, to_printable
from aftersales.cli.sheets.invalid_cell import plain_cell, shorten_cell
from aftersales.cli.sheets.refusals import refusal_text
from aftersales.cli.sheets.rows import Row
from aftersales.cli.sheets.table import Table

_FOR_MAPPING = frozenset({"cell.not_code", "cell.not_among", "cell.not_whole", "cell.not_yes_or_no"})
"""Reasons that the `values` of a mapping file can mend."""
_WORDS = frozenset({"branch", "line", "fault", "model", "part"})
"""Columns whose words only the service knows."""
_SHOWN_VALUES = 5


@dataclass
class Reason:
    """One reason in one column, with the rows and the cells that it concerns."""

    column: str
    code: str
    text: str
    """The words for the first row."""
    rows: list[int] = field(default_factory=list)
    cells: Counter[str] = field(default_factory=Counter)

    @property
    def mended_by_mapping(self) -> bool:
        by_service = self.column in _WORDS and not self.code.startswith(("cell.", "row."))
        return bool(self.cells) and (self.code in _FOR_MAPPING or by_service)

    def values(self) -> str:
        """Return the most frequent cells with their numbers."""
        common = (f"{shorten_cell(cell)} ({count})" for cell, count in self.cells.most_common(_SHOWN_VALUES))
        return ", ".join([*common, *(["…"] if len(self.cells) > _SHOWN_VALUES else [])])


def group_reasons(table: Table, refused: Sequence[Row], session: Session) -> list[Reason]:
    """Return the reasons, those of most rows first."""
    found: dict[tuple[str, str], Reason] = {}
    for row in refused:
        cells = table.cells(row.record) if not row.record.broken else {}
        for wrong in row.wrong:
            key = (wrong.column, wrong.code)
            reason = found.get(key) or found.setdefault(key, Reason(*key, refusal_text(wrong, session)))
            reason.rows.append(row.record.number)
            if cell := plain_cell(cells.get(wrong.column, "")):
                reason.cells[to_printable(cell)] += 1
    return sorted(found.values(), key=lambda reason: (-len(reason.rows), reason.rows))


def mapping_lines(table: Table, reasons: Sequence[Reason]) -> Iterator[str]:
    """Yield the lines of a mapping file that would translate the refused cells."""
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    for reason in reasons:
        if reason.mended_by_mapping:
            cells[reason.column] += reason.cells
    for column, words in cells.items():
        source = table.layout.sources.get(column)
        headers = ", ".join(_quoted(table.headers[place].strip()) for place in source.places) if source else ""
        values = ", ".join(f"{_quoted(cell)}: …" for cell, _ in words.most_common(_SHOWN_VALUES))
        yield f"{column}: {{from: [{headers}], values: {{{values}}}}}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
