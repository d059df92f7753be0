"""The pages made from code: `docs/events.md` and `docs/settings.md`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from contracts import example, published
from contracts.catalogue import Contract, topology
from contracts.compatibility import type_of
from contracts.schema import Schema, envelope_fields, model_schema
from pydantic_core import to_jsonable_python

from aftersales.common.events import PartnerEnvelope
from aftersales.common.http.docstrings import read_class_doc
from aftersales.common.settings import PREFIX, ServiceSettings

_GENERATED = "<!-- Written by contracts/generate.py (`make contracts`). Change the source, not this page. -->"
_SIGNS = {"minimum": "≥ ", "exclusiveMinimum": "> ", "maximum": "≤ ", "exclusiveMaximum": "< "}
_EVENTS = """\
# Events

{generated}

Every event is a [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) event in
structured JSON. [contracts/asyncapi.json](../contracts/asyncapi.json) describes all events as AsyncAPI 3.0, and
[contracts/openapi](../contracts/openapi) the HTTP interfaces of the services.

- **The topic exchange `{events}`** receives the events of the four services. The routing key is the event's type. To
  read events, bind your own queue, for example with `intake.#`.
- **The topic exchange `{partners}`** receives the events of [partners](partners.md), which only intake reads.
- **The stream `{journal}`** stores the events of the four services for 7 days, at most 2 GB. To read it,
  set a prefetch (`basic.qos`), consume with the argument `x-stream-offset` (`first`, `last`, `next`, an offset or a
  time; without it you receive only new events), and acknowledge. `basic.get` does not work on a stream.
- **Limits.** RabbitMQ accepts messages of at most 4 MiB. An `id`, `source`, `type`, `subject` or `correlationid` has at
  most 256 characters.

`AFTERSALES_BUS` replaces the first part of these three names.

