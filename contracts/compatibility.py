"""May a published schema change like this? In an event of ours only optional fields and words may be added.

What others send in (partners' events, HTTP requests) has one reader, which is ours: there a field may also become
optional or accept more than before, a list of fixed values may grow, and a field may go where unknown ones are ignored.

An HTTP answer is read by the caller who asked, as it is today: it may gain fields, always send what it sent at times,
and say values that are new in a list. Its limits are no promise.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from contracts.corrections import CORRECTIONS
from contracts.schema import Schema, resolve

_WORDS = {"$schema", "$id", "$comment", "title", "description", "examples", "definitions", "deprecated"}
"""What readers do not check messages by."""
_COMPARED_APART = {
    *("properties", "patternProperties", "additionalProperties", "propertyNames", "items"),
    *("required", "anyOf", "enum", "type"),
}
_FLOORS = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_CEILINGS = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
_LIMITS = _FLOORS | _CEILINGS | {"pattern", "multipleOf", "uniqueItems"}


class Reader(Enum):
    """Who reads what a schema describes."""

    ANYBODY = "others read it, for years: the journal and archives keep it"
    US = "others send it, we read it"
    CALLER = "the caller reads it, as we answer today"


def incompatible(published: Mapping[str, Schema], new: Mapping[str, Schema]) -> Iterator[str]:
    """Say, for every published type that would change under its readers, what changed and what to do."""
    for kind in sorted(published.keys() & new.keys()):
        for difference in differences(published[kind], new[kind], inbound=kind.startswith("partner.")):
            if not _corrected(kind, difference):
                yield f"{kind}: {difference}. {advice(kind)}"


def _corrected(kind: str, difference: str) -> bool:
    return any(one in {kind, "*"} and difference.startswith(f"field `{field}` ") for one, field in CORRECTIONS)


def advice(kind: str) -> str:
    """Tell what to do instead of changing a version that has readers."""
    found = re.fullmatch(r"(.+)\.v(\d+)", kind)
    following = f"{found[1]}.v{int(found[2]) + 1}" if found else f"{kind}.v2"
    return (
        f"{kind} is published and has readers: leave it as it was, add {following} beside it with a pure upcaster, "
        f"and publish both until no queue is bound to {kind}"
    )


def differences(old: Schema, new: Schema, *, inbound: bool = False) -> Iterator[str]:
    """What in `new` would break a reader or a writer of `old`; an `inbound` event has no reader but us."""
    reader = Reader.US if inbound else Reader.ANYBODY
    yield from Comparison(old.get("definitions", {}), new.get("definitions", {}), reader).of(old, new, "")


@dataclass(frozen=True)
class Comparison:
    """Walks two schemas side by side, each with its own definitions."""

    before: Schema
    after: Schema
    reader: Reader
    whole: str = "the envelope"

    def of(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        """What would break at this place, and below it."""
        old, new = resolve(old, self.before), resolve(new, self.after)
        field = f"field `{where}`" if where else self.whole
        if self.reader is Reader.US and self._accepts_all(old, new, where):
            return
        if old.get("type") != new.get("type") or len(old.get("anyOf", ())) != len(new.get("anyOf", ())):
            yield f"{field} changed its type from {type_of(old)} to {type_of(new)}"
            return
        yield from self._objects(old, new, where)
        yield from self._inner(old, new, where)
        for one, other in zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=True):
            yield from self.of(one, other, where)
        yield from self._enums(old, new, field)
        for keyword in sorted((old.keys() | new.keys()) - _WORDS - _COMPARED_APART):
            if old.get(keyword) != new.get(keyword) and not self._may_change(keyword, old, new):
                yield f"{field} changed its {_change(keyword, old, new)}"

    def _may_change(self, keyword: str, old: Schema, new: Schema) -> bool:
        match self.reader:
            case Reader.US:
                return _loosened(keyword, old.get(keyword, _implied(keyword, old)), new.get(keyword))
            case Reader.CALLER:
                return keyword in _LIMITS or keyword == "default"
            case Reader.ANYBODY:
                return False

    def _accepts_all(self, old: Schema, new: Schema, where: str) -> bool:
        """Whether `new` clearly accepts all of `old`: anything, a fixed value that still fits, or the same options."""
        if "default" in old and old["default"] != new.get("default"):
            return False
        if not new.keys() - _WORDS - {"default"}:
            return True
        if "const" in old:
            return jsonschema.Draft7Validator(new).is_valid(old["const"])
        if "anyOf" not in old.keys() | new.keys():
            return False
        options = new.get("anyOf", [new])
        return all(any(not list(self.of(one, option, where)) for option in options) for one in old.get("anyOf", [old]))

    def _objects(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in [*before, *(name for name in after if name not in before)]:
            path = f"{where}.{name}" if where else name
            if name not in after:
                ignored = self.reader is Reader.US and new.get("additionalProperties") is not False
                if not ignored or name in old.get("required", ()):
                    yield f"field `{path}` was removed"
            elif name not in before:
                yield from self._added(old, new, name, path)
            else:
                yield from self._required(old, new, name, path)
                yield from self.of(before[name], after[name], path)

    def _inner(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        """The schemas of items, of values under any key, and of the keys."""
        if old.get("type") == "array":
            yield from self.of(old.get("items", {}), new.get("items", {}), f"{where}[]")
        for keyword in sorted({"additionalProperties", "propertyNames"} & (old.keys() | new.keys())):
            before, after = old.get(keyword, True), new.get(keyword, True)
            if False not in (before, after):
                yield from self.of({} if before is True else before, {} if after is True else after, where)
            elif before != after and self._closes(before, after):
                yield f"{f'field `{where}`' if where else self.whole} changed its {_change(keyword, old, new)}"
        before, after = old.get("patternProperties", {}), new.get("patternProperties", {})
        for pattern in sorted(before.keys() | after.keys()):
            yield from self.of(before.get(pattern, {}), after.get(pattern, {}), where)

    def _closes(self, before: Any, after: Any) -> bool:
        """Whether it matters that unknown fields were refused and are not, or are refused now."""
        match self.reader:
            case Reader.US:
                return after is False
            case Reader.CALLER:
                return isinstance(before, dict)
            case Reader.ANYBODY:
                return True

    def _added(self, old: Schema, new: Schema, name: str, path: str) -> Iterator[str]:
        if self.reader is Reader.CALLER:
            return
        if name in new.get("required", ()):
            yield f"field `{path}` is new and required"
        elif old.get("additionalProperties") is False and self.reader is Reader.ANYBODY:
            yield f"field `{path}` is new, where readers refuse fields that they do not know"

    def _required(self, old: Schema, new: Schema, name: str, path: str) -> Iterator[str]:
        before, after = name in old.get("required", ()), name in new.get("required", ())
        if after and not before and self.reader is not Reader.CALLER:
            yield f"field `{path}` became required"
        elif before and not after and self.reader is not Reader.US:
            yield f"field `{path}` became optional"

    def _enums(self, old: Schema, new: Schema, field: str) -> Iterator[str]:
        before, after = old.get("enum", ()), new.get("enum", ())
        gone = [value for value in before if value not in after]
        added = [value for value in after if value not in before]
        if "enum" in old and "enum" not in new:
            if self.reader is not Reader.US:
                yield f"{field} is no longer a list of fixed values"
        elif "enum" in new and "enum" not in old:
            yield f"{field} became a list of fixed values"
        elif gone:
            yield f"{field} no longer allows {', '.join(map(str, gone))}"
        elif added and self.reader is Reader.ANYBODY:
            yield f"{field} now also says {', '.join(map(str, added))}, which its readers do not know"


def _loosened(keyword: str, before: Any, after: Any) -> bool:
    """Whether what was accepted still is."""
    if after is None:
        return keyword in _LIMITS or keyword == "format"
    if before is None:
        return keyword == "default"
    return (keyword in _FLOORS and after <= before) or (keyword in _CEILINGS and after >= before)


def _implied(keyword: str, schema: Schema) -> int | None:
    """The limit of a text's length that follows from its pattern or its list of fixed values."""
    if keyword not in {"minLength", "maxLength"}:
        return None
    pick = min if keyword == "minLength" else max
    if "enum" in schema:
        return pick(len(value) for value in schema["enum"])
    if "pattern" in schema:
        return pick(re._parser.parse(schema["pattern"]).getwidth())  # type: ignore[attr-defined]  # noqa: SLF001
    return None


def _change(keyword: str, old: Schema, new: Schema) -> str:
    return f"`{keyword}` from {old.get(keyword, 'nothing')!r} to {new.get(keyword, 'nothing')!r}"


def type_of(schema: Schema) -> Any:
    """Name a schema's type for people."""
    if "anyOf" in schema:
        return " or ".join(str(type_of(option)) for option in schema["anyOf"])
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    return schema.get("type", "anything")
