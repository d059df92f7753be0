"""Cells as other programs leave them: what is clear is read, what is ambiguous is asked for, nothing is dropped."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.cli.session import Session
from aftersales.cli.sheets import cells, days
from aftersales.cli.sheets.catalogue import CUSTOMERS, REQUESTS
from aftersales.cli.sheets.cells import Cell, read_code, read_text
from aftersales.cli.sheets.invalid_cell import InvalidCell, plain_cell
from aftersales.cli.sheets.kinds import RowRefused
from aftersales.cli.sheets.phones import read_phone
from aftersales.cli.sheets.read_options import CellValue, ReadOptions

CLEAR = ReadOptions()
WIDE = {ascii: ascii + 0xFEE0 for ascii in range(0x21, 0x7F)}
DAY = date(2026, 1, 5)
OF_DAYS = st.dates(date(1954, 10, 4), date(2173, 10, 13))


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "2026-01-05",
            "2026.1.5",
            "2026/1/5",
            "2026年1月5日",
            "2026 年 1 月 5 日",
            "26/1/5",
            "26年1月5日",
            "20260105",
        ),
        *("5-Jan-2026", "5 January 2026", "Jan 5, 2026", "January 5th, 2026", "5.Jan.26", "2026-Jan-05", "05JAN2026"),
        *("46027", "民國115年1月5日", "民国 115 年 1 月 5 日", "115年1月5日", "115/1/5", "115.01.05", "1150105"),
        *("2026-01-05 00:00:00", "2026/1/5 13:20", "2026-01-05T08:00:00", "'2026-01-05", "\u200b2026-01-05\u00a0"),
        *("2026-01-05".translate(WIDE), "2026年1月5号", "2026-1-5 下午1:20"),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is_read(cell: str) -> None:
    assert days.read_day(cell, CLEAR) == DAY.isoformat()


@pytest.mark.parametrize(
    ("cell", "order", "expected"),
    [
        ("1/2/2026", "dmy", "2026-02-01"),
        ("1/2/2026", "mdy", "2026-01-02"),
        ("26/01/05", "ymd", "2026-01-05"),
        ("26/01/05", "dmy", "2005-01-26"),
        ("01022026", "dmy", "2026-02-01"),
        ("260105", "ymd", "2026-01-05"),
        ("2026/1/5", "dmy", "2026-01-05"),
        ("05.01.2026", "%d.%m.%Y", "2026-01-05"),
        ("2026-01-05", "%d.%m.%Y", "2026-01-05"),
    ],
)
def test_a_date_is_read_as_it_is_told(cell: str, order: str, expected: str) -> None:
    assert days.read_day(cell, ReadOptions(dates=order)) == expected


@pytest.mark.parametrize(
    ("cell", "order", "code", "told"),
    [
        ("1/2/2026", "", "cell.day_ambiguous", "2026-01-02 / 2026-02-01"),
        ("26/01/05", "", "cell.day_ambiguous", "2005-01-26 / 2026-01-05"),
        ("260105", "", "cell.day_ambiguous", "--dates dmy"),
        ("1/13/2026", "dmy", "cell.not_day", "1/13/2026"),
        ("5.1.2026", "%Y/%m/%d", "cell.day_not_as_told", "%Y/%m/%d"),
        *((cell, "", "cell.not_day", cell) for cell in ("2026", "19999", "30 Feb 2026", "31/4/2026", "soon", "1/1/1")),
    ],
)
def test_a_date_that_is_not_clear_is_asked_for(cell: str, order: str, code: str, told: str) -> None:
    with pytest.raises(InvalidCell) as misfit:
        days.read_day(cell, ReadOptions(dates=order))

    assert misfit.value.code == code
    assert told in Session({}).words(code, **misfit.value.params)


@given(OF_DAYS)
def test_a_day_is_the_same_however_it_is_written(day: date) -> None:
    roc = day.year - 1911
    written = [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日".translate(WIDE),
        f"{day.day} {day:%B} {day.year}",
        f"{day:%b} {day.day}, {day.year}",
        f"民國{roc}年{day.month}月{day.day}日",
        str((day - date(1899, 12, 30)).days),
    ]

    assert {days.read_day(cell, CLEAR) for cell in written} == {day.isoformat()}


@given(OF_DAYS, st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"]))
def test_day_and_month_are_never_guessed(day: date, form: str) -> None:
    """Whatever is read without a hint is the only day that it can be."""
    cell = day.strftime(form)
    if day.day <= 12 and day.day != day.month:
        with pytest.raises(InvalidCell, match=r"cell\.day_ambiguous"):
            days.read_day(cell, CLEAR)
    else:
        assert days.read_day(cell, CLEAR) == day.isoformat()


@given(st.integers(20_090 * 86_400, 98_000 * 86_400))
def test_a_spreadsheets_count_of_days_is_the_moment_to_the_second(seconds: int) -> None:
    whole = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(seconds=seconds)
    count = seconds / 86_400

    assert days.read_moment(f"{count:.10f}", ReadOptions(ZoneInfo("UTC"))) == whole.isoformat()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-11-22 10:15", "2026-11-22T02:15:00+00:00"),
        ("2026年11月22日10时15分", "2026-11-22T02:15:00+00:00"),
        ("2026/11/22 下午 3:05", "2026-11-22T07:05:00+00:00"),
        ("22-Nov-2026 12:30 AM", "2026-11-21T16:30:00+00:00"),
        ("2026-11-22 03:05:09 p.m.", "2026-11-22T07:05:09+00:00"),
        ("2026-11-22 13:47:00+00", "2026-11-22T13:47:00+00:00"),
        ("2026-11-22 13:47:00 UTC", "2026-11-22T13:47:00+00:00"),
        ("2026-11-22T13:47:00.000+0000", "2026-11-22T13:47:00+00:00"),
        ("Nov 22, 2026, 10:15 AM", "2026-11-22T02:15:00+00:00"),
        ("22/Nov/26 10:15 AM", "2026-11-22T02:15:00+00:00"),
    ],
)
def test_times_are_read_as_they_are_written(cell: str, expected: str) -> None:
    assert days.read_moment(cell, CLEAR) == expected


@pytest.mark.parametrize(
    ("cell", "number", "rest"),
    [
        ("13800138000", "+8613800138000", False),
        ("'13800138000", "+8613800138000", False),
        ("1.3800138E10", "+8613800138000", False),
        ("1.3812345678E+10", "+8613812345678", False),
        ("13800138000.0", "+8613800138000", False),
        ("138-0013-8000".translate(WIDE), "+8613800138000", False),
        ("138\u00a00013\u200b 8000", "+8613800138000", False),
        ("0086 138 0013 8000", "+8613800138000", False),
        ("8613800138000", "+8613800138000", False),
        ("+86 (0)21 1234 5678", "+862112345678", False),
        ("电话:(021)12345678", "+862112345678", False),
        ("+852 2123 4567", "+85221234567", False),
        ("138 0013 8000 / 138-0013-8000", "+8613800138000", False),
        ("010-8888 8888 转 123", "+861088888888", True),
        ("010-88888888-123", "+861088888888", True),
        ("010-88888888 ext. 5", "+861088888888", True),
        ("+1 650 253 0000 x5", "+16502530000", True),
        ("tel:+86-138-1234-5678;ext=3", "+8613812345678", True),
        ("13800138000/13900139000", "+8613800138000", True),
        ("13800138000、13900139000", "+8613800138000", True),
        ("13800138000 13900139000", "+8613800138000", True),
        ("13800138000\uff08微信同号\uff09", "+8613800138000", True),
        ("王先生13800138000", "+8613800138000", True),
        ("王经理 010-88888888", "+861088888888", True),
    ],
)
def test_a_telephone_number_is_found_and_what_is_beside_it_is_kept(cell: str, number: str, rest: bool) -> None:
    read = read_phone(cell, CLEAR)

    assert (read.value if isinstance(read, CellValue) else read) == number
    assert isinstance(read, CellValue) == rest
    if isinstance(read, CellValue):
        assert [c for c in read.rest if c.isdigit()] == [c for c in plain_cell(cell) if c.isdigit()]


@pytest.mark.parametrize(
    "cell", ["王经理 13800138000 8 楼", "13800138000/12", "1.38E+10", "王138001380001", "转 5", "/", "x"]
)
def test_a_cell_with_more_than_numbers_is_refused_and_not_cut_down(cell: str) -> None:
    with pytest.raises(InvalidCell):
        read_phone(cell, CLEAR)


@given(st.integers(13_000_000_000, 19_999_999_999), st.sampled_from(["", "+86", "86", "0086", "+86 "]), st.booleans())
def test_a_mobile_number_is_the_same_however_it_is_written(number: int, prefix: str, wide: bool) -> None:
    cell = f"{prefix}{number}"

    assert read_phone(cell.translate(WIDE) if wide else cell, CLEAR) == f"+86{number}"


def test_numbers_of_another_country_are_read_where_it_is_named() -> None:
    assert read_phone("0912-345-678", ReadOptions(country="TW")) == "+886912345678"


ROW = {
    "branch": "sh-01", "channel": "phone", "name": "王小明 👨\u200d🔧", "phone": "13800138000", "address": "上海",
    "serial": "SN-1", "model": "BCD-470", "line": "refrigerator", "fault": "f",
}  # fmt: skip


def test_a_second_number_is_kept_with_the_customers_words_where_there_are_some() -> None:
    row = ROW | {"phone": "13800138000/13900139000", "description": "不制冷 😡"}
    body = REQUESTS.call(row, CLEAR).body

    assert body["customer"]["phone"] == "+8613800138000"
    assert body["description"] == "不制冷 😡\n☎ 13800138000/13900139000"
    assert body["customer"]["name"] == "王小明 👨\u200d🔧"


def test_a_second_number_is_refused_where_there_is_no_room_unless_it_may_be_left() -> None:
    row = {name: ROW[name] for name in ("branch", "name", "address")} | {"phone": "13800138000 转 5"}
    with pytest.raises(RowRefused) as refusal:
        CUSTOMERS.call(row, CLEAR)

    assert [(one.column, one.code) for one in refusal.value.wrong] == [("phone", "cell.more_than_one")]
    assert CUSTOMERS.call(row, ReadOptions(leave_rest=True)).body["phone"] == "+8613800138000"


def test_fifty_thousand_characters_are_kept_and_one_more_is_refused() -> None:
    words = "字" * 49_999 + "😀"
    beyond = ROW | {"description": words, "phone": "13800138000 转 5"}

    assert REQUESTS.call(ROW | {"description": words}, CLEAR).body["description"] == words
    with pytest.raises(RowRefused) as refusal:
        REQUESTS.call(beyond, CLEAR)
    assert [(one.column, one.code) for one in refusal.value.wrong] == [("phone", "cell.too_long")]


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (cells.read_serial, "8.613812345E9", "8613812345"),
        (cells.read_serial, "1E5", "1E5"),
        (cells.read_money, "1 280.50 元", 128050),
        (cells.read_money, "RMB 1,280.50", 128050),
        (cells.read_whole(1, 2_000_000), "1\u00a0000\u00a0000", 1_000_000),
        (cells.read_choice("A", "B"), "a", "A"),
        *((cells.read_yes, word, True) for word in ("Yes", "對", "√", "TRUE", "Ｙ")),  # noqa: RUF001 (full width)
        *((cells.read_yes, word, False) for word in ("否", "無", "no", "0")),
    ],
)
def test_words_and_numbers_are_read_as_people_write_them(read: Callable[..., Any], cell: str, value: Any) -> None:
    assert read(cell, CLEAR) == value


@pytest.mark.parametrize("cell", ["1.38E+10", "1.23457E+17", "8.6138E+12"])
def test_a_number_that_has_lost_digits_is_not_made_up(cell: str) -> None:
    for read in (cells.read_serial, read_phone):
        with pytest.raises(InvalidCell) as misfit:
            read(cell, CLEAR)
        assert misfit.value.code == "cell.shortened"


def test_int3_an_ambiguous_day_in_a_time_is_refused_with_both_readings() -> None:
    with pytest.raises(InvalidCell) as refusal:
        days.read_moment("02/03/2022 08:30:00", CLEAR)

    assert refusal.value.code == "cell.day_ambiguous"
    assert refusal.value.params["choices"] == "2022-02-03 / 2022-03-02"


@pytest.mark.parametrize("read", [read_text(100), read_code])
def test_int3_a_number_that_a_spreadsheet_shortened_is_refused_in_every_column(read: Cell) -> None:
    with pytest.raises(InvalidCell) as refusal:
        read("2.44120E+19", CLEAR)

    assert refusal.value.code == "cell.shortened"
    assert read("6.3770212345678E13", CLEAR) == "63770212345678"
