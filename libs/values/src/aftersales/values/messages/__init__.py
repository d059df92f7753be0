"""Words for codes, at the edge only: English, simplified and traditional Chinese."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

LOCALES = ("en", "zh-Hans", "zh-Hant")
_TRADITIONAL = {"tw", "hk", "mo"}
"""Regions whose Chinese is traditional where the tag does not name the script."""


@cache
def message_catalogue(locale: str) -> dict[str, str]:
    """All texts of one locale, by code."""
    texts: dict[str, str] = tomllib.loads(files(__package__).joinpath(f"{locale}.toml").read_text("utf-8"))
    return texts


def render_message(code: str, locale: str, params: dict[str, Any]) -> str:
    """The words for a code. A code without words is shown as it is: never an error on the way to an error."""
    text = message_catalogue(locale).get(code) or message_catalogue("en").get(code, code)
    return re.sub(r"\{(\w+)\}", lambda found: str(params.get(found[1], found[0])), text)


def choose_locale(accept_language: str | None, default: str) -> str:
    """What an Accept-Language header (RFC 9110, section 12.5.4) likes best of what there is, else `default`."""
    for tag in _by_preference(accept_language or ""):
        language, *subtags = tag.split("-")
        if language == "en":
            return "en"
        if language == "zh":
            traditional = "hant" in subtags or ("hans" not in subtags and not _TRADITIONAL.isdisjoint(subtags))
            return "zh-Hant" if traditional else "zh-Hans"
    return default


def _by_preference(header: str) -> Iterator[str]:
    """Language tags in lower case, the most wanted first; those with weight 0 are not wanted at all."""
    wanted: list[tuple[float, str]] = []
    for part in header.lower().split(","):
        tag, _, weight = part.partition(";")
        stated = re.fullmatch(r"\s*q=([01](\.\d{0,3})?)\s*", weight)
        wanted.append((float(stated[1]) if stated else 1.0, tag.strip()))
    return (tag for weight, tag in sorted(wanted, key=lambda one: -one[0]) if weight > 0)
