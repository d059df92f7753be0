"""Cells as people type them, and the kinds of sheets against the forms of the services."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from aftersales.cli.sheets import cells, days
from aftersales.cli.sheets.catalogue import KINDS
from aftersales.cli.sheets.invalid_cell import InvalidCell
from aftersales.cli.sheets.kinds import Kind, RowRefused
from aftersales.cli.sheets.phones import read_phone
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.dispatch.technicians.domain import RegisterTechnician
from aftersales.intake.archive.domain.customer import ArchiveCustomer
from aftersales.intake.network.domain import BranchForm
from aftersales.intake.prices.domain import LabourPriceForm
from aftersales.intake.requests.domain.form import ImportRequest
from aftersales.intake.sales.domain import ImportProduct
from aftersales.inventory.parts.domain import RegisterPart
from aftersales.inventory.stock.domain import Receipt
from aftersales.values import Code

SHANGHAI = ReadOptions()
FULL_WIDTH = {ascii: ascii + 0xFEE0 for ascii in range(0x21, 0x7F)}
FORMS: dict[str, type[BaseModel]] = {
    "branches": BranchForm,
    "technicians": RegisterTechnician,
    "parts": RegisterPart,
    "prices": LabourPriceForm,
    "stock": Receipt,
    "customers": ArchiveCustomer,
    "products": ImportProduct,
    "requests": ImportRequest,
}
NOT_IN_SHEETS = re.compile(
    r"parts:price\.currency|prices:(names|corrects)"
    r"|customers:(kind|aliases|wechat|preferred_channel|quiet_hours|language)"
    r"|customers:(phones|addresses|contacts|users|shared_phones|criteria|vip)\..+"
    r"|\w+:products?\.(0\.)?(batch|sold_by|invoice|installed_at\..+)"
    r"|products:installed_at\..+|branches:(hours\..+|far_districts)|requests:(at|details|customer\.(id|relation|role))"
)
"""Prices in sheets are in yuan, and a request says when it came in as `elsewhere.registered_at`.

