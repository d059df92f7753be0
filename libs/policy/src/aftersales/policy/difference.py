"""Compare two policies figure by figure, in the order of the model. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .findings import Path
from .model import Policy

KEYS = ("code", "role", "reason")
"""Keys that identify the rows of a list; rows without one are identified by their position."""
MISSING = object()


class Change(NamedTuple):
    """One difference; `old` or `new` is None if the figure is missing there."""

    path: Path
    old: Any
    new: Any


def diff_policies(one: Policy, other: Policy) -> tuple[Change, ...]:
    """Return every figure that differs, in its JSON form; empty if the policies are equal.

    If the common rows of a list are in another order, that order is a change too.
    """
    return tuple(_changes((), one.model_dump(mode="json"), other.model_dump(mode="json")))


def _changes(path: Path, old: Any, new: Any) -> Iterator[Change]:
    olds, news = _children(old), _children(new)
    if old == new:
        return
    if olds is None or news is None:
        yield Change(path, old, new)
        return
    for step in dict.fromkeys((*olds, *news)):
        mine, theirs = olds.get(step, MISSING), news.get(step, MISSING)
        if mine is MISSING or theirs is MISSING:
            yield Change((*path, step), None if mine is MISSING else mine, None if theirs is MISSING else theirs)
        else:
            yield from _changes((*path, step), mine, theirs)
    kept = min(len(olds), len(news))
    if isinstance(old, list) and list(olds)[:kept] != list(news)[:kept]:
        yield Change(path, list(olds), list(news))


def _children(value: Any) -> Mapping[str | int, Any] | None:
    """Return the parts of a mapping or of a list of mappings by their key; None if the value is compared as a whole."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(row, Mapping) for row in value):
        return None
    for key in KEYS:
        names = [row.get(key) for row in value]
        if None not in names and len(set(names)) == len(names):
            return dict(zip(names, value, strict=True))
    return dict(enumerate(value))
