"""The table of personal data (ALL-6): per collection, how a customer's documents are found and what is personal. Pure.

A path names a field: `name`, `notes[].text` (of each entry), `lines[request:requests].note` (only of entries whose
`request` is one of the customer's requests).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import PersonalDataErased
from aftersales.values import GeoPoint, Value

SubjectKeys = Literal["customers", "requests", "serials", "complaints"]
"""The numbers by which a customer's documents are found; none of them tells who the customer is."""
CLOCK_TEXTS = ("clocks[].waived_for", "clocks[].retargets[].why")
"""Reasons that people gave for changes of deadlines."""
ERASED_WORD = "erased"
"""Stands where a text must not be empty."""
_ALWAYS_KEPT = ("id", "branch", "correlation", "clocks", "shared_with")
_STEP = re.compile(r"(?P<name>[a-z_0-9]+)(\[(?:(?P<field>[a-z_]+):(?P<keys>[a-z]+))?\])?")


class DataSubject(Value):
    """A customer by all the numbers that lead to their data."""

    customers: tuple[str, ...] = ()
    """The customer's id, and those of customers merged into them."""
    requests: tuple[str, ...] = ()
    """The numbers of their requests."""
    serials: tuple[str, ...] = ()
    """The serial numbers of their products."""
    complaints: tuple[str, ...] = ()
    """The numbers of their complaints from the public page."""

    def among(self, keys: str) -> tuple[str, ...]:
        found: tuple[str, ...] = getattr(self, keys)
        return found


class _Step(NamedTuple):
    name: str
    """The field."""
    info: FieldInfo
    model: type[BaseModel] | None
    """The model of its values, if they have fields."""
    only: tuple[str, str] | None
    """For lists: a field of an entry, and the keys among which it must be."""


@dataclass(frozen=True)
class Holding:
    """The personal data of one collection. Raises `ValueError` for a path that the documents do not have."""

    kind: type[Aggregate]
    found_by: Mapping[str, SubjectKeys]
    """Fields of the documents, each with the numbers that it may contain."""
    personal: Sequence[str] = ()
    """Paths of the fields that are blanked."""
    kept: Sequence[str] = ()
    """Paths of all other texts. A new text that is in neither list fails a test."""
    removed: bool = False
    """Whether documents are deleted, not blanked."""
    settle: Callable[[Any], Any] = field(default=lambda state: state)
    """What else changes in a document."""

    def __post_init__(self) -> None:
        _ = self._paths

    @cached_property
    def _paths(self) -> tuple[tuple[_Step, ...], ...]:
        return tuple(_resolve(self.kind, path) for path in self.personal)

    @property
    def collection(self) -> str:
        return self.kind.COLLECTION

    def where(self, subject: DataSubject) -> dict[str, Any] | None:
        """Return the filter for the customer's documents; None if they can have none."""
        either = [{name: {"$in": list(ids)}} for name, keys in self.found_by.items() if (ids := subject.among(keys))]
        return {"$or": either} if either else None

    def blank(self, state: Any, subject: DataSubject) -> tuple[Any, int]:
        """Return the document without personal data, and the number of fields that had some."""
        fields, blanked = state.model_dump(), 0
        for path in self._paths:
            fields, more = _blank(fields, path, subject)
            blanked += more
        after = self.settle(self.kind.model_validate(fields))
        return (after, max(blanked, 1)) if after != state else (state, 0)

    def uncovered(self) -> list[str]:
        """Return the texts of the documents that are neither personal nor kept."""
        known = {_plain(path) for path in (*self.personal, *self.kept, *_ALWAYS_KEPT)}
        return [path for path in text_paths(self.kind) if not any(part in known for part in _prefixes(path))]


@dataclass(frozen=True)
class PersonalData:
    """The personal data of a service."""

    holdings: Sequence[Holding]
    harmless: Mapping[str, str]
    """Collections without personal data of customers, each with the reason."""
    announces: type[PersonalDataErased] | None = None
    """The event that confirms an erasure; none in intake, which decides them."""


def text_paths(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Yield the paths of all texts, bytes and positions in a model; not of fixed values such as states."""
    for name, info in model.model_fields.items():
        inner = _model_of(info.annotation)
        if inner is not None and inner is not GeoPoint:
            yield from text_paths(inner, f"{before}{name}.")
        elif inner is GeoPoint or _holds_text(info.annotation):
            yield f"{before}{name}"


def _plain(path: str) -> str:
    return re.sub(r"\[[^]]*\]", "", path)


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split(".")
    return (".".join(parts[: length + 1]) for length in range(len(parts)))


def _holds_text(kind: Any) -> bool:
    return kind in (str, bytes, Any) or (
        get_origin(kind) is not Literal and any(_holds_text(part) for part in get_args(kind))
    )


def _model_of(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) is Literal:
        return None
    return next((model for part in get_args(kind) if (model := _model_of(part))), None)


def _resolve(kind: type[BaseModel], path: str) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    model: type[BaseModel] | None = kind
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None or model is None or match["name"] not in model.model_fields:
            raise ValueError(f"{kind.__name__} has no {path}")
        info = model.model_fields[match["name"]]
        model = _model_of(info.annotation)
        steps.append(_Step(match["name"], info, model, (match["field"], match["keys"]) if match["field"] else None))
    return tuple(steps)


def _blank(value: dict[str, Any], path: tuple[_Step, ...], subject: DataSubject) -> tuple[dict[str, Any], int]:
    step, *rest = path
    before = value.get(step.name)
    if not rest:
        empty = _empty_of(step.info)
        return {**value, step.name: empty}, int(bool(before) and before != empty)
    if isinstance(before, dict):
        after, blanked = _blank(before, tuple(rest), subject)
        return {**value, step.name: after}, blanked
    items: list[Any] = []
    total = 0
    for item in before or ():
        chosen = step.only is None or item[step.only[0]] in subject.among(step.only[1])
        after, blanked = _blank(item, tuple(rest), subject) if chosen else (item, 0)
        items.append(after)
        total += blanked
    return value if before is None else {**value, step.name: tuple(items)}, total


def _empty_of(info: FieldInfo) -> Any:
    """Return the value that says nothing: the default, null, an empty text or list, or `erased`."""
    if not info.is_required():
        return info.get_default(call_default_factory=True, validated_data={})
    if NoneType in get_args(info.annotation):
        return None
    kind: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    nothing: tuple[Any, ...] = ("", (), {})
    for empty in nothing:
        try:
            adapter.validate_python(empty, strict=True)
        except ValidationError:
            continue
        return empty
    return ERASED_WORD
