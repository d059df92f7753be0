"""Workbooks as people make them: with titles, merged cells and typed cells."""

import csv
import io
import resource
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from aftersales.cli.session import Session, Trouble
from aftersales.cli.sheets.catalogue import CUSTOMERS, REQUESTS, TECHNICIANS
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.mapping import MappingFile
from aftersales.cli.sheets.opening import open_table
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.refusals import errors_file, write_refusals
from aftersales.cli.sheets.rows import Row, read_rows
from aftersales.cli.sheets.table import NO_MAPPING, Table, read_table

SESSION = Session({}, "zh-Hans")
HEADER = ["网点", "客户姓名", "手机号", "联系地址", "机身号", "产品型号", "品类", "购机日期"]
GOOD = ["sh-01", "王小明", 13_800_138_000, "静安区", "SN-1", "BCD-470", "refrigerator", date(2026, 1, 5)]
Draw = Callable[[xlsxwriter.Workbook], None]


@pytest.fixture
def book(tmp_path: Path) -> Callable[[Draw], Path]:
    def made(draw: Draw) -> Path:
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
            draw(workbook)
        return path

    return made


def opened(path: Path, kind: Kind = CUSTOMERS, mapping: MappingFile = NO_MAPPING, sheet: str | None = None) -> Table:
    return open_table(path, kind, mapping, encoding=None, sheet=sheet)[0]


def rows_of(table: Table) -> list[Row]:
    return read_rows(table, ReadOptions())


def bodies(rows: list[Row]) -> list[dict[str, Any]]:
    return [row.call.body for row in rows if row.call]


def ugly(workbook: xlsxwriter.Workbook) -> None:
    """A title over all columns, blank rows, a header of two rows, and a customer's cells that reach over two rows."""
    workbook.add_worksheet("说明")
    sheet = workbook.add_worksheet("客户")
    sheet.merge_range("A1:H2", "2026 年客户档案")
    for at, header in enumerate(HEADER[:4]):
        sheet.merge_range(3, at, 4, at, header)
    sheet.merge_range("E4:H4", "产品")
    sheet.write_row("E5", HEADER[4:])
    sheet.write_row("A6", [*GOOD, None, "老客户"])
    for place, value in enumerate(["sh-01", "李雷", "1.3900139E10", "浦东新区"]):
        sheet.merge_range(7, place, 8, place, value)
    bought = datetime(2026, 2, 3, 10, 15)  # noqa: DTZ001 (a workbook knows no zones)
    sheet.write_row("E8", [10_000_000_000_001, "KFR-35", "air-conditioner", bought])
    sheet.write_row("E9", ["SN-3", 470, "refrigerator", 46_027])
    sheet.write_row("A11", ["sh-01", "韩梅梅", 12, "黄浦区", 1e18, "X", "tv", "1/2/2026"])


def test_titles_merged_cells_and_typed_cells_are_read_as_people_see_them(book: Callable[[Draw], Path]) -> None:
    table = opened(book(ugly))
    first, second, third, wrong = rows_of(table)

    assert (table.sheet, table.headers) == ("客户", [*HEADER, "", ""])
    assert table.layout.left == {"(J)": ""}
    assert [row.record.number for row in (first, second, third, wrong)] == [6, 8, 9, 11]
    assert [
        (body["name"], body["phone"], *body["products"][0].values()) for body in bodies([first, second, third])
    ] == [
        ("王小明", "+8613800138000", "SN-1", "BCD-470", "refrigerator", "2026-01-05"),
        ("李雷", "+8613900139000", "10000000000001", "KFR-35", "air-conditioner", "2026-02-03"),
        ("李雷", "+8613900139000", "SN-3", "470", "refrigerator", "2026-01-05"),
    ]
    assert [(one.column, one.code) for one in wrong.wrong] == [
        ("phone", "cell.not_phone"),
        ("serial", "cell.shortened"),
        ("purchased_on", "cell.day_ambiguous"),
    ]


def test_the_sheet_is_the_first_with_something_in_it_or_the_one_that_is_named(book: Callable[[Draw], Path]) -> None:
    def two(workbook: xlsxwriter.Workbook) -> None:
        workbook.add_worksheet("空")
        for name, who in (("甲", "王"), ("乙", "李")):
            sheet = workbook.add_worksheet(name)
            sheet.write_row(0, 0, HEADER)
            sheet.write_row(1, 0, [GOOD[0], who, *GOOD[2:]])

    path = book(two)
    with pytest.raises(Trouble) as trouble:
        opened(path, sheet="丙")

    assert [body["name"] for body in bodies(rows_of(opened(path)))] == ["王"]
    assert [body["name"] for body in bodies(rows_of(opened(path, sheet="乙")))] == ["李"]
    assert [body["name"] for body in bodies(rows_of(opened(path, mapping=MappingFile(sheet="乙"))))] == ["李"]
    assert "空, 甲, 乙" in SESSION.words(trouble.value.code, **trouble.value.params)


