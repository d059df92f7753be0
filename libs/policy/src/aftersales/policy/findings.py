"""Errors and doubts about a policy, as codes and parameters with their place; text is added at the edge. Pure."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Path = tuple[str | int, ...]
"""A place in a policy, such as `("stages", "dispatch", "warn_at", 0)`."""


class Finding(NamedTuple):
    """An error prevents publishing a policy, a warning does not."""

    level: Literal["error", "warning"]
    code: str
    path: Path
    params: Mapping[str, Any]


def error_finding(code: str, /, *path: str | int, **params: Any) -> Finding:
    return Finding("error", code, path, params)


def warning_finding(code: str, /, *path: str | int, **params: Any) -> Finding:
    return Finding("warning", code, path, params)


def dotted_path(path: Path) -> str:
    """Return the path in the form `stages.dispatch.warn_at[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
