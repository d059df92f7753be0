"""Small real files, and programs."""

import io
import struct
import zipfile
import zlib


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size: int = 1) -> bytes:
    """A real one: black, `size` pixels square."""
    rows = b"".join(b"\0" + b"\0\0\0" * size for _ in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def packed(*names: str) -> bytes:
    """A ZIP archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return made.getvalue()


def _film(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\2\0" + brand * 2 + b"\0\0\0\x08mdat"


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
PE = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" + b"\0" * 44 + b"\x80\0\0\0PE\0\0d\x86"
ELF = b"\x7fELF\2\1\1\0" + b"\0" * 56
SHELL = b"#!/bin/sh\nrm -rf /\n"
KEPT = {
    "image/png": png(),
    "image/jpeg": JPEG,
    "image/gif": b"GIF89a\1\0\1\0\0\0\0;",
    "image/webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0" + b"\0" * 13,
    "image/heic": _film(b"heic"),
    "application/pdf": PDF,
    "video/mp4": _film(b"isom"),
    "video/quicktime": _film(b"qt  "),
    "text/plain": "冷藏室不制冷\r\n第二行\t".encode(),
}
PROGRAMS = {
    "windows": PE,
    "linux": ELF,
    "mac": bytes.fromhex("cffaedfe07000001"),
    "mac, several": bytes.fromhex("cafebabe00000002"),
    "script": SHELL,
    "script with a mark": b"\xef\xbb\xbf" + SHELL,
    "android": packed("AndroidManifest.xml", "classes.dex"),
    "java": packed("META-INF/MANIFEST.MF", "Main.class"),
}
