"""The final report of an import, for people and scripts."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, NamedTuple

from aftersales.cli.session import Session
from aftersales.cli.sheets.catalogue import KINDS
from aftersales.cli.sheets.doubts import STALE
from aftersales.cli.sheets.invalid_cell import shorten_cell
from aftersales.cli.sheets.reasons import Reason
from aftersales.cli.sheets.result import Result

SHOWN = 10
"""Number of reasons, and of rows of each, shown on the screen; the file has all of them."""


class Reasons(NamedTuple):
    """Why rows were refused, and the lines of a mapping file that would mend it."""

    groups: Sequence[Reason]
    mapping: Sequence[str]


@dataclass(frozen=True)
class Summary:
    """The result for scripts. `unsent` rows are neither imported nor refused, because the service went away."""

    kind: str
    file: str
    encoding: str
    delimiter: str
    sheet: str
    header: int
    """The row of the headers."""
    above: list[int]
    """Filled rows above it, which were not read."""
    header_again: list[int]
    """Rows that repeat the headers, which were not read."""
    first: str
    """The first name in the sheet, as it was read."""
    rows: int
    imported: int
    updated: int
    """Number of imported rows that were known already."""
    repeated: int
    changed: list[int]
    """Rows imported before that read differently now."""
    equal: list[tuple[int, ...]]
    """Rows that say the same, in groups; each of them counts."""
    notes: dict[str, list[int]]
    """What the service noted about imported rows, with the rows."""
    stale: list[int]
    """Open requests that came in, or were wanted, long ago."""
    refused: int
    reasons: list[dict[str, Any]]
    """Why rows were refused: column, code, the rows, and how often which cell."""
    unsent: int
    left_alone: dict[str, str]
    """Unknown headers, each with the column that it might be."""
    errors_file: str | None
    dry_run: bool
    by_service: bool
    """Whether the service has seen the rows; a dry run continues without a service that does not answer."""
    seconds: float


def print_report(session: Session, summary: Summary, result: Result, reasons: Reasons, *, brief: bool) -> None:
    """Print the totals on stdout (unless a script reads that), and the refused rows on stderr."""
    if not brief:
        _print_skipped(session, summary)
        if summary.left_alone:
            doubted = (_doubted(*one) for one in summary.left_alone.items())
            session.say("import.left_alone", headers=", ".join(doubted))
        sum_of = _for_people(session, summary)
        if summary.dry_run:
            session.say("import.rehearsed" if summary.by_service else "import.checked", **sum_of)
        else:
            session.say("import.done", **sum_of)
        _print_warnings(session, summary)
    _print_reasons(session, reasons)
    if result.refused:
        once = KINDS[summary.kind].adds and not summary.dry_run
        session.complain("import.correct_errors" if once else "import.correct_file", **asdict(summary))
    if result.trouble:
        session.complain(result.trouble.code, **result.trouble.params)
        session.complain("import.stopped", **asdict(summary))


def _print_reasons(session: Session, reasons: Reasons) -> None:
    for reason in reasons.groups[:SHOWN]:
        if len(reason.rows) == 1:
            session.complain("import.refused_row", row=reason.rows[0], reasons=reason.text)
        else:
            said = {"count": len(reason.rows), "rows": _some(map(str, reason.rows)), "reason": reason.text}
            session.complain("import.refused_rows", **said)
            if len(reason.cells) > 1:
                session.complain("import.refused_values", values=reason.values())
    if len(reasons.groups) > SHOWN:
        session.complain("import.more_reasons", count=len(reasons.groups) - SHOWN)
    if reasons.mapping:
        session.complain("import.mend_by_mapping", lines="\n".join(f"  {line}" for line in reasons.mapping))


def _print_skipped(session: Session, summary: Summary) -> None:
    if summary.above:
        session.say("import.above_header", rows=_spans(summary.above), header=summary.header)
    if summary.header_again:
        session.say("import.header_again", rows=_some(map(str, summary.header_again)))


def _spans(rows: list[int]) -> str:
    return str(rows[0]) if len(rows) == 1 else f"{rows[0]} … {rows[-1]}"


def _print_warnings(session: Session, summary: Summary) -> None:
    if summary.equal:
        rows = ("=".join(map(str, group)) for group in summary.equal)
        session.say("import.equal_rows", count=len(summary.equal), rows=_some(rows))
    if summary.stale:
        stale = _some(map(str, summary.stale))
        session.say("import.stale_rows", count=len(summary.stale), days=STALE.days, rows=stale)
    for note, noted in islice(summary.notes.items(), SHOWN):
        session.say("import.noted_rows", count=len(noted), rows=_some(map(str, sorted(noted))), note=note)
    if summary.changed:
        session.say("import.changed_rows", count=len(summary.changed), rows=_some(map(str, summary.changed)))


def _some(words: Iterable[str]) -> str:
    some = list(islice(words, SHOWN + 1))
    return ", ".join([*some[:SHOWN], "…"] if len(some) > SHOWN else some)


def _doubted(header: str, perhaps: str) -> str:
    return f"{header} ({perhaps}?)" if perhaps else header


def _for_people(session: Session, summary: Summary) -> dict[str, object]:
    delimiter = {"\t": "tab"}.get(summary.delimiter, summary.delimiter)
    given = {
        "encoding": summary.encoding,
        "delimiter": delimiter,
        "sheet": summary.sheet,
        "first": shorten_cell(summary.first),
    }
    source = session.words("import.of_text" if summary.delimiter else "import.of_workbook", **given)
    rate = round(summary.rows / summary.seconds) if summary.seconds else summary.rows
    return asdict(summary) | {"fitting": summary.rows - summary.refused, "source": source, "rate": rate}
