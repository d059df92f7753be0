"""Workbooks and mapping files: sheets as people make them, with titles, merged cells, typed cells and own headers."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from aftersales.common.cli.session import Session, Trouble
from aftersales.common.cli.sheets.catalogue import CUSTOMERS, KINDS, PRODUCTS, REQUESTS, TECHNICIANS
from aftersales.common.cli.sheets.kinds import Kind
from aftersales.common.cli.sheets.manner import Manner
from aftersales.common.cli.sheets.mapping import MappingFile, read_mapping, template
from aftersales.common.cli.sheets.opening import open_table
from aftersales.common.cli.sheets.refusals import errors_file, write_refusals
from aftersales.common.cli.sheets.rows import Row, read_rows
from aftersales.common.cli.sheets.table import NO_MAPPING, Table, read_table

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


def rows_of(table: Table, mapping: MappingFile = NO_MAPPING) -> list[Row]:
    manner = mapping.manner(Manner())
    return read_rows(table, manner, mapping.own_manners(manner))


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
    sheet.write_row("A6", GOOD)
    for place, value in enumerate(["sh-01", "李雷", "1.3900139E10", "浦东新区"]):
        sheet.merge_range(7, place, 8, place, value)
    at = datetime(2026, 2, 3, 10, 15)  # noqa: DTZ001 (a workbook knows no zones)
    sheet.write_row("E8", [10_000_000_000_001, "KFR-35", "air-conditioner", at])
    sheet.write_row("E9", ["SN-3", 470, "refrigerator", 46_027])
    sheet.write_row("A11", ["sh-01", "韩梅梅", 12, "黄浦区", 1e18, "X", "tv", "1/2/2026"])


def test_titles_merged_cells_and_typed_cells_are_read_as_people_see_them(book: Callable[[Draw], Path]) -> None:
    table = opened(book(ugly))
    first, second, third, wrong = rows_of(table)

    assert (table.sheet, table.headers) == ("客户", HEADER)
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


EXPORT = """客户档案导出,,,,,,,,
制表人 小李,,,,,,,,
会员,移动电话,省,市,街道,商品大类,型号,机身号,开票日期,等级,业务员
王小明,13800138000/13900139000,上海市,静安区,南京西路 1 号,冰箱,BCD-470,sn-1,05.01.2026,金卡,小张
李雷,(021)12345678 转 5,,北京市,,洗衣机,XQG-100,sn-2,1.2.2026,,小张
"""
MAPPING = """
kind: customers
dates: dmy
columns:
  branch: {constant: sh-01}
  name: 会员
  phone: {from: [电话, 移动电话], rest: leave}
  address: {from: [省, 市, 街道], join: ""}
  line: {from: 商品大类, values: {冰箱: refrigerator, 洗衣机: washer}}
  class: {from: 等级, values: {金卡: A}, constant: C}
  purchased_on: {from: 开票日期, dates: "%d.%m.%Y"}
