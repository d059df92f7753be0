"""One run of the program: addresses of services, language, and how problems are reported."""

import asyncio
import struct
import unicodedata
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from aftersales.values.messages import render_message

T = TypeVar("T")
CHINA = ZoneInfo("Asia/Shanghai")
OUT, ERR = Console(), Console(stderr=True)
REFUSED, TROUBLE = 1, 2
"""Exit codes: something was refused; nothing (more) could be done."""


class Trouble(Exception):
    """The command cannot continue. The session turns `code` and `params` into text."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


@dataclass(frozen=True)
class Session:
    urls: Mapping[str, str]
    """Addresses by service, without a final slash."""
    locale: str = "en"
    zone: ZoneInfo = CHINA
    """The time zone of times without an offset."""
    encoding: str | None = None
    """The encoding of files that are read; None detects it."""

    def words(self, code: str, **params: Any) -> str:
        return to_printable(render_message(code, self.locale, params))

    def say(self, code: str, **params: Any) -> None:
        OUT.print(self.words(code, **params), soft_wrap=True, markup=False, highlight=False)

    def complain(self, code: str, **params: Any) -> None:
        ERR.print(self.words(code, **params), soft_wrap=True, markup=False, highlight=False)

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Run a command's coroutine; `Trouble` becomes text on stderr and exit code 2."""
        try:
            return asyncio.run(doing)
        except Trouble as trouble:
            self.complain(trouble.code, **trouble.params)
            raise typer.Exit(TROUBLE) from trouble

    def end(self, troubles: Sequence[Trouble]) -> None:
        """Report services that did not answer on stderr, after the results of the others, and end with exit code 2."""
        for trouble in troubles:
            self.complain(trouble.code, **trouble.params)
        if troubles:
            raise typer.Exit(TROUBLE)


def to_printable(text: str) -> str:
    """Return foreign text with characters that control a terminal or change direction escaped as in JSON."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}:
        return character
    return "".join(
        f"\\u{unit:04x}" for (unit,) in struct.iter_unpack(">H", character.encode("utf-16-be", "surrogatepass"))
    )
