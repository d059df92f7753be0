"""INT-3: the encoding of a sheet is found out or asked for, never guessed: no garbled name is stored."""

import codecs
import random
from collections.abc import Sequence

import pytest

from aftersales.cli.session import Session, Trouble
from aftersales.cli.sheets.decoding import decode_sheet

PEOPLE: dict[str, Sequence[tuple[str, str]]] = {
    "gb18030": [
        ("张晓婷", "上海市静安区南京西路 18 号"),
        ("欧阳鑫", "成都市武侯区人民南路四段 9 号"),
        ("马鑫磊", "乌鲁木齐市"),
    ],
    "big5": [("黃雅婷", "桃園市中正路8號"), ("陳美玲", "新北市板橋區文化路一段 188 巷"), ("歐陽娜娜", "臺中市西屯區")],
    "cp949": [
        ("김철수", "서울특별시 강남구 테헤란로 152"),
        ("박지민", "부산광역시 해운대구"),
        ("이영희", "대전시 유성구"),
    ],
    "cp932": [("佐藤 花子", "東京都千代田区丸の内1丁目"), ("鈴木一郎", "大阪市北区梅田"), ("たかはし", "京都市左京区")],
    "euc_jp": [
        ("佐藤 花子", "東京都千代田区丸の内1丁目"),
        ("鈴木一郎", "大阪市北区梅田2丁目"),
        ("高橋さくら", "京都市左京区"),
    ],
    "cp1252": [
        ("Conceição Silva", "Rua São João 5"),
        ("Seán Ó Briain", "Dún Laoghaire"),
        ("Jürgen Groß", "Köln, Süßstr. 3"),
    ],
    "cp1251": [("Иванов Иван", "Москва, ул. Ленина 5"), ("Мария Петрова", "Киев"), ("Зоя", "София, бул. Витоша")],
    "cp1250": [
        ("Dvořák Jiří", "Brno, Údolní 5"),
        ("Łukasz Wójcik", "Łódź, Żelazna 8"),
        ("Kővári Győző", "Győr, Fő út"),
    ],
    "mac_roman": [
        ("Conceição Silva", "Rua São João 5"),
        ("Ibáñez Peña", "Málaga, Añil 3"),
        ("Jürgen Groß", "Köln, Süßstr."),
    ],
}


def sheet(encoding: str, people: Sequence[tuple[str, str]]) -> bytes:
    rows = (f"sh-01,{name},+8613800138000,{address}\n" for name, address in people)
    return ("branch,name,phone,address\n" + "".join(rows)).encode(encoding)


@pytest.mark.parametrize("encoding", PEOPLE)
def test_int3_the_names_of_a_short_sheet_are_read_as_they_were_written(encoding: str) -> None:
    data = sheet(encoding, PEOPLE[encoding])
    text, found = decode_sheet(data)

    assert found == encoding.upper()
    assert text == data.decode(encoding)


@pytest.mark.parametrize("encoding", PEOPLE)
def test_int3_no_short_sheet_is_read_wrongly(encoding: str) -> None:
    """One to three of these people, in any order: each sheet is read rightly or asked about."""
    chance = random.Random(encoding)
    asked = 0
    for _ in range(200):
        data = sheet(encoding, chance.choices(PEOPLE[encoding], k=chance.randint(1, 3)))
        try:
            text, _ = decode_sheet(data)
        except Trouble:
            asked += 1
        else:
            assert text == data.decode(encoding)
    assert asked < 100


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *((encoding, "Иванов Иван") for encoding in ("koi8_r", "cp866", "iso8859_5", "mac_cyrillic")),
        *((encoding, "Γιώργος Παπαδόπουλος") for encoding in ("cp1253", "cp737")),
        ("cp874", "สมชาย ใจดี"),
        ("cp1256", "محمد علي"),
        ("cp1255", "ישראל ישראלי"),
        ("cp850", "Conceição Müller"),
        ("cp1258", "Nguyễn"),
    ],
)
def test_int3_a_name_of_another_script_is_read_rightly_or_asked_about(encoding: str, name: str) -> None:
    data = f"name,city\n{name},{name}\n".encode(encoding, "ignore")
    try:
        text, _ = decode_sheet(data)
    except Trouble:
        return
    assert text == data.decode(encoding)


def test_int3_the_question_names_the_encodings_with_the_name_that_each_gives() -> None:
    with pytest.raises(Trouble) as trouble:
        decode_sheet("name,phone\n游勝雄,13800138000\n".encode("big5"))
    words = Session({}).words(trouble.value.code, **trouble.value.params)

    assert "big5: 游勝雄" in words
    assert "gb18030: 村秤动" in words
    assert "--encoding big5" in words


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_int3_utf_16_without_a_mark_is_read(order: str) -> None:
    text = "姓名,电话\n王芳,13800138000\n"

    assert decode_sheet(text.encode(order)) == (text, order.upper())
    assert decode_sheet(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == (text, "UTF-16")
