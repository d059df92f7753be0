"""Headers (`synonyms.toml`) and words (`words.toml`) that other programs write, by column."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

_KINDS = {
    "customers": ("person", "product", "customer"),
    "products": ("owner", "product"),
    "requests": ("person", "product", "request"),
}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))


_GROUPS = _read("synonyms.toml")
SYNONYMS: dict[str, dict[str, list[str]]] = {
    kind: {name: headers.split() for group in groups for name, headers in _GROUPS[group].items()}
    for kind, groups in _KINDS.items()
}
WORDS: Mapping[str, Mapping[str, str]] = {
    column: {word.replace("_", " "): code for code, words in codes.items() for word in words.split()}
    for column, codes in _read("words.toml").items()
}
"""The code of each word, by column."""
