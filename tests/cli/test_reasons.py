"""INT-2: refused rows are grouped by reason, with the mend."""

from cli.system import NOBODY, Program, saved

from aftersales.cli.session import Session
from aftersales.cli.sheets.catalogue import REQUESTS
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.reasons import group_reasons, mapping_lines
from aftersales.cli.sheets.rows import read_rows
from aftersales.cli.sheets.table import read_table

HEADER = "branch,Source,name,phone,description\n"
SOURCES = ["Hotline A"] * 7 + ["Kiosk"] * 4 + ["Phone"] * 2


def sheet() -> str:
    rows = (f"sh-01,{source},王芳{at},138001380{at:02},x\n" for at, source in enumerate(SOURCES))
    return HEADER + "".join(rows) + "sh-01,Phone,王芳,138,x\n"


def test_int2_refused_rows_are_grouped_with_the_values_that_a_mapping_can_translate() -> None:
    table = read_table(sheet(), REQUESTS)
    refused = [row for row in read_rows(table, ReadOptions()) if row.wrong]
    channel, phone = group_reasons(table, refused, Session({}))

    assert (channel.column, channel.code, len(channel.rows)) == ("channel", "cell.not_among", 11)
    assert channel.cells == {"Hotline A": 7, "Kiosk": 4}
    assert (phone.column, phone.rows) == ("phone", [15])
    assert list(mapping_lines(table, [channel, phone])) == [
        'channel: {from: ["Source"], values: {"Hotline A": …, "Kiosk": …}}'
    ]


async def test_int2_the_screen_shows_one_line_for_each_reason(tmp_path) -> None:
    program = Program(None, {"intake": NOBODY})  # type: ignore[arg-type]
    done = await program("import", "requests", saved(tmp_path, "x.csv", sheet()), "--dry-run")

    assert '11 rows (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …): channel: "Hotline A" is none of phone, email' in done.err
    assert "Cells: Hotline A (7), Kiosk (4)" in done.err
    assert 'row 15: phone: "138": there is no such telephone number' in done.err
    assert 'channel: {from: ["Source"], values: {"Hotline A": …, "Kiosk": …}}' in done.err
