"""Which fields of a form or event the document that a rule makes of it does not keep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError


@dataclass(frozen=True)
class Row:
    """A full example of a form or event, and what a rule makes of it."""

    said: BaseModel
    keep: Callable[[Any], BaseModel]
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Fields that the document keeps under another name, as `a.b` or `a.0`."""
    left: dict[str, str] = field(default_factory=dict)
    """Fields that the document does not keep, and why."""


def lost(row: Row) -> dict[str, str]:
    """What is wrong, by field."""
    said = row.said.model_dump(mode="json", exclude_unset=True)
    try:
        kept = row.keep(row.said).model_dump(mode="json")
    except ValidationError as error:  # the rule hands the whole form over, and the document has no such field
        return {str(one["loc"][0]): "refused" for one in error.errors()}
    wrong = dict.fromkeys((row.elsewhere | row.left).keys() - type(row.said).model_fields.keys(), "names no field")
    for name, info in type(row.said).model_fields.items():
        if name in row.left:
            continue
        if name not in said or getattr(row.said, name) == info.get_default(call_default_factory=True):
            wrong[name] = "the example does not say it"
        elif not _holds(_read(kept, row.elsewhere.get(name, name)), said[name]):
            wrong[name] = "lost"
    return wrong


def _read(kept: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(kept, list):
            kept = kept[int(step[:-1]) :] if step.endswith(":") else kept[int(step)]
        else:
            kept = kept.get(step) if kept else None
    return kept


def _holds(kept: Any, said: Any) -> bool:
    """Whether all that was said is there; the document may have more beside it."""
    if isinstance(said, dict):
        return isinstance(kept, dict) and all(_holds(kept.get(name), value) for name, value in said.items())
    if isinstance(said, list):
        return isinstance(kept, list) and len(kept) == len(said) and all(map(_holds, kept, said))
    return bool(kept == said)
