"""Whatever a file holds: it is read or refused with words, no row and no character is lost, no formula gets out."""

import csv
import io
import json
import tempfile
import unicodedata
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import to_json

from aftersales.cli.session import Session, Trouble, to_printable
from aftersales.cli.sheets.catalogue import KINDS, STOCK
from aftersales.cli.sheets.decoding import decode_sheet
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.refusals import write_refusals
from aftersales.cli.sheets.rows import read_rows
from aftersales.cli.sheets.table import escape_cell, parse_records, read_table, unescape_cell

HEADER = "branch,part,lot,bin,quantity"
SESSION = Session({})


@given(st.text(alphabet="'=+-@\t\r\nx\uff1d\uff0b", max_size=6))
@example("'=1")
def test_what_is_escaped_comes_back_and_is_no_formula(cell: str) -> None:
    assert unescape_cell(escape_cell(cell)) == cell
    assert not escape_cell(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b"))


CELL = st.text(alphabet=st.sampled_from("ab1 ,;\t\"\r\n'=网"), max_size=6) | st.sampled_from(["sh-01", "P-1", "5"])
CSV_TEXT = st.one_of(
    st.text(max_size=80),
    st.text(alphabet='a1,;"\n\r\t=', max_size=80),
    st.lists(st.lists(CELL, max_size=7).map(",".join), max_size=6).map("\n".join),
)


@given(text=CSV_TEXT, kind=st.sampled_from(sorted(KINDS)))
def test_any_text_is_read_and_every_row_is_in_or_refused_with_a_reason(text: str, kind: str) -> None:
    header = ",".join(column.name for column in KINDS[kind].columns)
    rows = read_rows(read_table(f"{header}\n{text}", KINDS[kind]), ReadOptions())
    seen = [record for record in parse_records(f"{header}\n{text}", ",") if not record.blank][1:]

    assert [row.record for row in rows] == seen
    assert all((row.call is None) == bool(row.wrong) for row in rows)


@given(st.text())
@example("\x1b[2J\x85\u202e\U000e0001\x7f")
def test_what_is_printed_steers_no_terminal_and_stays_json(text: str) -> None:
    shown = to_printable(to_json(text).decode())

    assert json.loads(shown) == text
    assert not [character for character in shown if unicodedata.category(character) in {"Cc", "Cf"}]


@given(data=st.binary(max_size=200))
def test_any_bytes_are_text_or_refused_with_words(data: bytes) -> None:
    trouble = trouble_with(data)

    assert trouble is None or SESSION.words(trouble.code, **trouble.params) != trouble.code


def trouble_with(data: bytes) -> Trouble | None:
    try:
        read_table(decode_sheet(data)[0], STOCK)
    except Trouble as trouble:
        return trouble
    return None


@given(text=CSV_TEXT)
def test_no_character_of_a_broken_file_is_lost(text: str) -> None:
    """Rows have, in their order, every letter and digit of the file."""
    kept = "".join("".join(record.cells) for record in parse_records(text, ","))

    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


@given(st.lists(st.lists(CELL, min_size=5, max_size=5), min_size=1, max_size=8))
def test_each_row_of_a_well_formed_sheet_is_in_or_in_the_error_file(cells: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER.split(","), *cells])
    table = read_table(text.getvalue(), STOCK)
    rows = read_rows(table, ReadOptions())
    refused = [row for row in rows if not row.call]
    filled = [row for row in cells if any(cell.strip() for cell in row)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        write_refusals(path, table, refused, SESSION)
        again = read_table(decode_sheet(path.read_bytes())[0], STOCK)

    assert [row.record.cells for row in rows] == filled
    assert [again.cells(record) for record in again.records] == [table.cells(row.record) for row in refused]
