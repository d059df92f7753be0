"""Headers that other programs write (`synonyms.toml`), by kind and column."""

import tomllib
from importlib.resources import files

_KINDS = {
    "customers": ("person", "product", "customer"),
    "products": ("owner", "product"),
    "requests": ("person", "product", "request"),
}
_GROUPS = tomllib.loads(files(__package__).joinpath("synonyms.toml").read_text("utf-8"))
SYNONYMS: dict[str, dict[str, list[str]]] = {
    kind: {name: headers.split() for group in groups for name, headers in _GROUPS[group].items()}
    for kind, groups in _KINDS.items()
}
