"""JSON Schema (draft 7) of an event's whole CloudEvents envelope, data included."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from aftersales.common.events import PARTNER, Envelope, Event, PartnerEnvelope
from aftersales.common.http.docstrings import read_class_doc, read_field_docs

Schema = dict[str, Any]


class _WithWords(GenerateJsonSchema):
    """Pydantic's, with the words of our sources instead of titles made from names."""

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made.pop("title", None)
        if words := read_class_doc(schema["cls"]):
            made["description"] = words
        else:
            made.pop("description", None)
        for name, words in read_field_docs(schema["cls"]).items():
            if name in made.get("properties", {}):
                made["properties"][name]["description"] = words
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (its interface)
        return False


def model_schema(kind: type[BaseModel]) -> Schema:
    """What a model accepts. Shared parts are under `definitions`."""
    made = kind.model_json_schema(ref_template="#/definitions/{model}", schema_generator=_WithWords, mode="validation")
    if "$defs" in made:
        made["definitions"] = made.pop("$defs")
    return made


def envelope_fields(*, partner: bool = False) -> Schema:
    """The envelope of any event of ours, or of those that partners send."""
    return model_schema(PartnerEnvelope if partner else Envelope)


def envelope_schema(kind: type[Event]) -> Schema:
    """The schema of one event type as it stands on the wire."""
    envelope, data = envelope_fields(partner=kind.TYPE.startswith(PARTNER)), model_schema(kind)
    definitions = data.pop("definitions", {})
    properties = envelope["properties"] | {"type": {"const": kind.TYPE, "type": "string"}, "data": data}
    made: Schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"urn:aftersales:event:{kind.TYPE}",
        "title": kind.TYPE,
        "type": "object",
        "required": envelope["required"],
        "properties": properties,
    }
    return made | ({"definitions": definitions} if definitions else {})


def resolve(schema: Schema, definitions: Schema) -> Schema:
    """Follow a reference into `definitions`; what stands beside it stays."""
    if "$ref" not in schema:
        return schema
    target = definitions[schema["$ref"].rpartition("/")[2]]
    return resolve(target | {key: value for key, value in schema.items() if key != "$ref"}, definitions)
