"""The public page: one HTML file, with its texts in every language in a file beside it."""

import base64
import hashlib
import html
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from typing import Literal

Locale = Literal["zh-Hans", "zh-Hant", "en"]


@cache
def page_texts(locale: str) -> Mapping[str, str]:
    """Return all texts of the page in one language, and those for states and stages (`state.…`, `stage.…`)."""
    texts: dict[str, str] = tomllib.loads(_file("page.toml"))[locale]
    return texts


@cache
def render_page(locale: str) -> tuple[str, dict[str, str]]:
    """Return the page in one language, and headers that let a browser run only the page's own scripts and styles."""
    safe = {name: html.escape(text) for name, text in page_texts(locale).items() if "." not in name}
    text = Template(_file("page.html")).substitute(safe, lang=locale)
    allowed = {
        "default-src": "'none'",
        "connect-src": "'self'",
        "style-src": _hash(text, "style"),
        "script-src": _hash(text, "script"),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    policy = "; ".join(f"{name} {sources}" for name, sources in allowed.items())
    return text, {
        "Content-Security-Policy": policy,
        "Content-Language": locale,
        "Vary": "Accept-Language",
        "Cache-Control": "public, max-age=300",
    }


def _hash(text: str, tag: str) -> str:
    """Return the CSP hash of the only element of this kind (CSP Level 3, section 2.3.1)."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
