"""Files as they come from desks and spreadsheets: encodings, delimiters, headers, broken quotation marks, formulas."""

import codecs
import csv
from pathlib import Path

import pytest

from aftersales.cli.session import Session, Trouble
from aftersales.cli.sheets.catalogue import PARTS, REQUESTS, STOCK
from aftersales.cli.sheets.compulsory import ASKS
from aftersales.cli.sheets.decoding import decode_sheet
from aftersales.cli.sheets.kinds import Kind
from aftersales.cli.sheets.read_options import ReadOptions
from aftersales.cli.sheets.refusals import write_refusals
from aftersales.cli.sheets.rows import Row, read_rows, row_digests, sheet_fingerprint
from aftersales.cli.sheets.table import Table, read_table
from aftersales.intake.requests.domain.form import FIELDS
from aftersales.intake.vocabulary import KINDS

CHINESE = "网点,配件编码,批次,库位,数量\nsh-01,P-100,L-1,A-01,5\n备注:冰箱压缩机,,,,\n"
HEADER = "branch,part,lot,bin,quantity"
GOOD = "sh-01,P-100,L-1,A-01,5"
SESSION = Session({})
MANNER = ReadOptions()


def rows_of(text: str, kind: Kind = STOCK) -> list[Row]:
    return read_rows(read_table(text, kind), MANNER)


def digests_of(text: str) -> list[bytes]:
    return row_digests(rows_of(text))


def codes_of(row: Row) -> list[str]:
    return [wrong.code for wrong in row.wrong]


def written(table: Table, refused: list[Row], path: Path) -> Table:
    """The error file of these rows, read again."""
    write_refusals(path, table, refused, SESSION)
    return read_table(decode_sheet(path.read_bytes())[0], table.kind)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (CHINESE.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + CHINESE.encode(), "UTF-8"),
        (CHINESE.encode("gb18030"), "GB18030"),
        (CHINESE.encode("gbk"), "GB18030"),
        (CHINESE.encode("utf-16"), "UTF-16"),
        (HEADER.encode(), "UTF-8"),
    ],
)
def test_an_encoding_is_found_out(data: bytes, encoding: str) -> None:
    text, found = decode_sheet(data)

    assert found == encoding
    assert text in {CHINESE, HEADER}


def test_an_encoding_that_is_named_is_believed() -> None:
    traditional = "網點,配件編碼,批次,庫位,數量\n"

    assert decode_sheet(traditional.encode("big5"), "big5") == (traditional, "BIG5")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheet.empty"),
        (b" \r\n\t\n", "sheet.empty"),
        (codecs.BOM_UTF8 + b"\n", "sheet.empty"),
        (b"branch,part\0,lot\n", "sheet.nul"),
        (CHINESE.encode("utf-16-le") + b"\0\0", "sheet.nul"),
        (b"name\n\x81\xff\xfe\xff\n", "sheet.encoding_doubtful"),
    ],
)
def test_what_is_no_csv_text_is_refused_with_the_mend(data: bytes, code: str) -> None:
    with pytest.raises(Trouble) as trouble:
        decode_sheet(data)

    assert trouble.value.code == code


@pytest.mark.parametrize(("data", "encoding"), [(CHINESE.encode("gbk"), "utf-8"), (b"x", "no-such"), (b"x", "base64")])
def test_an_encoding_that_is_named_wrongly_is_refused(data: bytes, encoding: str) -> None:
    with pytest.raises(Trouble) as trouble:
        decode_sheet(data, encoding)

    assert trouble.value.code == "sheet.not_in"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    "header", [HEADER, "网点,配件编码,批次,库位,数量", "Branch*, PART ,lot,庫位,數量", HEADER + ",memo"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiter_and_columns_are_found_out(delimiter: str, header: str, newline: str) -> None:
    (row,) = rows_of(f"{header}\n{GOOD}\n".replace(",", delimiter).replace("\n", newline))

    assert row.call
    assert row.call.body == {"branch": "sh-01", "part": "P-100", "lot": "L-1", "bin": "A-01", "quantity": 5}


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("branch,part,lot,bin\n", "sheet.columns_missing", "quantity (数量)"),
        ("a;b\n", "sheet.columns_missing", "branch (网点)"),
        (f"{HEADER},数量\n{GOOD},5\n", "sheet.column_twice", "quantity, 数量"),
        (f'"{HEADER}\n{GOOD}\n', "sheet.header_broken", ""),
        (",,,\n", "sheet.empty", ""),
    ],
)
def test_a_header_that_does_not_do_is_refused_with_the_mend(text: str, code: str, named: str) -> None:
    with pytest.raises(Trouble) as trouble:
        read_table(text, STOCK)

    assert trouble.value.code == code
    assert named in SESSION.words(code, **trouble.value.params)


