"""File types (INT-2), recognised by content whatever the name; harmful files are refused."""

import codecs
import re
import unicodedata
from typing import NamedTuple

import filetype

from aftersales.values.errors import Malformed

HEAD = 8192
"""Bytes from the beginning that are enough to recognise a type."""
_NAME_LENGTH = 80


class Type(NamedTuple):
    """An accepted type with its extensions and MIME types; downloads use the first of each."""

    extensions: tuple[str, ...]
    declared: tuple[str, ...]


TEXT = Type(("txt", "log", "text"), ("text/plain",))
_KEPT = {
    "image/jpeg": Type(("jpg", "jpeg", "jpe", "jfif"), ("image/jpeg", "image/jpg", "image/pjpeg")),
    "image/png": Type(("png",), ("image/png",)),
    "image/apng": Type(("png", "apng"), ("image/png", "image/apng")),
    "image/webp": Type(("webp",), ("image/webp",)),
    "image/heic": Type(("heic", "heif"), ("image/heic", "image/heif")),
    "image/gif": Type(("gif",), ("image/gif",)),
    "application/pdf": Type(("pdf",), ("application/pdf",)),
    "video/mp4": Type(("mp4", "m4v", "mov"), ("video/mp4", "video/x-m4v", "video/quicktime")),
    "video/x-m4v": Type(("mp4", "m4v"), ("video/mp4", "video/x-m4v")),
    "video/quicktime": Type(("mov", "qt"), ("video/quicktime",)),
}
"""Types by the MIME type that `filetype` finds."""
TYPES = sorted({kind.declared[0] for kind in (TEXT, *_KEPT.values())})
_UNDECLARED = {"", "application/octet-stream", "application/x-www-form-urlencoded", "binary/octet-stream"}
"""Content types sent by programs that do not know the type."""
_PROGRAMS = (
    b"MZ",  # Windows
    b"\x7fELF",
    b"#!",
    *(bytes.fromhex(magic) for magic in ("feedface", "feedfacf", "cefaedfe", "cffaedfe")),  # Mach-O
    b"\xca\xfe\xba\xbe",  # Mach-O for several processors, and Java classes
    b"dex\n",
    b"\x00asm",
    b"!<arch>",
    b"\x4c\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
)
_PACKED_PROGRAMS = (b"META-INF/", b"AndroidManifest.xml", b"classes.dex", b".class", b".exe", b".dll")
"""Names in the first entries of a ZIP archive that make it a program."""
_PROGRAM_EXTENSION = re.compile(
    "apk|app|bat|bin|cmd|com|cpl|dll|dmg|elf|exe|hta|jar|jse?|lnk|msix?|pif|ps1|py|rb|scr|sh|so|vb[es]?|wsf",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_FORBIDDEN_IN_NAMES = re.compile(r'[<>:"|?*%]')


class Text:
    """Whether bytes, fed in pieces, are text: UTF-8 or GB18030 without control characters."""

    def __init__(self) -> None:
        self._decoders = [codecs.getincrementaldecoder(name)() for name in ("utf-8", "gb18030")]

    def fits(self, piece: bytes) -> bool:
        self._decoders = [decoder for decoder in self._decoders if _is_text(decoder, piece)]
        return bool(self._decoders)


def _is_text(decoder: codecs.IncrementalDecoder, piece: bytes) -> bool:
    try:
        return not _CONTROL.search(decoder.decode(piece))
    except UnicodeDecodeError:
        return False


def recognise_type(head: bytes) -> Type:
    """Return the type by the beginning. Raises `Malformed` for programs and types that are not accepted."""
    if not head:
        raise Malformed("file.empty")
    if _is_program(head):
        raise Malformed("file.is_a_program")
    guessed = filetype.guess(head)
    found = guessed.mime if guessed else ""
    if found in _KEPT:
        return _KEPT[found]
    if Text().fits(head):  # even if its first letters look like another type
        return TEXT
    raise Malformed("file.type_not_kept", found=found or "?")


def _is_program(head: bytes) -> bool:
    bare = head.removeprefix(codecs.BOM_UTF8).lstrip()
    packed = head.startswith(b"PK") and any(name in head for name in _PACKED_PROGRAMS)
    return packed or head.startswith(_PROGRAMS) or bare.startswith(b"#!")


def safe_name(said: str, kind: Type, declared: str) -> str:
    """Return a safe name without path or invisible characters. Raises `Malformed` when it contradicts the content."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", said)[-1])
    name = " ".join("".join(char for char in name if char.isspace() or _is_visible(char)).split())
    name = _FORBIDDEN_IN_NAMES.sub("_", name).strip(" .")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, kind.extensions[0]
    if _PROGRAM_EXTENSION.fullmatch(extension):
        raise Malformed("file.named_like_a_program", name=name)
    if extension.lower() not in kind.extensions:
        raise Malformed("file.type_differs", said=extension, found=kind.declared[0])
    if declared not in _UNDECLARED and declared not in kind.declared:
        raise Malformed("file.type_differs", said=declared, found=kind.declared[0])
    return f"{stem[: _NAME_LENGTH - len(extension) - 1].rstrip() or 'file'}.{extension}"


def _is_visible(char: str) -> bool:
    """Return whether it is no control, format (such as text direction) or private character."""
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