What more the archive may know of somebody is told to it by HTTP."""


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (cells.read_code, f" {'SH-01'.translate(FULL_WIDTH)} ", "SH-01"),
        (
            cells.read_codes(3),
            f"refrigerator{';'.translate(FULL_WIDTH)}freezer、 washer",
            ["refrigerator", "freezer", "washer"],
        ),
        (cells.read_serial, "sn/0001", "SN/0001"),
        (read_phone, "138 1234 5678", "+8613812345678"),
        (read_phone, "+852 2123 4567", "+85221234567"),
        (cells.read_whole(1, 3), "2".translate(FULL_WIDTH), 2),
        (cells.read_whole(1, 10_000), "1,000", 1000),
        (cells.read_whole(1, 10), "3.0", 3),
        (cells.read_degrees(90), "-33.9", -33.9),
        (cells.read_money, "￥1,280.50", 128050),
        (cells.read_money, "0", 0),
        (cells.read_yes, "是", True),
        (cells.read_yes, "NO", False),
        (cells.zone_name, "Asia/Urumqi", "Asia/Urumqi"),
        (days.read_minute, "8:30", 510),
        (days.read_minute, "24:00", 0),
        (days.read_minute, "8:59", 539),
        (days.read_day, "2026年3月1日", "2026-03-01"),
        (days.read_day, "2026/3/1", "2026-03-01"),
        (days.read_moment, "2026-11-22 8:15", "2026-11-22T00:15:00+00:00"),
        (days.read_moment, "2026-11-22", "2026-11-21T16:00:00+00:00"),
        (days.read_moment, "2026-11-22T10:15:30Z", "2026-11-22T10:15:30+00:00"),
        (days.read_moment, "2026-11-22 10:15 +0100", "2026-11-22T09:15:00+00:00"),
        (days.read_until, "2026-11-22", "2026-11-22T15:59:59+00:00"),
    ],
)
def test_cells_are_read_as_people_type_them(read: Callable[..., Any], cell: str, value: Any) -> None:
    assert read(cell, SHANGHAI) == value


@pytest.mark.parametrize(
    ("read", "cell", "code"),
    [
        (cells.read_text(5), "六个字太长了", "cell.too_long"),
        (cells.read_code, "上海", "cell.not_code"),
        (cells.read_codes(2), "a;b;c", "cell.too_many"),
        (cells.read_serial, "-1", "cell.not_serial"),
        (cells.read_serial, "8.6138E+12", "cell.shortened"),
        (read_phone, "1.38E+10", "cell.shortened"),
        (read_phone, "12", "cell.not_phone"),
        (cells.read_whole(1, 3), "4", "cell.not_whole"),
        (cells.read_whole(1, 3), "1.5", "cell.not_whole"),
        (cells.read_whole(1, 3), "1_0", "cell.not_number"),
        (cells.read_whole(1, 3), "NaN", "cell.not_number"),
        (cells.read_degrees(90), "90.1", "cell.not_degrees"),
        (cells.read_money, "1.005", "cell.not_money"),
        (cells.read_money, "-1", "cell.not_money"),
        (cells.read_yes, "maybe", "cell.not_yes_or_no"),
        (cells.read_choice("A", "B"), "C", "cell.not_among"),
        (cells.zone_name, "Asia", "cell.not_zone"),
        (cells.zone_name, "../etc", "cell.not_zone"),
        (days.read_minute, "24:01", "cell.not_time"),
        (days.read_minute, "08:60", "cell.not_time"),
        (days.read_minute, "10:75", "cell.not_time"),
        (days.read_minute, "8h", "cell.not_time"),
        (days.read_day, "2026-02-30", "cell.not_day"),
        (days.read_day, "1/3/2026", "cell.day_ambiguous"),
        (days.read_day, "0001-01-01", "cell.not_day"),
        (days.read_moment, "2026-11-22 25:00", "cell.not_moment"),
        (days.read_moment, "tomorrow", "cell.not_day"),
    ],
)
def test_what_does_not_fit_has_a_code(read: Callable[..., Any], cell: str, code: str) -> None:
    with pytest.raises(InvalidCell) as misfit:
        read(cell, SHANGHAI)

    assert misfit.value.code == code


def test_columns_beside_a_filled_one_must_be_filled_too() -> None:
    whole = {"branch": "sh-01", "name": "王", "phone": "13812345678", "address": "上海"}

    assert KINDS["customers"].call(whole, SHANGHAI).body.keys() == {"branch", "name", "phone", "address"}
    with pytest.raises(RowRefused) as refusal:
        KINDS["customers"].call(whole | {"purchased_on": "2026-03-01", "class": "D"}, SHANGHAI)
    assert [(wrong.column, wrong.code) for wrong in refusal.value.wrong] == [
        ("serial", "cell.empty"),
        ("model", "cell.empty"),
        ("line", "cell.empty"),
        ("class", "cell.not_among"),
    ]


def test_a_sheet_of_members_has_their_levels_numbers_and_days() -> None:
    """INT-16."""
    whole = {"branch": "sh-01", "name": "王", "phone": "13812345678", "address": "上海"}
    cells = {"会员等级": "金卡", "會員編號": "VK-20031", "入会日期": "2024年3月1日", "会员有效期": "2026.12.31"}
    named = {column.name: cell for header, cell in cells.items() if (column := KINDS["customers"].column_under(header))}

    assert KINDS["customers"].call(whole | named, SHANGHAI).body["membership"] == {
        "level": "金卡",
        "number": "VK-20031",
        "since": "2024-03-01",
        "until": "2026-12-31",
    }


def fields(form: Any, way: str = "") -> set[str]:
    """The leaves of a form, as columns name them: `customer.phone`, `products.0.serial`."""
    schema = TypeAdapter(form).json_schema()
    return set(_leaves(schema, schema.get("$defs", {}), way))


def _leaves(schema: dict[str, Any], defs: dict[str, Any], way: str) -> list[str]:
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            schema = choice
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    if "properties" in schema:
        inner = [_leaves(part, defs, f"{way}.{name}") for name, part in schema["properties"].items()]
        return [leaf for leaves in inner for leaf in leaves]
    if schema.get("type") == "array" and "$ref" in schema["items"]:
        return _leaves(schema["items"], defs, f"{way}.0")
    return [way.removeprefix(".")]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_has_a_column_for_every_field_of_its_form_and_no_other(kind: Kind) -> None:
    free = ("{", "details.", "names.")  # of the path, of what only some kinds of requests ask for, and by language
    columns = {column.field for column in kind.columns if not column.to.startswith(free)}

    assert columns == {name for name in fields(FORMS[kind.name]) if not NOT_IN_SHEETS.fullmatch(f"{kind.name}:{name}")}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_no_header_names_two_columns(kind: Kind) -> None:
    headers = [header for column in kind.columns for header in column.headers]

    assert len(headers) == len(set(headers))
    assert all(kind.column_under(f" {header.upper()} * ") for header in headers)


FITTING = {
    "code": "c-1", "name": "王小明", "zone": "Asia/Shanghai", "lat": "31.2", "lon": "121.4", "branch": "sh-01",
    "skills": "", "licence_until": "2030-01-01", "shift_start": "08:00", "shift_end": "20:00", "shift_zone": "UTC",
    "suspended": "", "model": "BCD", "specification": "", "lines": "", "faults": "", "quantity_per_job": "",
    "price": "1", "part": "P-1", "lot": "L-1", "bin": "B-1", "quantity": "1", "received_at": "", "phone": "13812345678",
    "address": "上海", "class": "", "serial": "SN-1", "line": "refrigerator", "purchased_on": "", "channel": "web",
    "kind": "", "fault": "f", "description": "漏水", "urgency": "", "wanted_at": "", "owner": "",
    "problem_class": "", "danger": "", "rush": "", "batch": "", "sold_by": "", "invoice": "",
    "topic": "t", "reason": "r", "recall": "RC-1", "new_address": "x",
    "order_number": "1", "order_account": "x", "platform": "x",
    "major": "", "far": "", "number": "", "status": "", "registered_at": "", "closed_at": "",
    "email": "", "chat_id": "", "unreachable": "",
    "member_level": "", "member_number": "", "member_since": "", "member_until": "",
    "work": "", "name_zh": "冰箱维修", "name_zh_hant": "", "name_en": "", "currency": "", "valid_from": "2026-03-01",
    "customer_id": "0190b5e2-7c3a-7def-8123-456789abcdef",
}  # fmt: skip
EDGES = [
    *(
        "0",
        "1",
        "3",
        "4",
        "-1",
        "1.5",
        "90",
        "90.01",
        "180",
        "180.01",
        "1000000",
        "1000001",
        "999999999999999",
        "128.505",
    ),
    *("2026-03-01", "1900-01-01", "2199-12-31", "2199-12-31T23:59:59-12:00", "2026-11-22 24:00", "24:00", "23:59"),
    *(
        "x" * 64,
        "x" * 65,
        "字" * 200,
        "字" * 201,
        "a" * 50_000,
        "a" * 50_001,
        " ".join("abc" * 17),
        ";".join(["a"] * 50),
    ),
    *("A", "D", "phone", "fax", "repair", "training", "是", "sh-01", "-x", "a/b", "UTC", "Asia", "localtime", "110"),
    *("+", "13812345678", "1" * 40, "+1" * 20, "tel:+86-138-1234-5678;ext=3"),
]


def test_at_every_edge_the_sheet_takes_only_what_the_service_takes() -> None:
    """A dry run knows the rules: whatever passes here fits the service's form."""
    taken = 0
    for kind in KINDS.values():
        for column in kind.columns:
            for cell in EDGES:
                row = FITTING | {column.name: cell}
                if not refusals(kind, row):
                    taken += 1
                    fits(kind, row)

    assert taken > len(KINDS) * len(EDGES)


