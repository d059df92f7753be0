"""Values that all services share: people's words as they are stored."""

import pytest
from pydantic import TypeAdapter, ValidationError

from aftersales.values import Line, Words

LINE, WORDS = TypeAdapter(Line), TypeAdapter(Words)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  王 小明 ", "王 小明"),
        ("王\u3000小明", "王\u3000小明"),
        ("a\x00b", "ab"),
        ("first\r\nsecond\tthird", "first second third"),
        ("\u202egnp.exe", "gnp.exe"),
        ("Zoë 👩\u200d🔧", "Zoë 👩\u200d🔧"),
        ("\u05d0\u200f!", "\u05d0\u200f!"),
        ("x\u2066y\u2069z\x9f", "xyz"),
    ],
)
def test_a_line_is_kept_as_written_but_for_control_characters(given, kept):
    assert LINE.validate_python(given) == kept


def test_a_line_of_control_characters_alone_is_empty():
    with pytest.raises(ValidationError):
        LINE.validate_python("\x00\u202e \n")


def test_words_keep_their_lines_and_lose_what_nobody_sees():
    assert WORDS.validate_python("冰箱\n不制冷\t\u202e\x00。") == "冰箱\n不制冷\t。"
