"""Files for a spreadsheet: nothing in a cell is run, numbers stay numbers."""

import csv
import io
import zipfile
from datetime import UTC, datetime

import pytest
from python_calamine import CalamineWorkbook

from aftersales.common.http.export import Table, Titled, csv_pieces, send_export, xlsx_file

AT = datetime(2026, 11, 22, 4, 0, 0, 631_000, tzinfo=UTC)
COLUMNS = (
    Titled("column.description", lambda row: row["text"]),
    Titled("column.visit", lambda row: row["number"]),
    Titled("column.due_at", lambda row: row["at"]),
)
TABLE = Table("list", COLUMNS, "zh-Hans", lambda _: "Asia/Shanghai")
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=HYPERLINK("http://x","y")']


async def _rows(*texts, batch=3, **more):
    for start in range(0, len(texts), batch):
        yield [{"text": text, "number": -5, "at": AT} | more for text in texts[start : start + batch]]


async def _csv(*texts, **more):
    body = b"".join([job async for job in csv_pieces(TABLE, _rows(*texts, **more))])
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def _xlsx(*texts, **more):
    with await xlsx_file(TABLE, _rows(*texts, **more)) as file:
        return file.read()


@pytest.mark.parametrize("text", DANGEROUS)
async def test_a_csv_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert (await _csv(text))[1][0] == f"'{text}"


@pytest.mark.parametrize("text", ["不制冷", "a=1", " =1", "'=1", "1", "", 'he said "no"', "two\nlines, and a comma"])
async def test_any_other_text_stays_as_it_is(text):
    assert (await _csv(text))[1][0] == text


async def test_a_number_stays_a_number_and_a_time_is_local():
    titles, line = await _csv("x")
    assert titles == ["故障描述", "第几次上门", "到期时间"]
    assert line[1:] == ["-5", "2026-11-22 12:00:00"]
    assert (await _csv("x", at=None, number=None))[1] == ["x", "", ""]


async def test_no_cell_of_a_workbook_is_a_formula_or_a_link():
    body = await _xlsx(*DANGEROUS, "http://example.org/", "mailto:a@example.org", "007", "1e5")
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert not any("rels" in name and "worksheets" in name for name in parts.namelist())
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    (_, *lines) = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    assert [line[0] for line in lines][-4:] == ["http://example.org/", "mailto:a@example.org", "007", "1e5"]
    assert lines[0] == ["=1+1", -5.0, datetime(2026, 11, 22, 12, 0)]  # noqa: DTZ001 (a sheet knows no zones)


async def test_a_workbook_takes_what_a_cell_cannot_hold_cut_and_marked():
    body = await _xlsx("长" * 40_000, "nul \x00 and \x1b")
    (_, (long, *_), (odd, *_)) = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    assert (len(long), long[-1]) == (32_767, "…")
    assert odd.startswith("nul ")


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_an_empty_list_is_a_file_with_titles(format):
    sent = await send_export(TABLE, _rows(), format)
    body = b"".join([job async for job in sent.body_iterator])
    assert sent.headers["content-disposition"] == f'attachment; filename="list.{format}"'
    assert body


async def test_what_fails_while_it_is_read_leaves_no_file_open():
    async def broken():
        yield [{"text": "x", "number": 1, "at": AT}]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await xlsx_file(TABLE, broken())