@given(data=st.data(), kind=st.sampled_from(list(KINDS.values())))
def test_whatever_the_sheet_takes_the_service_takes(data: st.DataObject, kind: Kind) -> None:
    typed = st.text(max_size=12) | st.sampled_from(EDGES) | st.floats(-1e6, 1e6).map(str) | st.dates().map(str)
    row = {column.name: data.draw(typed, column.name) for column in kind.columns}
    for _ in range(2):  # where another kind of request is put in, it may ask for another column
        row |= {wrong.column: FITTING[wrong.column] for wrong in refusals(kind, row)}

    fits(kind, row)


def fits(kind: Kind, row: dict[str, str]) -> None:
    """Make the call and hold it against the service's form, as JSON."""
    call = kind.call(row, SHANGHAI)
    FORMS[kind.name].model_validate_json(TypeAdapter(Any).dump_json(call.body))
    if call.method == "PUT":
        TypeAdapter(Code).validate_python(call.path.rpartition("/")[2])


def refusals(kind: Kind, row: dict[str, str]) -> list[Any]:
    try:
        kind.call(row, SHANGHAI)
    except RowRefused as refusal:
        return refusal.wrong
    return []


def test_times_are_sent_as_the_instant_they_mean() -> None:
    read = datetime.fromisoformat(days.read_moment("2026-03-29 02:30", ReadOptions(ZoneInfo("Europe/Berlin"))))

    assert read == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(("length", "shown"), [(39, "x" * 39), (40, "x" * 40), (41, "x" * 39 + "…")])
def test_a_cell_of_forty_characters_is_quoted_whole_and_a_longer_one_shortened(length: int, shown: str) -> None:
    with pytest.raises(InvalidCell) as misfit:
        days.read_day("x" * length, SHANGHAI)
    assert misfit.value.params == {"cell": shown}