An event may arrive more than once (compare `id`) and in any order (`sequence` shows which is older). Readers ignore
unknown fields, so a version may gain optional fields; any other change is a new version
([CONTRIBUTING](../CONTRIBUTING.md#contracts)).
"""
_SETTINGS = """\
# Settings

{generated}

Each setting is an environment variable. Durations are written as in ISO 8601 (`PT15M`) or as `00:15:00`; lists and maps
as JSON. A secret can come from a file: `AFTERSALES_MONGO_URL_FILE=/run/secrets/mongo_url` is read if
`AFTERSALES_MONGO_URL` is not set. The same works for every setting that is not a list or a map.

An invalid value ends the service at its start, with a line for each such variable on stderr. An unknown variable whose
name resembles a setting causes a warning in the log (`settings.unknown`).
"""
_LOCAL = """\
## The local run

`make up` and `make demo` pass all of these to the services, except host and port. If `AFTERSALES_MONGO_URL` or
`AFTERSALES_AMQP_URL` is set, the local run and the tests use that server and start none of their own. If
`AFTERSALES_OIDC_ISSUER` is set, people sign in there, and if it is empty, nobody does; else the local run starts a
sign-in server for development ([sign-in.md](sign-in.md)).
`AFTERSALES_RABBITMQ_SERVER` names another `rabbitmq-server` program for the local run, the tests and `make faults`;
its `rabbitmqctl` must be in the same folder. `AFTERSALES_PORT_<NAME>` sets the ports of the local run:

| variable | port |
| --- | --- |
"""


def events_page(contracts: Iterable[Contract]) -> str:
    """Every event: its publisher, its readers and its fields."""
    known = tuple(contracts)
    names = topology("")
    places = {"events": names.events, "partners": names.partner_exchange, "journal": names.journal}
    lines = [_EVENTS.format(generated=_GENERATED, **places), "| event | from | to | |", "| --- | --- | --- | --- |"]
    for contract in known:
        to = ", ".join(contract.consumers) or "nobody yet"
        about = _cell(read_class_doc(contract.kind))
        lines.append(f"| [`{contract.type}`](#{_anchor(contract.type)}) | {contract.producer} | {to} | {about} |")
    lines += ["", "## The envelope", "", *_fields(envelope_fields())]
    lines += ["", "## The envelope of a partner's event", "", read_class_doc(PartnerEnvelope), ""]
    lines += _fields(envelope_fields(partner=True))
    for contract in known:
        lines += ["", f"## {contract.type}", ""]
        if words := read_class_doc(contract.kind):
            lines += [words, ""]
        lines += [*_fields(model_schema(contract.kind)), "", _files(contract.type)]
    return "\n".join(lines) + "\n"


def _files(kind: str) -> str:
    return f"[schema](../{published.SCHEMAS.file(kind)}) · [example](../{example.path(kind)})"


def settings_page(services: Mapping[str, type[ServiceSettings]], ports: Mapping[str, int]) -> str:
    """Every setting with its default, once for all services and then each service's own."""
    shared = _settings(ServiceSettings)
    lines = [_SETTINGS.format(generated=_GENERATED), "## Every service", *_table(shared)]
    for name, kind in services.items():
        own = {setting: row for setting, row in _settings(kind).items() if shared.get(setting) != row}
        lines += ["", f"## {name}", *_table(own)]
    local = [f"| `{PREFIX}PORT_{name}` | {port} |" for name, port in ports.items()]
    return "\n".join([*lines, "", _LOCAL.rstrip(), *local]) + "\n"


def _table(rows: Mapping[str, str]) -> list[str]:
    return ["", "| variable | default | |", "| --- | --- | --- |", *rows.values()]


def _settings(kind: type[ServiceSettings]) -> dict[str, str]:
    rows = {}
    for name, schema in model_schema(kind)["properties"].items():
        variable = f"{PREFIX}{name.upper()}"
        words = " ".join(filter(None, (schema.get("description", ""), _choice(schema), _limits(schema))))
        rows[name] = f"| `{variable}` | {_default(kind, name)} | {_cell(words)} |"
    return rows


def _default(kind: type[ServiceSettings], name: str) -> str:
    """The default as one would write it into the environment."""
    field = kind.model_fields[name]
    if field.default_factory is not None:
        return "this machine's host name"
    value = field.default.get_secret_value() if hasattr(field.default, "get_secret_value") else field.default
    text = to_jsonable_python(value)
    return f"`{text if isinstance(text, str) else json.dumps(text)}`" if text != "" else ""


def _choice(schema: Schema) -> str:
    return f"One of {', '.join(f'`{value}`' for value in schema['enum'])}." if "enum" in schema else ""


def _limits(schema: Schema) -> str:
    return f"({_bounds(schema)})" if _bounds(schema) else ""


def _fields(schema: Schema) -> list[str]:
    definitions = schema.get("definitions", {})
    lines = ["| field | type | |", "| --- | --- | --- |"]
    return lines + list(_rows(schema, definitions, ""))


def _rows(schema: Schema, definitions: Schema, under: str) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        optional = "" if name in required or under else "; optional"
        words = _cell(field.get("description", ""))
        yield f"| `{under}{name}` | {_cell(_typed(field))}{optional} | {words} |"
        inner = _inner(field)
        if inner in definitions:
            array = "[]" if field.get("type") == "array" else ""
            yield from _rows(definitions[inner], definitions, f"{under}{name}{array}.")


def _inner(field: Schema) -> str:
    """The name of the shared part that a field holds, directly, in a list or as an option."""
    for candidate in (field, field.get("items", {}), *field.get("anyOf", ())):
        if "$ref" in candidate:
            return str(candidate["$ref"]).rpartition("/")[2]
    return ""


def _typed(field: Schema) -> str:
    if "anyOf" in field:
        return " or ".join(_typed(option) for option in field["anyOf"])
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        return "object"
    if field.get("type") == "array":
        return f"list of {_typed(field['items'])}s"
    return " ".join(
        filter(None, (str(type_of(field)), f"({field['format']})" if "format" in field else "", _bounds(field)))
    )


def _bounds(field: Schema) -> str:
    bounds = [f"{sign}{field[word]}" for word, sign in _SIGNS.items() if word in field]
    return ", ".join(bounds)


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|")


def _anchor(heading: str) -> str:
    """The fragment that GitHub gives a heading."""
    return "".join(sign for sign in heading.lower() if sign.isalnum() or sign in "-_")