def test_times_of_day_and_yes_are_cells_of_their_own(book: Callable[[Draw], Path]) -> None:
    def staff(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["工号", "姓名", "网点", "证书有效期", "上班时间", "下班时间", "停用"])
        hours = workbook.add_format({"num_format": "hh:mm"})
        sheet.write_row(1, 0, ["T-1", "李", "sh-01", date(2030, 1, 1)])
        sheet.write(1, 4, time(8, 30), hours)
        sheet.write(1, 5, "20:00")
        sheet.write(1, 6, False)

    (body,) = bodies(rows_of(opened(book(staff), TECHNICIANS)))

    assert (body["shift"], body["suspended"]) == ({"start": 510, "end": 1200}, False)
    assert body["licence_until"] == "2030-01-01T15:59:59+00:00"


@pytest.mark.parametrize("data", [b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0rest of an old one"])
def test_a_broken_workbook_is_told_in_words(tmp_path: Path, data: bytes) -> None:
    (path := tmp_path / "x.xlsx").write_bytes(data)
    with pytest.raises(Trouble) as trouble:
        opened(path)

    assert trouble.value.code == "sheet.workbook_unreadable"


def test_refused_rows_of_a_workbook_go_into_one_that_can_be_mended_and_has_no_formula(
    book: Callable[[Draw], Path], tmp_path: Path
) -> None:
    def bad(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("客户")
        sheet.write_row(0, 0, [*HEADER, "备注"])
        sheet.write_row(1, 0, ["sh-01", "", *GOOD[2:]])
        sheet.write_string(1, 8, "=HYPERLINK(1)")

    table = opened(book(bad))
    refused = rows_of(table)
    path = errors_file(tmp_path / "book.xlsx", table, refused)
    write_refusals(path, table, refused, SESSION)
    again = opened(path)
    (row,) = again.records

    assert path.name == "book.xlsx.errors.xlsx"
    assert again.sheet == "客户"
    assert again.headers[:4] == ["error_row", "error_column", "error_code", "error_message"]
    assert list(row.values) == [
        2.0,
        "name",
        "cell.empty",
        "name: 不能为空。",
        *["sh-01", "", *GOOD[2:]],
        "=HYPERLINK(1)",
    ]
    assert again.layout.left == {"备注": ""}
    assert b"<f>" not in _sheet_xml(path)


def _sheet_xml(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def test_what_a_workbook_cannot_hold_is_kept_in_a_text_file(tmp_path: Path) -> None:
    table = read_table("branch,name,phone,address\nsh-01,,1,x\n", CUSTOMERS)
    (row,) = rows_of(table)
    table.delimiter = ""
    row.record.values = ["字" * 40_000]

    assert errors_file(tmp_path / "x.xlsx", table, [row]).name == "x.xlsx.errors.csv"


def test_a_csv_export_with_a_title_keeps_its_row_numbers() -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["日报"], [], ["网点", "渠道", *HEADER[1:], "故障代码"], ["sh-01", "电话"]])
    (row,) = rows_of(read_table(out.getvalue(), REQUESTS))

    assert row.record.number == 4
    assert [one.code for one in row.wrong] == ["cell.empty", "cell.empty", "cell.all_empty"]


@pytest.mark.parametrize(("row", "column"), [(1_048_575, 20), (1_048_575, 16_383)])
def test_one_cell_far_away_is_named_instead_of_filling_the_memory(
    book: Callable[[Draw], Path], row: int, column: int
) -> None:
    def draw(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        for at, line in enumerate((HEADER, GOOD)):
            sheet.write_row(at, 0, line)
        sheet.write(row, column, "x")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Trouble) as trouble:
        opened(book(draw))
    assert (trouble.value.code, trouble.value.params) == ("sheet.too_many_cells", {"most": 10_000_000})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kB"


def test_a_sheet_may_be_wide_and_a_workbook_that_is_none_is_told_as_before(book: Callable[[Draw], Path]) -> None:
    def draw(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet()
        for at, line in enumerate((HEADER, GOOD)):
            sheet.write_row(at, 0, line)
        sheet.write(0, 16_383, "x")

    path = book(draw)
    assert len(opened(path).records) == 1
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(Trouble) as trouble:
        opened(path)
    assert trouble.value.code == "sheet.workbook_unreadable"


def test_int3_zeros_that_a_number_format_shows_are_kept(book: Callable[[Draw], Path], tmp_path: Path) -> None:
    def draw(workbook: xlsxwriter.Workbook) -> None:
        sheet = workbook.add_worksheet("客户")
        zeros = workbook.add_format({"num_format": "000000"})
        for at, header in enumerate(HEADER):
            sheet.write(0, at, header)
        for at, value in enumerate(GOOD):
            sheet.write(1, at, value)
            sheet.write(2, at, value)
        sheet.write_number(1, 4, 123, zeros)
        sheet.write_number(2, 4, 1_234_567, zeros)
        sheet.write(2, 2, "1")

    table, _ = open_table(book(draw), CUSTOMERS, NO_MAPPING, encoding=None, sheet=None)
    first, refused = read_rows(table, ReadOptions())
    path = errors_file(tmp_path / "x.xlsx", table, [first])
    write_refusals(path, table, [first, refused], SESSION)
    again, _ = open_table(path, CUSTOMERS, NO_MAPPING, encoding=None, sheet=None)

    assert first.call
    assert first.call.body["products"][0]["serial"] == "000123"
    assert [again.cells(record)["serial"] for record in again.records] == ["000123", "1234567"]
