"""Texts for codes, used only at the edge: English, simplified and traditional Chinese."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

LOCALES = ("en", "zh-Hans", "zh-Hant")
_TRADITIONAL = {"tw", "hk", "mo"}
"""Regions that use traditional Chinese if the tag does not name the script."""


@cache
def message_catalogue(locale: str) -> dict[str, str]:
    """Return all texts of one locale, by code."""
    texts: dict[str, str] = tomllib.loads(files(__package__).joinpath(f"{locale}.toml").read_text("utf-8"))
    return texts


def render_message(code: str, locale: str, params: dict[str, Any]) -> str:
    """Return the text of a code, or the code itself if it has none, so that reporting an error never fails."""
    text = message_catalogue(locale).get(code) or message_catalogue("en").get(code, code)
    return re.sub(r"\{(\w+)\}", lambda found: str(params.get(found[1], found[0])), text)


def choose_locale(accept_language: str | None, default: str) -> str:
    """Return the available locale that an Accept-Language header (RFC 9110, section 12.5.4) prefers, else `default`."""
    for tag in _by_preference(accept_language or ""):
        language, *subtags = tag.split("-")
        if language == "en":
            return "en"
        if language == "zh":
            traditional = "hant" in subtags or ("hans" not in subtags and not _TRADITIONAL.isdisjoint(subtags))
            return "zh-Hant" if traditional else "zh-Hans"
    return default


def _by_preference(header: str) -> Iterator[str]:
    """Return language tags in lower case, most preferred first, without those of weight 0."""
    wanted: list[tuple[float, str]] = []
    for part in header.lower().split(","):
        tag, _, weight = part.partition(";")
        stated = re.fullmatch(r"\s*q=([01](\.\d{0,3})?)\s*", weight)
        wanted.append((float(stated[1]) if stated else 1.0, tag.strip()))
    return (tag for weight, tag in sorted(wanted, key=lambda one: -one[0]) if weight > 0)
