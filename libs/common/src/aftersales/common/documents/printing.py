"""Prints a document as PDF in a process of its own, so that neither the event loop nor the service depends on it."""

import asyncio
import os
import sys
from datetime import datetime, timedelta
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pydantic_core import to_json

from aftersales.common.documents.paper import Paper, PaperLanguage, PaperMarks
from aftersales.values.errors import Busy, DomainError

PRINTINGS_AT_ONCE = 4
"""Documents printed at the same time; each takes about 100 MB for less than a second."""
_NO_FONT, _NO_LOGO = 3, 4
"""Exit codes of the typesetter."""
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
"""The slots of each event loop; a process has one loop, its tests have many."""


class PrintJob(NamedTuple):
    """A document to print."""

    paper: Paper
    marks: PaperMarks
    language: PaperLanguage
    at: datetime
    """The time of creation in the PDF; with the same contents, it gives the same bytes."""
    logo: str | None = None
    """The logo in base64: PNG, JPEG or SVG."""


class PrintOptions(NamedTuple):
    """The settings for printing."""

    fonts: str
    """The folder of the fonts; empty: those of the system."""
    limit: timedelta
    """The longest time for one document."""


async def print_paper(job: PrintJob, options: PrintOptions) -> bytes:
    """Return the PDF; wait for others if too many are being printed.

    Raises `Busy` without a Chinese font, or if it takes too long, and `DomainError` for a logo that cannot be printed.
    """
    seconds = options.limit.total_seconds()
    try:
        async with asyncio.timeout(seconds), _slots_of_loop():
            return await _typeset(job, options)
    except TimeoutError as error:
        raise Busy("document.print_timeout", seconds=int(seconds)) from error


def _slots_of_loop() -> asyncio.Semaphore:
    return _slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PRINTINGS_AT_ONCE))


async def _typeset(job: PrintJob, options: PrintOptions) -> bytes:
    said = {
        "content": {"paper": job.paper, "marks": job.marks, "language": job.language},
        "language": job.language,
        "fonts": options.fonts,
        "logo": job.logo,
        "at": int(job.at.timestamp()),
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "aftersales.common.documents.typesetter"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "RAYON_NUM_THREADS": "1"},
    )
    try:
        pdf, wrong = await child.communicate(to_json(said))
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == _NO_FONT:
        raise Busy("document.font_missing", folder=options.fonts or "/usr/share/fonts")
    killed = child.returncode is not None and child.returncode < 0
    if child.returncode == _NO_LOGO or (killed and job.logo):
        raise DomainError("document.logo_unprintable")
    if killed:  # by its limit of memory
        raise DomainError("document.too_large")
    if child.returncode:
        raise RuntimeError(f"typesetting failed ({child.returncode}): {wrong.decode(errors='replace')[-2000:]}")
    return pdf
