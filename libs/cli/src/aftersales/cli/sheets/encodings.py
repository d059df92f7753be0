"""Judges in which encoding a sheet without a mark was written: how likely its text is in each, by `characters.toml`."""

import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import itemgetter
from typing import NamedTuple

_WESTERN = ("german", "french", "spanish", "portuguese", "italian", "nordic", "icelandic")
_CENTRAL = ("polish", "czech", "slovak", "hungarian", "romanian", "croatian", "german")
_CYRILLIC = ("russian", "ukrainian")
PRIORS: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "gb18030": (0, ("hans",)),
    "big5": (-1, ("hant",)),
    "cp949": (-2, ("ko",)),
    "cp932": (-2, ("ja",)),
    "euc_jp": (-4, ("ja",)),
    "cp1252": (-1, _WESTERN),
    "mac_roman": (-3, _WESTERN),
    "cp850": (-6, _WESTERN),
    "cp1250": (-7, _CENTRAL),
    "iso8859_2": (-8, _CENTRAL),
    "cp1257": (-6, ("baltic",)),
    "cp1254": (-7, ("turkish",)),
    "cp1251": (-2, _CYRILLIC),
    **dict.fromkeys(("koi8_r", "cp866", "iso8859_5", "mac_cyrillic"), (-6, _CYRILLIC)),
    "cp1253": (-4, ("greek",)),
    "iso8859_7": (-5, ("greek",)),
    "cp874": (-4, ("thai",)),
    "cp1256": (-4, ("arabic",)),
    "cp1255": (-4, ("hebrew",)),
}
"""How common each encoding is (log), and the languages that are written in it."""
_CERTAIN, _LIKELIER = 7.0, 6.0
"""An encoding is certain if it is e^7 times as likely as each other that gives another credible text, and e^6 times as
likely as any other.
"""
_POSSIBLE = 25.0
_MOST_ODD = 0.1
_LEAST_COMMON = 0.4
_SAMPLE = 20_000
"""Bytes that are enough to judge by."""
_CONTROL, _ODD, _RARE, _IN_A_WORD = -30.0, -12.0, -7.0, -4.0
"""Log-likelihood of a control character, of one that is out of place, of a rare one, and what an ideograph beside a
small Latin letter costs.
"""
_ASCII = -math.log(60)
_KANA, _KANA_COUNT = re.compile("[\u3041-\u30ff]"), 170


@dataclass(frozen=True)
class Reading:
    """A sheet in one encoding. The greater `likelihood` (log), the better."""

    encoding: str
    text: str
    """The first lines with characters beyond ASCII."""
    likelihood: float
    credible: bool


def list_readings(data: bytes) -> list[Reading]:
    """Return each possible reading, the likeliest first; of encodings that give the same text, only the likeliest."""
    found: dict[str, Reading] = {}
    sample = _sample(data)
    for encoding, (prior, languages) in PRIORS.items():
        try:
            data.decode(encoding)
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        likelihood, credible = _judge(text, languages)
        reading = Reading(encoding, text, prior + likelihood, credible)
        if text not in found or found[text].likelihood < reading.likelihood:
            found[text] = reading
    return sorted(found.values(), key=lambda one: -one.likelihood)


def _sample(data: bytes) -> bytes:
    """Return the first lines that are not ASCII; no byte of a character in these encodings looks like a line end."""
    lines, size = [], 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            lines.append(line)
            size += len(line)
        if size > _SAMPLE:
            break
    return b"".join(lines)


def choose_reading(found: Sequence[Reading]) -> Reading | None:
    """Return the reading beside which no other is likely, if there is one."""
    if not found or not found[0].credible:
        return None
    best, *others = found
    doubtful = any(best.likelihood - one.likelihood < (_CERTAIN if one.credible else _LIKELIER) for one in others)
    return None if doubtful else best


def list_possible(found: Sequence[Reading]) -> list[Reading]:
    """Return the readings that a person should see: the credible ones, and those that are hardly less likely."""
    best = found[0].likelihood
    return [one for one in found if best - one.likelihood < (_POSSIBLE if one.credible else _CERTAIN)]


class _Model(NamedTuple):
    """`characters.toml`."""

    ideographs: Mapping[str, frozenset[str]]
    letters: Mapping[str, Mapping[str, float]]
    """The log-likelihood of each letter, by language."""
    marks: frozenset[str]
    quotes: frozenset[str]
    joints: frozenset[str]


@cache
def _model() -> _Model:
    given = tomllib.loads(files(__package__).joinpath("characters.toml").read_text("utf-8"))
    ideographs = {name: frozenset(words) - {"\n"} for name, words in given["ideographs"].items()}
    letters = {name: _by_rank(words) for name, words in given["letters"].items()}
    return _Model(
        ideographs, letters, frozenset(given["marks"]), frozenset(given["quotes"]), frozenset(given["joints"])
    )


