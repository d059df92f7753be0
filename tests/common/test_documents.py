"""Documents on paper: their words stay words, every character is readable, and nothing hangs (INT-17)."""

import asyncio
import base64
import io
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from common.papers import pages_of, text_of
from pypdf import PdfReader

from aftersales.common.documents.paper import Letterhead, Paper, PaperMarks, PaperSection
from aftersales.common.documents.printing import PRINTINGS_AT_ONCE, PrintJob, PrintOptions, print_paper
from aftersales.values.errors import Busy, DomainError

OPTIONS = PrintOptions(fonts="", limit=timedelta(seconds=60))
MARKS = PaperMarks(rows=(("No.", "RF-261122-7K3F"),), page_words="Page {page} of {pages}")
AT = datetime(2026, 11, 22, tzinfo=UTC)
Started = list[tuple[asyncio.subprocess.Process, int]]
MARKUP = '*b* _i_ $x^2$ #panic() #import "@preview/a:1.0.0" <b>bold</b> = title \\ `raw` @ref ~ // no comment [a] {b}'


def paper(*rows: tuple[str, str], **more: Any) -> Paper:
    about: dict[str, Any] = {"title": "顾客服务需求表", "letterhead": Letterhead(name="晨光 & Co.")}
    return Paper(**about | {"sections": (PaperSection(title="Customer", rows=rows),)} | more)


async def printed(page: Paper, language: Any = "zh-Hans", logo: str | None = None) -> bytes:
    return await print_paper(PrintJob(page, MARKS, language, AT, logo), OPTIONS)


async def test_customers_words_are_printed_as_they_are_whatever_a_typesetter_would_make_of_them() -> None:
    """INT-17."""
    name, long = "王芳" * 100, "W" * 200
    pdf = await printed(paper(("Name", name), ("Long", long), ("Markup", MARKUP), ("Lines", "first\nsecond")))

    assert name in text_of(pdf)
    assert long in text_of(pdf)
    assert "".join(MARKUP.split()) in text_of(pdf)
    (page,) = pages_of(pdf)
    assert "first\nsecond" in page
    assert "Page 1 of 1" in page


@pytest.fixture
def chinese_alone() -> str:
    """The folder with the Chinese fonts, so that no other font of this machine helps."""
    return str(next(Path("/usr/share/fonts").rglob("NotoSansCJK-Regular.ttc")).parent)


async def test_characters_that_no_font_has_are_spelt_out_instead_of_empty_boxes(chinese_alone: str) -> None:
    """INT-17."""
    job = PrintJob(paper(("Said", "漏电 😀 བ 𠮷 👩\u200d👧 end")), MARKS, "zh-Hans", AT)
    pdf = await print_paper(job, OPTIONS._replace(fonts=chinese_alone))

    assert "漏电[grinningface][tibetanletterba]𠮷[woman][girl]end" in text_of(pdf)


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
async def test_a_page_has_its_language_and_every_character_of_the_other_script(language: str) -> None:
    """INT-17: a customer in Hong Kong may have a name in simplified characters."""
    pdf = await printed(paper(("Both", "电视机 電視機")), language)

    assert "电视机電視機" in text_of(pdf)
    tag = str(PdfReader(io.BytesIO(pdf)).root_object["/Lang"])
    assert tag.lower() == {"en": "en", "zh-Hans": "zh-cn", "zh-Hant": "zh-tw"}[language]


async def test_without_a_chinese_font_nothing_is_printed_and_the_mend_is_said(tmp_path: Path) -> None:
    """INT-17."""
    with pytest.raises(Busy) as refused:
        await print_paper(PrintJob(paper(), MARKS, "en", AT), OPTIONS._replace(fonts=str(tmp_path)))
    assert (refused.value.code, refused.value.params) == ("document.font_missing", {"folder": str(tmp_path)})


def _png_of_gigabytes() -> bytes:
    """A small file that claims to be 60 000 pixels square."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0")),
        (b"IEND", b""),
    )
    packed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize(
    "logo",
    [
        b"\x89PNG\r\n\x1a\n broken IEND\xaeB`\x82",
        b"<svg xmlns='http://www.w3.org/2000/svg'",
        _png_of_gigabytes(),
    ],
    ids=["PNG", "SVG", "gigabytes"],
)
async def test_a_logo_that_is_no_picture_is_named_as_the_reason(logo: bytes) -> None:
    """ALL-2."""
    with pytest.raises(DomainError) as refused:
        await printed(paper(letterhead=Letterhead(name="x", logo="digest")), logo=base64.b64encode(logo).decode())
    assert refused.value.code == "document.logo_unprintable"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """Every process that was started, with the number of those that ran then."""
    found: Started = []
    start = asyncio.create_subprocess_exec

    async def noted(*args: Any, **more: Any) -> asyncio.subprocess.Process:
        child = await start(*args, **more)
        found.append((child, 1 + sum(1 for other, _ in found if other.returncode is None)))
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    return found


VAST = PrintJob(paper(*[("Long", "长" * 50_000)] * 40), MARKS, "zh-Hans", AT)


async def test_pages_that_need_too_much_memory_end_their_process_only() -> None:
    """INT-17."""
    with pytest.raises(DomainError) as refused:
        await print_paper(VAST, OPTIONS._replace(limit=timedelta(seconds=90)))
    assert refused.value.code == "document.too_large"


async def test_a_page_that_takes_too_long_is_given_up_and_its_process_ended(started: Started) -> None:
    """INT-17: the event loop goes on meanwhile."""
    with pytest.raises(Busy) as refused:
        await print_paper(VAST, OPTIONS._replace(limit=timedelta(milliseconds=50)))
    assert refused.value.code == "document.print_timeout"
    assert [child.returncode for child, _ in started] == [-9]


async def test_more_printings_at_once_than_allowed_wait_for_each_other(started: Started) -> None:
    """INT-17: each takes memory."""
    printings = await asyncio.gather(*(printed(paper()) for _ in range(PRINTINGS_AT_ONCE + 2)))

    assert len(started) == PRINTINGS_AT_ONCE + 2
    assert max(running for _, running in started) == PRINTINGS_AT_ONCE
    assert len(set(printings)) == 1, "the same contents give the same bytes"
