"""May the schema of a published event change like this? Only optional fields and words may be added.

What partners send in has one reader, which is ours, and writers that are not: there a field may also become
optional or accept more than before, a list of fixed values may grow, and a field may go where unknown ones are ignored.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from contracts.corrections import CORRECTIONS
from contracts.schema import Schema, resolve

_WORDS = {"$schema", "$id", "$comment", "title", "description", "examples", "definitions"}
"""What readers do not check messages by."""
_COMPARED_APART = {"properties", "required", "items", "anyOf", "enum", "type"}


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
    comparison = _Comparison(old.get("definitions", {}), new.get("definitions", {}), inbound)
    yield from comparison.of(old, new, "")


@dataclass(frozen=True)
class _Comparison:
    """Walks two schemas side by side, each with its own definitions."""

    before: Schema
    after: Schema
    inbound: bool

    def of(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        old, new = resolve(old, self.before), resolve(new, self.after)
        field = f"field `{where}`" if where else "the envelope"
        if self.inbound and self._accepts_all(old, new, where):
            return
        if old.get("type") != new.get("type") or len(old.get("anyOf", ())) != len(new.get("anyOf", ())):
            yield f"{field} changed its type from {type_of(old)} to {type_of(new)}"
            return
        yield from self._objects(old, new, where)
        if old.get("type") == "array":
            yield from self.of(old.get("items", {}), new.get("items", {}), f"{where}[]")
        for one, other in zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=True):
            yield from self.of(one, other, where)
        yield from self._enums(old, new, field)
        for keyword in sorted((old.keys() | new.keys()) - _WORDS - _COMPARED_APART):
            if old.get(keyword) != new.get(keyword):
                said = f"`{keyword}` from {old.get(keyword, 'nothing')!r} to {new.get(keyword, 'nothing')!r}"
                yield f"{field} changed its {said}"

    def _accepts_all(self, old: Schema, new: Schema, where: str) -> bool:
        """Whether `new` clearly accepts all of `old`: a fixed value that still fits, or one option that is the same."""
        if "const" in old:
            return jsonschema.Draft7Validator(new).is_valid(old["const"])
        options = new.get("anyOf", ()) if "anyOf" not in old else ()
        return any(not list(self.of(old, option, where)) for option in options)

    def _objects(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in [*before, *(name for name in after if name not in before)]:
            path = f"{where}.{name}" if where else name
            if name not in after:
                if not self.inbound or name in old.get("required", ()) or new.get("additionalProperties") is False:
                    yield f"field `{path}` was removed"
            elif name not in before:
                yield from self._added(old, new, name, path)
            else:
                yield from self._required(old, new, name, path)
                yield from self.of(before[name], after[name], path)

    def _added(self, old: Schema, new: Schema, name: str, path: str) -> Iterator[str]:
        if name in new.get("required", ()):
            yield f"field `{path}` is new and required"
        elif old.get("additionalProperties") is False and not self.inbound:
            yield f"field `{path}` is new, where readers refuse fields that they do not know"

    def _required(self, old: Schema, new: Schema, name: str, path: str) -> Iterator[str]:
        before, after = name in old.get("required", ()), name in new.get("required", ())
        if after and not before:
            yield f"field `{path}` became required"
        elif before and not after and not self.inbound:
            yield f"field `{path}` became optional"

    def _enums(self, old: Schema, new: Schema, field: str) -> Iterator[str]:
        before, after = old.get("enum", ()), new.get("enum", ())
        gone = [value for value in before if value not in after]
        added = [value for value in after if value not in before]
        if ("enum" in old) != ("enum" in new):
            yield f"{field} {'is no longer' if 'enum' in old else 'became'} a list of fixed values"
        elif gone:
            yield f"{field} no longer allows {', '.join(map(str, gone))}"
        elif added and not self.inbound:
            yield f"{field} now also says {', '.join(map(str, added))}, which its readers do not know"


def type_of(schema: Schema) -> Any:
    """Name a schema's type for people."""
    if "anyOf" in schema:
        return " or ".join(str(type_of(option)) for option in schema["anyOf"])
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    return schema.get("type", "anything")