def _by_rank(letters: str) -> dict[str, float]:
    share = (0.1 if _is_latin(letters[0]) else 0.9) / sum(1 / (rank + 3) for rank in range(len(letters)))
    return {letter: math.log(share / (rank + 3)) for rank, letter in enumerate(letters)}


def _judge(text: str, languages: Sequence[str]) -> tuple[float, bool]:
    """Return the log-likelihood of a text in these languages, and whether it can be one at all."""
    if languages[0] in _model().ideographs:
        return _ideographic(text, languages[0])
    total, odd, seen = 0.0, 0, 0
    for line in text.splitlines():
        likelihood, odd_here = max((_alphabetic(line, language) for language in languages), key=itemgetter(0))
        total, odd, seen = total + likelihood, odd + odd_here, seen + sum(not one.isascii() for one in line)
    return total, bool(seen) and odd <= seen * _MOST_ODD


def _ideographic(text: str, language: str) -> tuple[float, bool]:
    total, seen, well, odd = 0.0, 0, 0, 0
    costs = _costs(language)
    for at, character in enumerate(text):
        if character.isascii():
            total += _ASCII
            continue
        kind = _kind(character, language)
        total += costs[kind] + (_IN_A_WORD if text[at - 1 : at].islower() or text[at + 1 : at + 2].islower() else 0)
        if kind != "mark":
            seen, well, odd = seen + 1, well + (kind == "common"), odd + (kind == "odd")
    return total, bool(seen) and odd <= seen * _MOST_ODD and well >= seen * _LEAST_COMMON


@cache
def _costs(language: str) -> Mapping[str, float]:
    common = len(_model().ideographs[language]) + _KANA_COUNT * (language == "ja")
    first, rest = {"hans": (3755, 3008), "hant": (5401, 7652), "ko": (2350, 4888), "ja": (2965, 3390)}[language]
    shares = {"common": 0.65 / common, "first": 0.25 / first, "rest": 0.05 / rest, "mark": 0.04 / 40}
    return {kind: math.log(share) for kind, share in shares.items()} | {"odd": _ODD}


_LEVELS = {
    "hans": ("gb2312", (0xB0, 0xD7), (0xD8, 0xF7)),
    "hant": ("big5", (0xA4, 0xC6), (0xC9, 0xF9)),
    "ko": ("euc_kr", (0xB0, 0xC8), (0xCA, 0xFD)),
    "ja": ("euc_jp", (0xB0, 0xCF), (0xD0, 0xF4)),
}
"""The national character sets, each with the lead bytes of its two levels."""


def _kind(character: str, language: str) -> str:
    """Return how common a character is."""
    model = _model()
    if character in model.ideographs[language] or (language == "ja" and _KANA.match(character)):
        return "common"
    if character in model.marks or character in model.quotes:
        return "mark"
    charset, (low, high), (low_2, high_2) = _LEVELS[language]
    lead = (character.encode(charset, "ignore") or b"\0")[0]
    return "first" if low <= lead <= high else "rest" if low_2 <= lead <= high_2 else "odd"


def _alphabetic(line: str, language: str) -> tuple[float, int]:
    """Return the log-likelihood of a line, and how many of its characters are out of place."""
    letters = _model().letters[language]
    own = not _is_latin(next(iter(letters)))
    total, odd = 0.0, 0
    for at, character in enumerate(line):
        if character.isascii():
            total += _ASCII
            continue
        before, after = line[at - 1 : at] if at else "", line[at + 1 : at + 2]
        if character in letters:
            fits = not (character.isupper() and before.islower()) and _in_its_word(line, at, own=own)
            total += letters[character] if fits else _ODD
        else:
            fits = _stands_alone(character, before, after)
            total += _RARE if fits else _ODD if character.isprintable() else _CONTROL
        odd += not fits
    return total, odd


def _in_its_word(line: str, at: int, *, own: bool) -> bool:
    """Return whether a letter fits into the word around it.

    A letter of an `own` alphabet has no ASCII letter beside it; one with an accent is beside ASCII letters or alone.
    """
    beside = line[max(0, at - 1) : at] + line[at + 1 : at + 2]
    if own:
        return not any(one.isascii() and one.isalpha() for one in beside)
    around = line[max(0, at - 2) : at] + line[at + 1 : at + 3]
    return not any(map(str.isalpha, beside)) or any(one.isascii() and one.isalpha() for one in around)


def _stands_alone(character: str, before: str, after: str) -> bool:
    model = _model()
    if character in model.quotes:
        return not (before.isalpha() and after.isalpha()) or character in model.joints
    return character in model.marks and not before.isalpha() and not after.isalpha()


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter).startswith("LATIN")
