"""INT-3: which row of a sheet names its columns, and what is said of the rows around it."""

import pytest

from aftersales.cli.session import Trouble
from aftersales.cli.sheets.catalogue import CUSTOMERS, PARTS, REQUESTS
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.rows import read_rows
from aftersales.cli.sheets.table import Table, read_table

ROW = "sh-01,王芳,13800138000,上海\n"


def names(table: Table) -> list[str]:
    return [row.call.body["name"] for row in read_rows(table, ReadOptions()) if row.call]


def test_int3_rows_above_the_headings_are_reported() -> None:
    table = read_table(f"客户档案\n制表 小李,2026\n\n网点,姓名,电话,地址\n{ROW}", CUSTOMERS)

    assert (table.header.number, table.above, names(table)) == (4, (1, 2), ["王芳"])


def test_int3_a_row_of_data_that_looks_like_headings_is_data() -> None:
    """Real exports have cells such as `PHONE` (how somebody called) and `ADDRESS`."""
    text = "Unique Key,Agency,Type,Place\n1,DOT,PHONE,ADDRESS\n2,DEP,ONLINE,STREET\n"
    with pytest.raises(Trouble) as trouble:
        read_table(text, REQUESTS)

    assert trouble.value.params["found"] == "Unique Key, Agency, Type, Place"


def test_int3_headings_that_are_repeated_on_each_page_are_no_data() -> None:
    header = "网点,姓名,电话,地址\n"
    table = read_table(f"{header}{ROW}{header}{ROW.replace('芳', '英')}", CUSTOMERS)

    assert (table.again, names(table)) == ((3,), ["王芳", "王英"])


def test_int3_a_second_table_pasted_below_the_first_is_refused_row_by_row() -> None:
    below = "姓名,网点,地址,电话\n李雷,sh-01,北京,13900139000\n"
    table = read_table(f"网点,姓名,电话,地址\n{ROW}{below}", CUSTOMERS)
    rows = read_rows(table, ReadOptions())

    assert [[one.code for one in row.wrong] for row in rows] == [[], ["row.other_header"], ["row.other_header"]]


def test_int3_the_first_of_two_tables_is_read_even_if_the_second_has_better_headings() -> None:
    text = f"网点,客户,手机,住处\n{ROW}网点,姓名,电话,地址\n{ROW}"
    with pytest.raises(Trouble) as trouble:
        read_table(text, CUSTOMERS)

    assert trouble.value.params["found"] == "网点, 客户, 手机, 住处"


def test_int3_a_row_that_is_too_wide_names_the_cell_beyond_the_last_heading() -> None:
    text = "error_row,error_column,error_code,error_message,code,name\n2,x,y,z,P-1,压缩机,额外\n"
    (row,) = read_rows(read_table(text, PARTS), ReadOptions())

    assert [(one.code, one.params) for one in row.wrong] == [("row.too_wide", {"count": 1, "cell": "额外"})]


def test_int3_a_formula_that_keeps_zeros_is_its_text() -> None:
    (row,) = read_rows(read_table('code,name\n"=""000778""",压缩机\n', PARTS), ReadOptions())

    assert row.call
    assert row.call.path == "/parts/000778"
