"""Every example fits its schema, our models and the CloudEvents SDK read it, and readers stand new fields."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from cloudevents.core.formats.json import JSONFormat
from contracts.catalogue import Contract, catalogue, services
from contracts.example import FOLDER, flaws, path, read
from contracts.schema import Schema, envelope_schema, resolve

from aftersales.common.events import REGISTRY, decode_envelope
from aftersales.values.errors import Malformed

CONTRACTS = catalogue(services())
SCHEMAS = {contract.type: envelope_schema(contract.kind) for contract in CONTRACTS}
each_event = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.type)


@each_event
def test_the_example_decodes_to_its_event_and_back(root: Path, contract: Contract) -> None:
    example = read(root, contract.type)
    event = decode_envelope(json.dumps(example).encode()).event()

    assert type(event) is contract.kind
    assert event.model_dump(mode="json") == event.model_dump(mode="json") | example["data"]


@each_event
def test_the_cloudevents_sdk_reads_the_example(root: Path, contract: Contract) -> None:
    event = JSONFormat().read(None, (root / path(contract.type)).read_bytes())

    assert event.get_type() == contract.type
    assert event.get_specversion() == "1.0"
    assert event.get_extension("correlationid")


@each_event
def test_a_required_field_that_is_missing_is_refused_by_schema_and_model_alike(root: Path, contract: Contract) -> None:
    example, schema = read(root, contract.type), SCHEMAS[contract.type]
    for name in schema["properties"]["data"].get("required", ()):
        lacking = example | {"data": {key: value for key, value in example["data"].items() if key != name}}

        assert not jsonschema.Draft7Validator(schema).is_valid(lacking), name
        with pytest.raises(Malformed):
            decode_envelope(json.dumps(lacking).encode()).event()


@each_event
def test_a_reader_of_today_stands_fields_that_are_added_later(root: Path, contract: Contract) -> None:
    """Everywhere but where the schema says that the object is closed; there a new field is refused."""
    example, schema = read(root, contract.type), SCHEMAS[contract.type]
    today = decode_envelope(json.dumps(example).encode()).event()
    for place, is_open in objects(schema, schema.get("definitions", {}), example):
        place["added_later"] = {"since": 2}
        later = json.dumps(example).encode()
        if is_open:
            assert decode_envelope(later).event() == today
        else:
            with pytest.raises(Malformed):
                decode_envelope(later).event()
        assert jsonschema.Draft7Validator(schema).is_valid(json.loads(later)) == is_open
        del place["added_later"]


def test_only_partners_events_coordinates_and_amounts_are_closed_to_new_fields(root: Path) -> None:
    closed = {
        (contract.type.startswith("partner."), *sorted(place))
        for contract in CONTRACTS
        for place, is_open in objects(
            SCHEMAS[contract.type], SCHEMAS[contract.type].get("definitions", {}), read(root, contract.type)
        )
        if not is_open
    }

    assert {shape[1:] for shape in closed if not shape[0]} == {("lat", "lon"), ("amount", "currency")}
    assert any("customer_name" in shape for shape in closed)


def test_every_event_class_of_the_registry_is_in_the_catalogue() -> None:
    assert {name for name, kind in REGISTRY.items() if kind.__module__.startswith("aftersales.")} == set(SCHEMAS)


def test_the_examples_have_no_flaws(root: Path) -> None:
    assert list(flaws(root, SCHEMAS)) == []


def _forget(folder: Path) -> None:
    (folder / "intake.request_closed.v1.json").unlink()


def _rename(folder: Path) -> None:
    (folder / "intake.request_closed.v1.json").rename(folder / "intake.request_ended.v1.json")


def _spoil(folder: Path) -> None:
    file = folder / "dispatch.part_needed.v1.json"
    file.write_text(file.read_text().replace('"quantity": 2', '"quantity": 0'))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_forget, "intake.request_closed.v1.json is missing: write one event"),
        (_rename, "intake.request_ended.v1.json is an example of nothing"),
        (_spoil, "dispatch.part_needed.v1.json: data.quantity: 0 is less than the minimum of 1. Correct the example"),
    ],
)
def test_a_flaw_is_told_with_what_to_do(root: Path, tmp_path: Path, harm: Callable[[Path], None], said: str) -> None:
    shutil.copytree(root / FOLDER, tmp_path / FOLDER)
    harm(tmp_path / FOLDER)

    assert any(said in flaw for flaw in flaws(tmp_path, SCHEMAS))


def objects(schema: Schema, definitions: Schema, value: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every object inside an example, and whether its schema lets fields be added."""
    schema = resolve(schema, definitions)
    if isinstance(value, list):
        for item in value:
            yield from objects(schema["items"], definitions, item)
    elif "anyOf" in schema and value is not None:
        yield from objects(schema["anyOf"][0], definitions, value)
    elif isinstance(value, dict) and "properties" in schema:
        yield value, schema.get("additionalProperties") is not False
        for name, field in schema["properties"].items():
            if name in value:
                yield from objects(field, definitions, value[name])
