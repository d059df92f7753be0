"""The compatibility check: what may be added to a published event, and each kind of break, on doctored copies."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from contracts.compatibility import advice, differences, incompatible
from contracts.corrections import CORRECTIONS
from contracts.schema import Schema, envelope_schema

from aftersales.common.events import REGISTRY
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.intake import RequestRegistered
from aftersales.common.events.partner import PartnerServiceRequest

REPAIRED, REGISTERED = envelope_schema(RepairCompleted), envelope_schema(RequestRegistered)
Change = Callable[[Schema, Schema], Any]
"""What is done to a schema; given are its data and its definitions."""


def changed(schema: Schema, change: Change) -> Schema:
    copy = deepcopy(schema)
    change(copy["properties"]["data"], copy["definitions"])
    return copy


def _plain_phone(data: Schema, _definitions: Schema) -> None:
    data["properties"]["phone"] = {"type": "string", "maxLength": 40, "pattern": "[0-9]"}
    data["required"].append("phone")


ASKED = changed(envelope_schema(PartnerServiceRequest), _plain_phone)
"""What partners may send, with a field that is compulsory and has limits."""


def _optional(data: Schema, _definitions: Schema) -> None:
    data["properties"]["mileage"] = {"type": "integer", "default": 0}


def _required(data: Schema, definitions: Schema) -> None:
    _optional(data, definitions)
    data["required"].append("mileage")


def _words(data: Schema, definitions: Schema) -> None:
    data["description"] = "Said in another way."
    data["properties"]["cause"]["description"] = "Why it broke."
    definitions["ProductRef"]["title"] = "Product"


@pytest.mark.parametrize("change", [lambda _data, _definitions: None, _optional, _words])
def test_optional_fields_and_words_may_be_added(change: Change) -> None:
    assert list(differences(REPAIRED, changed(REPAIRED, change))) == []


def test_an_event_that_is_new_or_retired_breaks_nobody() -> None:
    assert list(incompatible({}, {RepairCompleted.TYPE: REPAIRED})) == []
    assert list(incompatible({RepairCompleted.TYPE: REPAIRED}, {})) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data, _: data["properties"].pop("cause"), "field `data.cause` was removed"),
        (lambda _, parts: parts["ProductRef"]["properties"].pop("line"), "field `data.product.line` was removed"),
        (lambda _, parts: parts["UsedPart"]["properties"].pop("part"), "field `data.parts_used[].part` was removed"),
        (_required, "field `data.mileage` is new and required"),
        (lambda data, _: data["required"].append("parts_used"), "field `data.parts_used` became required"),
        (lambda data, _: data["required"].remove("cause"), "field `data.cause` became optional"),
        (
            lambda data, _: data["properties"]["cause"].update(type="integer"),
            "field `data.cause` changed its type from string to integer",
        ),
        (
            lambda data, _: data["properties"].update(cause={"anyOf": [{"type": "string"}, {"type": "null"}]}),
            "field `data.cause` changed its type from string to string or null",
        ),
        (
            lambda data, _: data["properties"]["parts_used"].update(items={"type": "string"}),
            "field `data.parts_used[]` changed its type from object to string",
        ),
        (
            lambda data, _: data["properties"]["parts_used"].pop("items"),
            "field `data.parts_used[]` changed its type from object to anything",
        ),
        (
            lambda _, parts: parts["UsedPart"]["properties"]["quantity"].update(minimum=2),
            "field `data.parts_used[].quantity` changed its `minimum` from 1 to 2",
        ),
        (
            lambda data, _: data["properties"]["cause"].update(maxLength=10),
            "field `data.cause` changed its `maxLength` from 'nothing' to 10",
        ),
        (
            lambda data, _: data["properties"]["at"].update(format="date"),
            "field `data.at` changed its `format` from 'date-time' to 'date'",
        ),
        (
            lambda data, _: data.update(additionalProperties=False),
            "field `data` changed its `additionalProperties` from 'nothing' to False",
        ),
    ],
)
def test_each_kind_of_break_is_found(change: Change, said: str) -> None:
    assert said in list(differences(REPAIRED, changed(REPAIRED, change)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda data, _: data["properties"]["kind"]["enum"].remove("repair"),
            "field `data.kind` no longer allows repair",
        ),
        (
            lambda data, _: data["properties"]["kind"]["enum"].append("recall"),
            "field `data.kind` now also says recall, which its readers do not know",
        ),
        (
            lambda data, _: data["properties"]["kind"].pop("enum"),
            "field `data.kind` is no longer a list of fixed values",
        ),
        (
            lambda data, _: data["properties"]["fault"].update(enum=["x"]),
            "field `data.fault` became a list of fixed values",
        ),
        (
            lambda _, parts: parts["GeoPoint"]["properties"].update(alt={"type": "number"}),
            "field `data.location.alt` is new, where readers refuse fields that they do not know",
        ),
    ],
)
def test_a_break_of_fixed_values_and_closed_objects_is_found(change: Change, said: str) -> None:
    assert said in list(differences(REGISTERED, changed(REGISTERED, change)))


@pytest.mark.parametrize(
    ("field", "change", "said"),
    [
        ("id", lambda envelope: envelope["properties"].pop("id"), "field `id` was removed"),
        ("type", lambda envelope: envelope["properties"]["type"].update(const="x"), "field `type` changed its `const`"),
        ("branch", lambda envelope: envelope["required"].append("branch"), "field `branch` became required"),
    ],
)
def test_a_break_of_the_envelope_is_found(field: str, change: Callable[[Schema], Any], said: str) -> None:
    copy = deepcopy(REPAIRED)
    assert field in copy["properties"]
    change(copy)

    assert any(what.startswith(said) for what in differences(REPAIRED, copy))


@pytest.mark.parametrize(
    "change",
    [
        _optional,
        lambda data, _: data["required"].remove("phone"),
        lambda data, _: data["properties"]["kind"]["enum"].append("recall"),
        lambda data, _: data["properties"]["kind"].pop("enum"),
        lambda data, _: data["properties"]["phone"].update(maxLength=60),
        lambda data, _: data["properties"]["phone"].pop("pattern"),
        lambda data, _: data["properties"].update(phone={}),
        lambda data, _: data["properties"].update(branch={"type": "string", "minLength": 1, "maxLength": 64}),
    ],
)
def test_what_partners_may_send_can_grow_because_we_are_its_only_reader(change: Change) -> None:
    assert list(differences(ASKED, changed(ASKED, change), inbound=True)) == []
    assert list(differences(ASKED, changed(ASKED, change))) != []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_required, "field `data.mileage` is new and required"),
        (lambda data, _: data["properties"].pop("address"), "field `data.address` was removed"),
        (lambda data, _: data["required"].append("description"), "field `data.description` became required"),
        (
            lambda data, _: data["properties"]["kind"]["enum"].remove("repair"),
            "field `data.kind` no longer allows repair",
        ),
        (
            lambda data, _: data["properties"]["phone"].update(maxLength=11),
            "field `data.phone` changed its `maxLength` from 40 to 11",
        ),
        (
            lambda data, _: data["properties"]["phone"].update(minLength=11),
            "field `data.phone` changed its `minLength` from 'nothing' to 11",
        ),
        (
            lambda data, _: data["properties"].update(branch={"type": "string", "maxLength": 63}),
            "field `data.branch` changed its `maxLength` from 'nothing' to 63",
        ),
    ],
)
def test_what_partners_send_today_must_stay_welcome(change: Change, said: str) -> None:
    assert said in list(differences(ASKED, changed(ASKED, change), inbound=True))


@pytest.mark.parametrize("keys", ["additionalProperties", "patternProperties"])
def test_a_break_of_the_values_of_a_map_is_found(keys: str) -> None:
    part = {"$ref": "#/definitions/UsedPart"}
    values = part if keys == "additionalProperties" else {"^[a-z]+$": part}
    old = changed(REPAIRED, lambda data, _: data["properties"].update(by_place={"type": "object", keys: values}))
    new = changed(old, lambda _, parts: parts["UsedPart"]["properties"].pop("part"))

    assert "field `data.by_place.part` was removed" in list(differences(old, new))


def test_a_break_is_told_with_the_version_that_mends_it() -> None:
    broken = changed(REPAIRED, lambda data, _: data["properties"].pop("cause"))
    [told] = incompatible({RepairCompleted.TYPE: REPAIRED}, {RepairCompleted.TYPE: broken})

    assert told.startswith("dispatch.repair_completed.v1: field `data.cause` was removed. ")
    assert "leave it as it was, add dispatch.repair_completed.v2 beside it" in told
    assert "dispatch.repair_completed.v13" in advice("dispatch.repair_completed.v12")


def test_a_correction_of_a_wrong_description_is_let_through_and_every_other_change_of_the_event_is_not() -> None:
    wrong = changed(
        REGISTERED, lambda data, _: data["properties"]["response"].update(additionalProperties={"type": "string"})
    )
    worse = changed(REGISTERED, lambda data, _: data["properties"].pop("policy"))

    assert list(differences(wrong, REGISTERED)) != []
    assert list(incompatible({RequestRegistered.TYPE: wrong}, {RequestRegistered.TYPE: REGISTERED})) == []
    assert len(list(incompatible({RequestRegistered.TYPE: REGISTERED}, {RequestRegistered.TYPE: worse}))) == 1


def test_each_correction_names_a_published_event() -> None:
    assert {kind for kind, _field in CORRECTIONS} <= {"*", *REGISTRY}
