"""The OpenAPI document of each service, and whether it may change like this under the clients made from it.

An operation may be added, a parameter or a field of a request that may be left out, a status, a field of an answer, and
a value to its lists. `contracts/compatibility.py` has the rules for schemas: requests are read by us, answers by the
caller. Every name that a generated client takes over (schemas, operationIds, tags) stays. A tag may not even be added
to an operation that had none: generators make a module or class of each tag, and one named `default` of the rest.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.compatibility import Comparison, Reader, type_of
from contracts.corrections import DOCUMENT_CORRECTIONS
from contracts.schema import Schema

from aftersales.common.http.app import build_app
from aftersales.common.service import Service

Document = dict[str, Any]
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_SIDES = {Reader.US: "in requests, ", Reader.CALLER: "in answers, "}


def documents(services: Iterable[Service]) -> dict[str, Document]:
    """By service; no server is needed."""
    return {service.name: build_app(service).openapi() for service in services}


def incompatible(
    published: Mapping[str, Document],
    new: Mapping[str, Document],
    corrections: Mapping[tuple[str, str], str] = DOCUMENT_CORRECTIONS,
) -> Iterator[str]:
    """Say, for every published document that would change under its callers, what changed and what to do."""
    for service, document in sorted(published.items()):
        for place, what in differences(document, new.get(service, {})):
            if not any(one in {service, "*"} and (place == said or what.startswith(said)) for one, said in corrections):
                yield f"{service}: {place}: {what}. {advice(service)}"


def advice(service: str) -> str:
    """Tell what to do instead of changing what clients were made from."""
    return (
        f"Clients are made from contracts/openapi/{service}.json: leave this as it was, add the new beside it, and "
        "mark the old as deprecated once nobody needs it. A schema has its class's name; `operation_id` of a route "
        "pins its operationId"
    )


def differences(old: Document, new: Document) -> Iterator[tuple[str, str]]:
    """Places and what in `new` would break there a client of `old`."""
    schemas = _schemas(old), _schemas(new)
    others = {(path, name): operation for path, name, operation in _operations(new)}
    sides = {side: _ByName(*schemas, side, "it") for side in _SIDES}
    for path, name, before in _operations(old):
        after = others.get((path, name))
        place = f"`{name.upper()} {path}`"
        changes = ["it was removed"] if after is None else _operation(before, after, sides)
        yield from ((place, what) for what in changes)
    for name in sorted(schemas[0].keys() - schemas[1].keys()):
        yield f"schema `{name}`", "it was removed or has another name"
    for side, comparison in sides.items():
        for place, what in comparison.named():
            yield place, _SIDES[side] + what


def _operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, operations in document.get("paths", {}).items():
        for name in _METHODS:
            if name in operations:
                parameters = [_resolved(document, one) for one in operations[name].get("parameters", ())]
                yield path, name, operations[name] | {"parameters": parameters}


def _resolved(document: Document, parameter: Document) -> Document:
    if "$ref" not in parameter:
        return parameter
    found: Document = document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return found


def _operation(old: Document, new: Document, sides: Mapping[Reader, "_ByName"]) -> Iterator[str]:
    for name in ("operationId", "tags"):
        if old.get(name) != new.get(name):
            yield f"its {name} changed from {old.get(name)} to {new.get(name)}"
    yield from _parameters(old, new, sides[Reader.US])
    yield from _bodies(old.get("requestBody"), new.get("requestBody"), sides[Reader.US])
    for status, before in old["responses"].items():
        if status not in new["responses"]:
            yield f"status {status} was removed"
        else:
            after = new["responses"][status]
            yield from _contents(f"answer {status}", before, after, sides[Reader.CALLER])


def _parameters(old: Document, new: Document, requests: "_ByName") -> Iterator[str]:
    before, after = ({(one["in"], one["name"]): one for one in side.get("parameters", ())} for side in (old, new))
    for kind, name in before | after:
        one, other = before.get((kind, name)), after.get((kind, name))
        said = f"{kind} parameter `{name}`"
        if other is None:
            yield f"{said} was removed"
        elif one is None:
            if other.get("required"):
                yield f"{said} is new and required"
        else:
            if other.get("required") and not one.get("required"):
                yield f"{said} became required"
            yield from (f"{said}: {what}" for what in requests.of(one["schema"], other["schema"], ""))


def _bodies(old: Document | None, new: Document | None, requests: "_ByName") -> Iterator[str]:
    if new is not None and new.get("required") and not (old or {}).get("required"):
        yield "its body became required"
    if old is not None and new is None:
        yield "its body was removed"
    elif old is not None and new is not None:
        yield from _contents("body", old, new, requests)


def _contents(said: str, old: Document, new: Document, side: "_ByName") -> Iterator[str]:
    before, after = old.get("content", {}), new.get("content", {})
    for kind, content in before.items():
        if kind not in after:
            yield f"{said}: {kind} was removed"
        else:
            found = side.of(content.get("schema", {}), after[kind].get("schema", {}), "")
            yield from (f"{said} as {kind}: {what}" for what in found)


_OF_A_UNION = {"oneOf", "discriminator"}


@dataclass(frozen=True)
class _ByName(Comparison):
    """Compares each named schema once, however many operations use it, and remembers which have to be."""

    met: dict[tuple[str, str], None] = field(default_factory=dict)

    def of(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            before, after = type_of(old), type_of(new)
            if before != after and before in self.after and self.reader is not Reader.US:
                yield f"{f'field `{where}`' if where else self.whole} changed its type from {before} to {after}"
                return
            self.met[before, after] = None
            old, new = _beside(old), _beside(new)
        if "discriminator" in old and "discriminator" in new:
            yield from self._kinds(old["discriminator"]["mapping"], new["discriminator"]["mapping"], where)
            old, new = ({key: schema[key] for key in schema.keys() - _OF_A_UNION} for schema in (old, new))
        yield from super().of(_values(old), _values(new), where)

    def _kinds(self, old: Mapping[str, str], new: Mapping[str, str], where: str) -> Iterator[str]:
        """Compare each kind of a union with the one of its name; another kind is like another value in a list."""
        for name, kind in old.items():
            if name not in new:
                yield f"field `{where}` no longer allows {name}"
            else:
                yield from self.of({"$ref": kind}, {"$ref": new[name]}, where)

    def named(self) -> Iterator[tuple[str, str]]:
        """What changed in the schemas that were met, and in those that they refer to."""
        done: set[tuple[str, str]] = set()
        while waiting := [pair for pair in self.met if pair not in done]:
            for before, after in waiting:
                done.add((before, after))
                found = super().of(_values(self.before[before]), _values(self.after[after]), "")
                yield from ((f"schema `{before}`", what) for what in found)


def _beside(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "$ref"}


def _values(schema: Schema) -> Schema:
    """One fixed value as a list of one, which may grow to a list of several."""
    return {"enum" if key == "const" else key: [value] if key == "const" else value for key, value in schema.items()}


def _schemas(document: Document) -> dict[str, Schema]:
    found: dict[str, Schema] = document.get("components", {}).get("schemas", {})
    return found
