"""Markers of personal data (ALL-6). Answers in JSON show them masked, unless the caller asks for them and may.

Only JSON is masked: rules, documents and events have the values themselves. The `DISCLOSURE` of the request decides;
what no caller asked for is in full.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Literal, ParamSpec, TypeVar

from pydantic import PlainSerializer

P = ParamSpec("P")
T = TypeVar("T")
Disclosure = Literal["full", "masked", "hidden"]
DISCLOSURE: ContextVar[Disclosure] = ContextVar("disclosure", default="full")
"""`masked`: names, numbers and accounts are masked; `hidden`: addresses and texts are left out as well."""
HIDDEN = "***"


def mask_name(name: str) -> str:
    """Return the first letter of each word, or the first character of a Chinese name: `J*** S***`, `王**`."""
    words = name.split()
    return " ".join(f"{word[0]}{'**' if len(words) == 1 and not word.isascii() else '***'}" for word in words)


def mask_number(number: str) -> str:
    """Return a phone number without its middle, as in `+86138****5678`; of a short one the last two digits."""
    return f"{number[:-8]}****{number[-4:]}" if len(number) > 10 else f"****{number[-2:]}"


def mask_account(account: str) -> str:
    """Return the first character of an account, and the domain of an e-mail address."""
    name, at, domain = account.partition("@")
    return f"{name[:1]}***{at}{domain}"


def _shown(mask: Callable[[str], str]) -> PlainSerializer:
    """Return a serializer, which leaves the schema as it is: a masked value is a text of the same form."""
    return PlainSerializer(lambda value: _show(value, mask), when_used="json")


def _show(value: str | None, mask: Callable[[str], str]) -> str | None:
    level = DISCLOSURE.get()
    if not value or level == "full":
        return value
    return HIDDEN if level == "hidden" else mask(value)


MASKED_NAME = _shown(mask_name)
"""Marks the name of a customer, or of somebody around them."""
MASKED_NUMBER = _shown(mask_number)
"""Marks a phone number of theirs."""
MASKED_ACCOUNT = _shown(mask_account)
"""Marks an e-mail address or chat account of theirs."""
HIDDEN_TEXT = _shown(lambda text: text)
"""Marks an address or free text about them, which only callers see who may read personal data."""
MASKED_TEXT = _shown(lambda _text: HIDDEN)
"""Marks a text with names or numbers in it, which is shown in full only on demand."""


def show_in_full(dump: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what this function makes of values in full, such as the JSON of a form for its fingerprint."""
    context = copy_context()
    context.run(DISCLOSURE.set, "full")
    return context.run(dump, *args, **kwargs)


_MASKED = re.compile(r"\*{2,}")


def refuse_masked(text: str) -> str:
    """Return the text. Raises `ValueError` if it was masked by us, so that nobody saves that as the value."""
    if _MASKED.search(text):
        raise ValueError("text.masked")
    return text
