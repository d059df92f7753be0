"""How an OpenAPI document may change under the clients made from it, each rule tried on the real documents."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from contracts.catalogue import services
from contracts.openapi import Document, differences, documents, incompatible

DOCUMENTS = documents(services())
DISPATCH = DOCUMENTS["dispatch"]
Change = Callable[[Any, Any], Any]
"""What is done to a document; given are its paths and its schemas."""


def changed(change: Change) -> Document:
    copy = deepcopy(DISPATCH)
    change(copy["paths"], copy["components"]["schemas"])
    return copy


def found(old: Document, new: Document) -> list[str]:
    return [f"{place}: {what}" for place, what in differences(old, new)]


def decline(paths: Any) -> Any:
    return paths["/orders/{number}/decline"]["post"]


def parameter(paths: Any, name: str, path: str = "/orders") -> Any:
    return next(one for one in paths[path]["get"]["parameters"] if one.get("name") == name)


def of(schemas: Any, name: str) -> Any:
    return schemas[name]["properties"]


def another(paths: Any, *, required: bool) -> None:
    said = {"name": "since", "in": "query", "required": required, "schema": {"type": "string"}}
    paths["/orders"]["get"]["parameters"].append(said)


def rename(_paths: Any, schemas: Any, name: str = "UsedPart", other: str = "SparePart") -> None:
    schemas[other] = schemas.pop(name)
    for user in ("ServiceReport", "CompleteVisit"):
        of(schemas, user)["parts_used"]["items"]["$ref"] = f"#/components/schemas/{other}"


OPERATIONS: list[tuple[Change, str]] = [
    (lambda p, _: p.pop("/orders/{number}/arrive"), "`POST /orders/{number}/arrive`: it was removed"),
    (lambda p, _: p["/dead/{id}"].pop("delete"), "`DELETE /dead/{id}`: it was removed"),
    (
        lambda p, _: p["/orders"]["get"].update(operationId="orders"),
        "`GET /orders`: its operationId changed from list_orders_orders_get to orders",
    ),
    (lambda p, _: p["/orders"]["get"].update(tags=["x"]), "`GET /orders`: its tags changed from ['orders'] to ['x']"),
    (
        lambda p, _: p["/orders/{number}/accept"]["post"]["parameters"].pop(),
        "`POST /orders/{number}/accept`: header parameter `If-Match` was removed",
    ),
    (
        lambda p, _: p["/orders"]["get"]["parameters"].remove(parameter(p, "state")),
        "`GET /orders`: query parameter `state` was removed",
    ),
    (lambda p, _: another(p, required=True), "`GET /orders`: query parameter `since` is new and required"),
    (
        lambda p, _: parameter(p, "branch").update(required=True),
        "`GET /orders`: query parameter `branch` became required",
    ),
    (
        lambda p, _: parameter(p, "limit")["schema"].update(maximum=10),
        "`GET /orders`: query parameter `limit`: it changed its `maximum` from 200 to 10",
    ),
    (
        lambda p, _: parameter(p, "limit")["schema"].update(default=7),
        "`GET /orders`: query parameter `limit`: it changed its `default` from 50 to 7",
    ),
    (lambda p, _: decline(p).pop("requestBody"), "`POST /orders/{number}/decline`: its body was removed"),
    (
        lambda p, _: p["/orders/{number}/arrive"]["post"].update(requestBody={"required": True, "content": {}}),
        "`POST /orders/{number}/arrive`: its body became required",
    ),
    (
        lambda p, _: decline(p)["requestBody"].update(content={}),
        "`POST /orders/{number}/decline`: body: application/json was removed",
    ),
    (lambda p, _: decline(p)["responses"].pop("409"), "`POST /orders/{number}/decline`: status 409 was removed"),
    (
        lambda p, _: decline(p)["responses"]["409"]["content"].pop("application/problem+json"),
        "`POST /orders/{number}/decline`: answer 409: application/problem+json was removed",
    ),
    (
        lambda p, _: decline(p)["responses"]["200"]["content"]["application/json"].update(schema={"type": "string"}),
        "`POST /orders/{number}/decline`: answer 200 as application/json: it changed its type from object to string",
    ),
    (
        lambda p, _: p["/archive"]["get"]["responses"]["200"]["content"]["application/json"]["schema"].update(
            items={"$ref": "#/components/schemas/Removed"}
        ),
        "`GET /archive`: answer 200 as application/json: field `[]` changed its type from Collected to Removed",
    ),
]
SCHEMAS: list[tuple[Change, str]] = [
    (rename, "schema `UsedPart`: it was removed or has another name"),
    (lambda _, s: of(s, "WorkOrder").pop("fault"), "schema `WorkOrder`: in answers, field `fault` was removed"),
    (
        lambda _, s: s["WorkOrder"]["required"].remove("fault"),
        "schema `WorkOrder`: in answers, field `fault` became optional",
    ),
    (
        lambda _, s: of(s, "WorkOrder").update(fault={"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "schema `WorkOrder`: in answers, field `fault` changed its type from string to string or null",
    ),
    (
        lambda _, s: of(s, "WorkOrder")["registered_at"].update(format="date"),
        "schema `WorkOrder`: in answers, field `registered_at` changed its `format` from 'date-time' to 'date'",
    ),
    (
        lambda _, s: of(s, "WorkOrder")["quotation"]["enum"].remove("needed"),
        "schema `WorkOrder`: in answers, field `quotation` no longer allows needed",
    ),
    (
        lambda _, s: of(s, "WorkOrder")["quotation"].pop("enum"),
        "schema `WorkOrder`: in answers, field `quotation` is no longer a list of fixed values",
    ),
    (
        lambda _, s: of(s, "WorkOrder")["product"].update({"$ref": "#/components/schemas/Money"}),
        "schema `WorkOrder`: in answers, field `product` changed its type from ProductRef to Money",
    ),
    (
        lambda _, s: (
            s["WorkOrder"]["required"].append("response")
            or of(s, "WorkOrder")["response"]["patternProperties"].update({"^[a-z][a-z_]{1,63}$": {"type": "string"}})
        ),
        "schema `WorkOrder`: in answers, field `response` changed its type from number to string",
    ),
    (
        lambda _, s: (of(s, "Decline").update(by={"type": "string"}), s["Decline"]["required"].append("by")),
        "schema `Decline`: in requests, field `by` is new and required",
    ),
    (
        lambda _, s: s["CompleteVisit"]["required"].append("parts_used"),
        "schema `CompleteVisit`: in requests, field `parts_used` became required",
    ),
    (
        lambda _, s: of(s, "CompleteVisit").pop("customer_remarks"),
        "schema `CompleteVisit`: in requests, field `customer_remarks` was removed",
    ),
    (
        lambda _, s: of(s, "CompleteVisit")["tested"].update(type="integer"),
        "schema `CompleteVisit`: in requests, field `tested` changed its type from boolean to integer",
    ),
    (
        lambda _, s: of(s, "FieldCommands")["commands"]["items"]["discriminator"]["mapping"].pop("arrive"),
        "schema `FieldCommands`: in requests, field `commands[]` no longer allows arrive",
    ),
    (
        lambda _, s: of(s, "ArriveCommand").pop("body"),
        "schema `ArriveCommand`: in requests, field `body` was removed",
    ),
    (
        lambda _, s: of(s, "Decline")["reason"].update(maxLength=100),
        "schema `Decline`: in requests, field `reason` changed its `maxLength` from 200 to 100",
    ),
    (
        lambda _, s: of(s, "Decline")["reason"].update(pattern="x"),
        "schema `Decline`: in requests, field `reason` changed its `pattern` from 'nothing' to 'x'",
    ),
    (
        lambda _, s: of(s, "Decline")["reason"].update(enum=["ill"]),
        "schema `Decline`: in requests, field `reason` became a list of fixed values",
    ),
]
ALLOWED: list[Change] = [
    lambda p, _: p.update({"/orders/{number}/nap": p["/orders/{number}/arrive"]}),
    lambda p, _: another(p, required=False),
    lambda p, _: p["/orders"]["get"].update(deprecated=True, description="x", summary="x"),
    lambda p, _: p["/orders"]["get"]["responses"].update({"418": {"description": "x"}}),
    lambda p, _: parameter(p, "limit")["schema"].update(maximum=1000),
    lambda p, _: p["/dead/{id}/replay"]["post"].update(requestBody={"content": {}}),
    lambda _, s: (
        of(s, "FieldCommands")["commands"]["items"]["discriminator"]["mapping"].update(nap="#/components/schemas/Nap"),
        s.update(Nap={"type": "object"}),
    ),
    lambda _, s: s.update(Another={"type": "object"}),
    lambda _, s: (of(s, "WorkOrder").update(by={"type": "string"}), s["WorkOrder"]["required"].append("by")),
    lambda _, s: s["WorkOrder"]["required"].append("state"),
    lambda _, s: of(s, "WorkOrder")["state"]["enum"].append("paused"),
    lambda _, s: of(s, "WorkOrder")["state"].update(default="offered", deprecated=True),
    lambda _, s: of(s, "Decline").update(by={"type": "string", "default": "x"}),
    lambda _, s: s["Decline"]["required"].remove("reason"),
    lambda _, s: of(s, "Decline")["reason"].update(maxLength=300, minLength=0),
    lambda _, s: of(s, "Decline").update(reason={"anyOf": [of(s, "Decline")["reason"], {"type": "null"}]}),
    lambda _, s: s["Decline"].pop("additionalProperties"),
]


@pytest.mark.parametrize(("change", "said"), [*OPERATIONS, *SCHEMAS])
def test_each_kind_of_break_is_found(change: Change, said: str) -> None:
    assert said in found(DISPATCH, changed(change))


@pytest.mark.parametrize("change", ALLOWED)
def test_clients_survive_what_is_added(change: Change) -> None:
    assert changed(change) != DISPATCH
    assert found(DISPATCH, changed(change)) == []


def test_a_request_may_accept_further_values_and_never_fewer() -> None:
    narrow, wide = (
        changed(lambda _, s, values=values: of(s, "Decline")["reason"].update(enum=values))  # type: ignore[misc]
        for values in (["ill"], ["ill", "away"])
    )

    assert found(narrow, wide) == []
    assert found(wide, narrow) == ["schema `Decline`: in requests, field `reason` no longer allows away"]
    assert found(narrow, DISPATCH) == [], "any value is more than these"


def test_a_fixed_value_may_become_a_list_that_has_it() -> None:
    said = {"enum": ["same", "none"], "type": "string"}
    both = changed(lambda _, s: of(s, "Retarget")["calendar"]["anyOf"].__setitem__(1, said))

    assert found(DISPATCH, both) == []
    assert found(both, DISPATCH) == ["schema `Retarget`: in answers, field `calendar` no longer allows none"]


def test_a_request_that_took_unknown_fields_goes_on_taking_them() -> None:
    opened = changed(lambda _, s: s["Decline"].pop("additionalProperties"))

    assert found(opened, DISPATCH) == [
        "schema `Decline`: in requests, it changed its `additionalProperties` from 'nothing' to False"
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_of_every_document_is_compared(name: str) -> None:
    broken = deepcopy(DOCUMENTS[name])
    for schema in broken["components"]["schemas"].values():
        schema["format"] = "broken"

    places = {place for place, _ in differences(DOCUMENTS[name], broken)}
    assert places == {f"schema `{schema}`" for schema in broken["components"]["schemas"]}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_compatible_with_itself(name: str) -> None:
    assert found(DOCUMENTS[name], deepcopy(DOCUMENTS[name])) == []


def test_a_service_that_is_gone_took_its_operations_along() -> None:
    assert len(list(incompatible({"dispatch": DISPATCH}, {}))) > 20
    assert list(incompatible({}, {"dispatch": DISPATCH})) == []


def test_a_break_is_told_with_its_mend_and_a_correction_lets_one_place_through() -> None:
    old, new = {"dispatch": DISPATCH}, {"dispatch": changed(rename)}
    [told] = incompatible(old, new)

    assert told.startswith("dispatch: schema `UsedPart`: it was removed or has another name. Clients are made from ")
    assert "contracts/openapi/dispatch.json" in told
    assert list(incompatible(old, new, {("dispatch", "schema `UsedPart`"): "a better name"})) == []
    assert len(list(incompatible(old, new, {("intake", "schema `UsedPart`"): "another service"}))) == 1
    assert list(incompatible(old, new, {("*", "it was removed or has"): "a kind of change, anywhere"})) == []


def test_a_tag_for_an_operation_without_one_moves_it_to_another_group_of_a_generated_client() -> None:
    new = changed(lambda paths, _: paths["/orders"]["get"].pop("tags"))

    assert found(new, DISPATCH) == ["`GET /orders`: its tags changed from None to ['orders']"]
