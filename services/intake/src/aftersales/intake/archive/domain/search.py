"""Search tokens of customers (INT-3): words in any script become tokens, which must match exactly. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2s
from itertools import islice, product
from typing import Any, ClassVar, NamedTuple

from opencc import OpenCC  # type: ignore[import-untyped]
from pypinyin import Style, pinyin

from aftersales.common.aggregate import Aggregate
from aftersales.common.scope import SharedAggregate

from .customer import Customer, phone_numbers

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_RUN = re.compile(rf"[{_HAN}]+|\d+|[^\W\d_{_HAN}]+")
_DIALLED = re.compile(r"[\d+()\s-]+")
_SERIAL = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9./_-]{3,63}")
_UNITS = frozenset("号號室栋棟楼樓座层層弄院幢户戶区區")
"""Address words that mean nothing by themselves."""
TAIL, _LOCAL, _NATIONAL, _WHOLE = 4, 7, 10, 11
"""Digits of a phone number: the fewest that find somebody; without area code; with it; of a mobile."""
_WINDOW, _NAME, _WORD, _READINGS = 4, 24, 32, 8
"""Limits: syllables per window, characters of a name read as pinyin, letters of a word, readings of a window."""


class SearchEntry(SharedAggregate):
    """The search tokens of one customer; written with the customer, and deleted while they are merged into another."""

    COLLECTION: ClassVar[str] = "search_entries"
    AUDITED: ClassVar[bool] = False

    customer: str
    """The customer's id again; indexed after the tokens, it gives the order of results."""
    tokens: tuple[str, ...]


class SearchUpgrade(Aggregate):
    """Progress of writing the tokens of all customers again, because the rules for tokens changed."""

    COLLECTION: ClassVar[str] = "search_upgrades"
    AUDITED: ClassVar[bool] = False

    after: str = ""
    """The id of the last customer that is done."""


SEARCH_RULES = "rules-3"
"""The name of the present rules; another name makes every customer's tokens be written again."""


class QueryWord(NamedTuple):
    """A query word. It matches customers with all its tokens, and owners of a product with this serial or its end."""

    tokens: tuple[str, ...]
    serial: str = ""


def search_entry(customer: Customer) -> SearchEntry:
    """Return all tokens of the customer: names, phones, addresses, branch, and those that a duplicate would share."""
    found = {branch_token(customer.branch), *likeness_tokens(customer)}
    for name in (
        customer.name,
        *customer.aliases,
        *(one.name for one in customer.contacts),
        *(one.name for one in customer.users),
    ):
        found.update(token for spelling in _spellings(name) for token in name_tokens(spelling))
    for text in (said for address in customer.addresses for said in (address.text, address.district)):
        found.update(token for spelling in _spellings(text) for token in text_tokens(spelling))
    member = customer.membership.number if customer.membership else ""
    for account in (customer.email, customer.chat_id, customer.wechat, member):
        found.update(text_tokens(account or ""))
    for number in (*phone_numbers(customer), *(shared.number for shared in customer.shared_phones)):
        found.update(number[1:][-length:] for length in range(TAIL, _WHOLE + 1))
    return SearchEntry(
        id=customer.id,
        branch=customer.branch,
        shared_with=customer.shared_with,
        customer=customer.id,
        tokens=tuple(sorted(found)),
    )


def _spellings(text: str) -> Iterator[str]:
    """Yield the text, and what is typed for it without umlauts: Müller, Muller and Mueller."""
    yield text
    composed = normalise_width(text)
    for table in (_PLAIN, _SPELT_OUT):
        if (spelling := composed.translate(table)) != composed:
            yield spelling


_PLAIN = str.maketrans("äöüÄÖÜ", "aouAOU")
_SPELT_OUT: dict[int, str] = {letter: f"{chr(plain)}e" for letter, plain in _PLAIN.items()}
"""Umlauts without their dots, and as they are spelt out."""


def branch_token(branch: str) -> str:
    return f"@{branch}"


def likeness_tokens(customer: Customer) -> frozenset[str]:
    """Return tokens of name and address together; two customers who share one are likely the same (INT-3)."""
    names, addresses = (customer.name, *customer.aliases), (address.text for address in customer.addresses)
    return frozenset(
        f"={_digest(squeeze_text(name), squeeze_text(address))}" for name, address in product(names, addresses)
    )


def parse_query(query: str) -> tuple[QueryWord, ...]:
    """Split the text of the search box into words; empty when it has nothing to search for."""
    text = simplify_text(query)
    if _DIALLED.fullmatch(text) and len(_digits(text)) >= _NATIONAL:
        return (_word(_digits(text)),)
    return tuple(word for part in text.split() if (word := _word(part)).tokens)