ignore: 业务员
"""
TOML = """
kind = "customers"
dates = "dmy"
ignore = ["业务员"]
[columns]
branch = {constant = "sh-01"}
name = "会员"
phone = {from = ["电话", "移动电话"], rest = "leave"}
address = {from = ["省", "市", "街道"], join = ""}
line = {from = "商品大类", values = {"冰箱" = "refrigerator", "洗衣机" = "washer"}}
class = {from = "等级", values = {"金卡" = "A"}, constant = "C"}
purchased_on = {from = "开票日期", dates = "%d.%m.%Y"}
"""


def mapped(folder: Path, text: str, name: str = "m.yaml", kind: Kind = CUSTOMERS) -> MappingFile:
    (path := folder / name).write_text(text, "utf-8")
    return read_mapping(path, kind)


@pytest.mark.parametrize(("text", "name"), [(MAPPING, "m.yaml"), (TOML, "m.toml")])
def test_a_mapping_file_makes_our_columns_of_an_ugly_export(tmp_path: Path, text: str, name: str) -> None:
    mapping = mapped(tmp_path, text, name)
    table = read_table(EXPORT, CUSTOMERS, mapping)
    first, second = bodies(rows_of(table, mapping))

    assert first == {
        "branch": "sh-01",
        "name": "王小明",
        "phone": "+8613800138000",
        "address": "上海市静安区南京西路 1 号",
        "customer_class": "A",
        "products": [
            {"serial": "SN-1", "model": "BCD-470", "line": "refrigerator", "purchased_on": "2026-01-05"},
        ],
    }
    assert (second["phone"], second["address"], second["customer_class"]) == ("+862112345678", "北京市", "C")
    assert second["products"][0]["purchased_on"] == "2026-02-01"
    assert table.layout.left == {}


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("columns: [", "mapping.malformed", "m.yaml"),
        ("- a", "mapping.malformed", "m.yaml"),
        ("colums: {}", "mapping.malformed", "colums"),
        ("dates: sometimes", "mapping.malformed", "%d.%m.%Y"),
        ("country: Taiwan", "mapping.malformed", "TW"),
        ("columns: {name: {form: 会员}}", "mapping.malformed", "columns.name.form"),
        ("columns: {adress: 地址}", "mapping.unknown_column", "address"),
        ("kind: parts", "mapping.other_kind", "parts"),
    ],
)
def test_a_mapping_file_that_does_not_do_is_told_with_the_mend(tmp_path: Path, text: str, code: str, told: str) -> None:
    with pytest.raises(Trouble) as trouble:
        mapped(tmp_path, text)

    assert trouble.value.code == code
    assert told in SESSION.words(code, **trouble.value.params)


def test_a_mapping_that_names_a_header_which_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Trouble) as trouble:
        read_table(EXPORT, CUSTOMERS, mapped(tmp_path, MAPPING.replace("街道", "门牌")))

    assert trouble.value.code == "mapping.header_missing"
    assert "门牌" in SESSION.words(trouble.value.code, **trouble.value.params)


def test_headers_of_others_are_known_but_our_own_go_before_them() -> None:
    by_others = "门店,顾客姓名,手机号,详细地址\nsh-01,王,13800138000,上海\n"
    both = "branch,name,phone,address,手机,Telefon,serail\nsh-01,王,13800138000,上海,13900139000,1,2\n"
    table = read_table(both, CUSTOMERS)

    assert bodies(rows_of(read_table(by_others, CUSTOMERS)))[0]["phone"] == "+8613800138000"
    assert bodies(rows_of(table))[0]["phone"] == "+8613800138000"
    assert table.layout.left == {"手机": "", "Telefon": "", "serail": "serial"}


def test_two_headers_of_others_for_one_column_are_asked_for() -> None:
    with pytest.raises(Trouble) as trouble:
        read_table("branch,name,mobile,手机,address\n", CUSTOMERS)

    assert trouble.value.code == "sheet.column_twice"


def test_a_product_needs_an_owner_by_phone_or_by_id() -> None:
    with pytest.raises(Trouble) as trouble:
        read_table("serial,model,line\n", PRODUCTS)
    (row,) = rows_of(read_table("serial,model,line,phone,customer_id\nS-1,M,tv,,\n", PRODUCTS))

    assert "phone / customer_id" in SESSION.words(trouble.value.code, **trouble.value.params)
    assert [(one.column, one.code) for one in row.wrong] == [("phone", "cell.all_empty")]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_template_is_a_mapping_file_that_maps_what_was_found(tmp_path: Path, kind: Kind) -> None:
    found = {column.name: f'他们的 "{column.name}"' for column in kind.columns[:2]}
    filled = mapped(tmp_path, "\n".join(template(kind, found, ["a, b", "c"])), kind=kind)
    empty = mapped(tmp_path, "\n".join(template(kind, {}, [])), kind=kind)

    assert {name: rule.headers for name, rule in filled.columns.items()} == {k: (v,) for k, v in found.items()}
    assert filled.ignore == ("a, b", "c")
    assert not empty.columns


def test_a_csv_export_with_a_title_keeps_its_row_numbers() -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["日报"], [], ["网点", "渠道", *HEADER[1:], "故障代码"], ["sh-01", "电话"]])
    (row,) = rows_of(read_table(out.getvalue(), REQUESTS))

    assert row.record.number == 4
    assert [one.code for one in row.wrong].count("cell.empty") == 7