def test_a_row_that_does_not_fit_takes_no_other_with_it() -> None:
    text = "\n".join([
        HEADER,
        GOOD,
        "sh-01,P-100,L-1,A-01,five",
        'sh-01,"P-100,L-1,A-01,5',
        GOOD,
        'sh-01,"P"-100,L-1,A-01,5',
        f"sh-01,P-100,L-1,A-01,5,{'x' * 10}",
        "",
        f'sh-01,"{"x" * 140_000}",L-1,A-01,5',
        GOOD,
        "sh-01",
    ])  # fmt: skip

    assert [(row.record.number, codes_of(row)) for row in rows_of(text)] == [
        (2, []),
        (3, ["cell.not_number"]),
        (4, ["row.broken"]),
        (5, []),
        (6, ["row.broken"]),
        (7, ["row.too_wide"]),
        (9, ["row.broken"]),
        (10, []),
        (11, ["cell.empty"] * 4),
    ]


def test_a_code_that_stands_in_the_sheet_twice_counts_once_and_is_told() -> None:
    first, again = rows_of("code,name\nP-1,压缩机\nP-1,风扇\n", PARTS)

    assert first.call
    assert codes_of(again) == ["row.twice"]


def test_a_sheet_that_another_program_saved_again_says_the_same() -> None:
    saved_again = "数量;批次;库位;配件编码;memo;网点\n5;L-1;A-01;P-100;x;sh-01\n"

    assert sheet_fingerprint(digests_of(f"{HEADER}\n{GOOD}\n")) == sheet_fingerprint(digests_of(saved_again))
    assert sheet_fingerprint(digests_of(f"{HEADER}\n{GOOD}\n")) != sheet_fingerprint(
        digests_of(f"{HEADER}\n{GOOD}\n{GOOD}\n")
    )


def test_an_error_file_holds_the_row_the_reasons_and_no_formula(tmp_path: Path) -> None:
    table = read_table(f'{HEADER},memo,=evil()\n=1+1,P,@L,-3,many,"\tx\nplain",+86\n', STOCK)
    path = tmp_path / "x.errors.csv"
    again = written(table, read_rows(table, MANNER), path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, cells = csv.reader(file)

    assert header[:4] == ["error_row", "error_column", "error_code", "error_message"]
    assert cells[:3] == ["2", "branch; lot; bin; quantity", "cell.not_code; cell.not_number"]
    assert header[-1] == "'=evil()"
    assert cells[4:] == ["'=1+1", "P", "'@L", "'-3", "many", "'\tx\nplain", "'+86"]
    assert again.cells(again.records[0])["branch"] == "=1+1"


def test_an_error_file_that_was_corrected_can_be_imported_and_makes_no_second_set_of_reasons(tmp_path: Path) -> None:
    table = read_table(f"{HEADER},memo\nsh-01,P-100,L-1,A-01,five,keep\n", STOCK)
    path = tmp_path / "x.errors.csv"
    still_wrong = written(table, read_rows(table, MANNER), path)
    again = written(still_wrong, read_rows(still_wrong, MANNER), tmp_path / "y.errors.csv")
    path.write_text(path.read_text("utf-8-sig").replace("five", "5"), "utf-8")
    (row,) = rows_of(path.read_text("utf-8"))

    assert row.call
    assert again.headers == still_wrong.headers
    assert again.headers[4:] == [*HEADER.split(","), "memo"]


def test_an_older_error_file_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    table = read_table(f"{HEADER}\nsh-01,P-100,L-1,A-01,five\n", STOCK)
    path = tmp_path / "x.errors.csv"
    path.write_text("corrections of somebody")
    written(table, read_rows(table, MANNER), path)

    assert (tmp_path / "x.errors.csv~").read_text() == "corrections of somebody"


def test_each_kind_of_request_says_what_intake_asks_of_it() -> None:
    """INT-4: a row is held against it before anything is sent."""
    asked = {kind: FIELDS[kind] for kind in KINDS if kind in FIELDS}
    assert asked == {kind: fields for kind, fields in ASKS.items() if kind}
    assert ASKS[""] == FIELDS["repair"], "an empty cell is a repair"
    header = "branch,channel,name,phone,address,serial,model,line,kind,fault,topic"
    row = "sh-01,phone,王芳,13800138000,南京西路 1 号,SN-1,P-9,press"
    for rest, wrong in (
        (",,", ["description"]),
        ("repair,noise,", []),
        ("\uff34raining,,", ["topic"]),  # a full-width T
        ("training,,操作培训", []),
        ("commissioning,,", []),
    ):
        (found,) = rows_of(f"{header}\n{row},{rest}\n", REQUESTS)
        assert [one.column for one in found.wrong] == wrong, rest
    (trained,) = rows_of(f"{header}\n{row},training,,操作培训\n", REQUESTS)
    assert trained.call is not None
    assert trained.call.body["details"] == {"topic": "操作培训"}
