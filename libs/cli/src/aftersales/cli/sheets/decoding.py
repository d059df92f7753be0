"""Decodes a file's bytes: UTF-8 and GB18030 are detected, other encodings refused."""

import codecs

from aftersales.cli.session import Trouble

MOST_BYTES = 64 * 1024 * 1024
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_COMMON_SHARE = 2 / 3
"""In Chinese text, at least this share of characters beyond ASCII is in GB 2312, the common ones; text of another
encoding that is read as GB18030 (Latin-1, Big5) has far fewer.
"""


def decode_sheet(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Return the text and the name of its encoding. Raises `Trouble`, which explains how to save the file instead."""
    if not data.strip():
        raise Trouble("sheet.empty")
    found = encoding or _found(data)
    try:
        text = data.decode(found)
    except (UnicodeError, LookupError) as error:
        raise Trouble("sheet.not_in", encoding=found) from error
    if "\0" in text:
        raise Trouble("sheet.nul")
    if not text.strip():
        raise Trouble("sheet.empty")
    return text.removeprefix("\ufeff"), found.upper().removesuffix("-SIG")


def _found(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        raise Trouble("sheet.nul")
    if _fits(data, "utf-8"):
        return "utf-8"
    if _fits(data, "gb18030") and _is_chinese(data.decode("gb18030")):
        return "gb18030"
    raise Trouble("sheet.unknown_encoding")


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(text: str) -> bool:
    beyond = [character for character in text if not character.isascii()]
    common = "".join(beyond).encode("gb2312", "ignore")
    return len(common) // 2 >= len(beyond) * _COMMON_SHARE
