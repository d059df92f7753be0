"""What a file really is (INT-2): recognised by its content, under a name that does no harm."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.samples import JPEG, KEPT, PROGRAMS, packed

from aftersales.intake.files.domain import TEXT, TYPES, Text, recognise_type, safe_name
from aftersales.values.errors import Malformed


def test_each_type_that_is_kept_is_recognised_by_its_content() -> None:
    """INT-2."""
    assert {name: recognise_type(content).declared[0] for name, content in KEPT.items()} == {
        name: name for name in KEPT
    }
    assert set(KEPT) == set(TYPES)


@pytest.mark.parametrize("content", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_program_is_one_whatever_it_is_called(content: bytes) -> None:
    with pytest.raises(Malformed, match=r"file\.is_a_program"):
        recognise_type(content)


@pytest.mark.parametrize(
    "content",
    [packed("a.txt"), b"Rar!\x1a\7\0", b"\0\1\2\3", b"<svg>\0</svg>", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
)
def test_what_is_neither_a_program_nor_kept_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed, match=r"file\.type_not_kept"):
        recognise_type(content)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Malformed, match=r"file\.empty"):
        recognise_type(b"")


@pytest.mark.parametrize("words", ["BM 型号冰箱", "II. 说明", "II*", "MM 说明", "%! 注意", "ID3", "第一行\n第二行"])
def test_words_are_text_whatever_their_first_letters_look_like(words: str) -> None:
    assert recognise_type(words.encode()) is TEXT
    assert recognise_type(words.encode("gb18030")) is TEXT


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1), st.integers(1, 7))
def test_text_is_text_however_it_is_cut(words: str, size: int) -> None:
    for encoding in "utf-8", "gb18030":
        content, text = words.encode(encoding), Text()
        assert all(text.fits(content[at : at + size]) for at in range(0, len(content), size))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("IMG.2026.11.JPG", "IMG.2026.11.JPG"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\王芳\\冰箱.jpeg", "冰箱.jpeg"),
        ("冰箱 照片 1.jpg", "冰箱 照片 1.jpg"),
        ("e\u0301.jpg", "\u00e9.jpg"),
        ("a\x00b\r\nc.jpg", "ab c.jpg"),
        ("photo\u202egpj.jpg", "photogpj.jpg"),
        ('a"b:c*?.jpg', "a_b_c__.jpg"),
        (".jpg", "jpg.jpg"),
        ("..", "file.jpg"),
        ("\u200b", "file.jpg"),
        ("长" * 500 + ".jpg", "长" * 76 + ".jpg"),
    ],
)
def test_a_name_is_made_safe(said: str, kept: str) -> None:
    assert safe_name(said, recognise_type(JPEG), "image/jpeg") == kept


@given(st.text(max_size=300))
def test_whatever_a_name_is_it_cannot_lead_elsewhere_or_show_as_another(said: str) -> None:
    try:
        name = safe_name(said, recognise_type(JPEG), "")
    except Malformed:
        return
    assert name.rpartition(".")[2].lower() in recognise_type(JPEG).extensions
    assert not set(name) & set('/\\\0\r\n<>:"|?*%')
    assert name == unicodedata.normalize("NFC", name)
    assert 5 <= len(name) <= 80
    assert len(name.encode()) <= 255
    assert not any(unicodedata.category(char).startswith("C") for char in name)


@pytest.mark.parametrize(
    ("name", "declared", "code"),
    [
        ("photo.jpg.exe", "image/jpeg", "file.named_like_a_program"),
        ("photo.jpg.exe.", "image/jpeg", "file.named_like_a_program"),
        ("photo.jpg\u200b.SCR ", "", "file.named_like_a_program"),
        ("photo.png", "image/jpeg", "file.type_differs"),
        ("photo.jpg", "image/png", "file.type_differs"),
        ("photo.html", "", "file.type_differs"),
    ],
)
def test_a_name_or_type_that_belies_the_content_is_refused(name: str, declared: str, code: str) -> None:
    with pytest.raises(Malformed, match=code):
        safe_name(name, recognise_type(JPEG), declared)