def _word(part: str) -> QueryWord:
    digits = _digits(part)
    serial = part.upper() if _SERIAL.fullmatch(part.upper()) else ""
    if _DIALLED.fullmatch(part) and len(digits) >= (TAIL if digits == part else _LOCAL):
        return QueryWord(((digits.lstrip("0") if len(digits) >= _NATIONAL else digits)[-_WHOLE:],), serial)
    return QueryWord(tuple(dict.fromkeys(_asked(part))), serial)


def squeeze_text(text: str) -> str:
    """Remove what people write differently: blanks, punctuation, case and width."""
    return "".join(_RUN.findall(simplify_text(text)))


def text_tokens(text: str) -> Iterator[str]:
    """Yield whole words and numbers, pairs and triples of Chinese characters, and numbers with the text before them."""
    before = ""
    for run in _RUN.findall(simplify_text(text)):
        if not _is_han(run):
            yield from {run[:_WORD], _numbered(before, run)}
        elif len(run) == 1:
            yield from () if run in _UNITS else run
        else:
            yield from (part for size in (2, 3) for part in _grams(run, size))
        before = run


def _asked(text: str) -> Iterator[str]:
    """Yield the fewest and rarest tokens that cover the whole text."""
    before = ""
    for run in _RUN.findall(simplify_text(text)):
        if not _is_han(run):
            yield _numbered(before, run)
        elif len(run) == 1:
            yield from () if run in _UNITS else run
        else:
            yield from _grams(run, min(len(run), 3))
        before = run


def _numbered(before: str, run: str) -> str:
    """Join a house number with the end of the street's name, because every street has a house 8."""
    street = len(before) > 1 and _is_han(before) and not _UNITS.issuperset(before)
    return before[-2:] + run if street and run.isdecimal() and len(run) < TAIL else run[:_WORD]


def _grams(run: str, size: int) -> Iterator[str]:
    parts = (run[at : at + size] for at in range(len(run) - size + 1))
    return (part for part in parts if not _UNITS.issuperset(part))


def name_tokens(name: str) -> Iterator[str]:
    """Yield the tokens of any text, single Chinese characters, pinyin and initials, and beginnings of other words."""
    yield from text_tokens(name)
    apart = simplify_text(name)
    joined = _BETWEEN.sub("", apart)
    if joined != apart:
        yield from text_tokens(joined)
    for run in dict.fromkeys((*_RUN.findall(apart), *_RUN.findall(joined))):
        if _is_han(run):
            yield from run
            yield from _read_aloud(run[:_NAME])
        else:
            yield from (run[:length] for length in range(2, min(len(run), _WORD)))


_BETWEEN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])|(?<=\w)['’ʼ](?=\w)")  # noqa: RUF001 (apostrophes are meant)
"""Blanks between Chinese characters (李　四) and apostrophes, which many leave out."""


def _read_aloud(run: str) -> Iterator[str]:
    """Yield pinyin of each character, pinyin and initials of neighbours and of all; a surname in all readings."""
    if len(run) > _WINDOW:
        syllables = [tuple(readings) for readings in pinyin(run, style=Style.NORMAL)]
    else:
        syllables = [_readings(char)[: 2 if at else None] for at, char in enumerate(run)]
    initials = [tuple(dict.fromkeys(reading[0] for reading in readings)) for readings in syllables]
    size = len(run)
    for readings in syllables if size <= _WINDOW else syllables[:1]:  # each syllable of people, not of companies
        yield from readings
    windows = {(at, at + length) for length in range(2, _WINDOW + 1) for at in range(size - length + 1)}
    for since, until in windows | {(0, size)} if size > 1 else ():
        yield from _combined(syllables[since:until])
        yield from _combined(initials[since:until])


def _combined(parts: Sequence[tuple[str, ...]]) -> Iterator[str]:
    return map("".join, islice(product(*parts), _READINGS))


@cache
def _readings(char: str) -> tuple[str, ...]:
    """Return the readings of a character, the usual one first."""
    return tuple(pinyin(char, style=Style.NORMAL, heteronym=True)[0])


def normalise_width(text: str) -> str:
    """Convert full-width characters to half width (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def simplify_text(text: str) -> str:
    """Apply `normalise_width` in lower case, with simplified characters and without accents.

    ü after l or n is the v of pinyin.
    """
    folded = normalise_width(text).casefold()
    if folded.isascii():
        return folded
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", _PINYIN_V.sub("v", folded)))
    return "".join(map(_simplified, unicodedata.normalize("NFC", bare)))


_PINYIN_V = re.compile("(?<=[ln])ü")
_ACCENTS = re.compile("[\u0300-\u036f]")
_CONVERTER: Any = OpenCC("t2s")


@cache
def _simplified(char: str) -> str:
    simple: str = _CONVERTER.convert(char)
    return simple


def _is_han(run: str) -> bool:
    return re.fullmatch(rf"[{_HAN}]+", run) is not None


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _digest(*parts: str) -> str:
    return blake2s("\0".join(parts).encode(), digest_size=8).hexdigest()
