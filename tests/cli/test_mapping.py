"""Mapping files and headers: sheets whose columns are named by other programs, told what they are (YAML and TOML)."""

from pathlib import Path
from typing import Any

import pytest

from aftersales.cli.session import Session, Trouble
from aftersales.cli.sheets.catalogue import CUSTOMERS, KINDS, PRODUCTS
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.mapping import MappingFile, mapping_template, read_mapping
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.rows import Row, read_rows
from aftersales.cli.sheets.table import NO_MAPPING, Table, read_table

SESSION = Session({}, "zh-Hans")
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
  line: {from: 商品大类, values: {冰箱: refrigerator, 洗衣机: washing-machine}}
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
line = {from = "商品大类", values = {"冰箱" = "refrigerator", "洗衣机" = "washing-machine"}}
class = {from = "等级", values = {"金卡" = "A"}, constant = "C"}
purchased_on = {from = "开票日期", dates = "%d.%m.%Y"}
"""


def rows_of(table: Table, mapping: MappingFile = NO_MAPPING) -> list[Row]:
    manner = mapping.manner(ReadOptions())
    return read_rows(table, manner, mapping.own_manners(manner))


def bodies(rows: list[Row]) -> list[dict[str, Any]]:
    return [row.call.body for row in rows if row.call]


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
    filled = mapped(tmp_path, "\n".join(mapping_template(kind, found, ["a, b", "c"])), kind=kind)
    empty = mapped(tmp_path, "\n".join(mapping_template(kind, {}, [])), kind=kind)

    assert {name: rule.headers for name, rule in filled.columns.items()} == {k: (v,) for k, v in found.items()}
    assert filled.ignore == ("a, b", "c")
    assert not empty.columns
