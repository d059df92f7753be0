"""What the OpenAPI documents tell a partner's programmer: groups, titles, headers, errors and the meaning of fields."""

import re
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from contracts.catalogue import services
from contracts.openapi import documents

DOCUMENTS = documents(services())
OPERATIONS = [
    pytest.param(document, operation, id=f"{name} {method} {path}")
    for name, document in DOCUMENTS.items()
    for path, methods in document["paths"].items()
    for method, operation in methods.items()
]
each_operation = pytest.mark.parametrize(("document", "operation"), OPERATIONS)
INTAKE = DOCUMENTS["intake"]["paths"]


def headers(path: str, method: str) -> list[str]:
    return [one["$ref"].rpartition("/")[2] for one in INTAKE[path][method]["parameters"] if "$ref" in one]


def answered(path: str, method: str, status: str) -> set[str]:
    return set(INTAKE[path][method]["responses"][status].get("headers", {}))


@each_operation
def test_an_operation_is_in_a_group_that_is_explained(document: Any, operation: Any) -> None:
    [tag] = operation["tags"]
    [words] = [one["description"] for one in document["tags"] if one["name"] == tag]

    assert re.fullmatch(r"[A-Z].*\.", words), words


def test_the_group_of_an_operation_is_its_capability() -> None:
    assert INTAKE["/requests"]["post"]["tags"] == ["requests"]
    assert INTAKE["/customers/{customer}"]["patch"]["tags"] == ["archive"]
    assert INTAKE["/customers"]["post"]["tags"] == INTAKE["/customers"]["get"]["tags"] == ["archive"]
    assert INTAKE["/archive"]["get"]["tags"] == INTAKE["/deadlines/{number}"]["get"]["tags"] == ["operations"]


@each_operation
def test_an_operation_has_a_title_that_reads_well(document: Any, operation: Any) -> None:
    title = operation["summary"]

    assert re.fullmatch(r"[A-Z][a-z]+ .*[^.:;,]", title), title
    assert len(title) <= 90
    assert not re.search(r"\((ALL|INT|DSP|INV|FBK)-\d", operation["description"]), (
        "a rule's number tells a caller nothing"
    )


def test_the_title_of_an_operation_is_the_beginning_of_its_docstring() -> None:
    assert INTAKE["/requests"]["post"]["summary"] == "Register a request"
    assert INTAKE["/requests/{number}/review"]["post"]["summary"].endswith("reviewed (当日上交审阅)")


@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/requests", "get", []),
        ("/requests", "post", ["X-Actor", "Idempotency-Key"]),
        ("/requests/{number}/cancel", "post", ["X-Actor", "Idempotency-Key", "If-Match"]),
        ("/customers/{customer}", "patch", ["X-Actor", "Idempotency-Key", "If-Match"]),
        ("/customers/{customer}/files", "post", ["X-Actor", "Idempotency-Key"]),
        ("/requests/check", "post", ["X-Actor"]),
        ("/imports/requests", "post", ["X-Actor"]),
        ("/classification/suggest", "post", []),
        ("/dead/{id}", "delete", ["X-Actor", "Idempotency-Key", "If-Match"]),
    ],
)
def test_an_operation_declares_the_headers_that_have_an_effect_on_it(
    path: str, method: str, expected: list[str]
) -> None:
    assert headers(path, method) == ["Accept-Language", "X-Correlation-Id", "Personal-Data", *expected]


def test_an_answer_declares_its_headers() -> None:
    assert answered("/requests", "post", "201") == {"ETag", "Location", "Idempotent-Replayed"}
    assert answered("/policies", "post", "201") == {"ETag", "Location", "Idempotent-Replayed"}
    assert answered("/contacts", "post", "201") == {"Idempotent-Replayed"}
    assert answered("/customers/{customer}", "get", "200") == {"ETag", "Content-Location"}
    assert answered("/files/{id}", "get", "200") == set(), "a file is sent with its own headers only"
    assert answered("/requests", "get", "200") == set()
    assert answered("/requests", "post", "409") == {"Idempotent-Replayed"}
    assert answered("/requests", "get", "503") == {"Retry-After"}
    assert answered("/public/complaints", "post", "429") == {"Retry-After"}


@each_operation
def test_every_error_is_declared_in_the_one_form_in_which_it_is_sent(document: Any, operation: Any) -> None:
    errors = {status: set(answer["content"]) for status, answer in operation["responses"].items() if status >= "400"}

    assert {"400", "404", "409", "412", "413", "422", "503"} <= errors.keys()
    assert set(map(frozenset, errors.values())) == {frozenset({"application/problem+json"})}


def fields(document: Any) -> Iterator[tuple[str, Any]]:
    for name, schema in document["components"]["schemas"].items():
        yield from ((f"{name}.{field}", shown) for field, shown in schema.get("properties", {}).items())


def references(shown: Any) -> Iterator[str]:
    """The schemas to which a part of a document refers."""
    if isinstance(shown, dict):
        if "$ref" in shown:
            yield shown["$ref"].rpartition("/")[2]
        yield from (name for one in shown.values() for name in references(one))
    if isinstance(shown, list):
        yield from (name for one in shown for name in references(one))


def of_requests(document: Any) -> set[str]:
    """The schemas of request bodies, and those that they refer to."""
    bodies = [operation.get("requestBody") for path in document["paths"].values() for operation in path.values()]
    found: dict[str, None] = dict.fromkeys(references(bodies))
    while new := {one for name in found for one in references(document["components"]["schemas"][name])} - found.keys():
        found |= dict.fromkeys(new)
    return set(found)


def undescribed(document: Any, schemas: Collection[str]) -> list[str]:
    return [name for name, shown in fields(document) if not shown.get("description") and name.split(".")[0] in schemas]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_of_every_request_is_described(name: str) -> None:
    document = DOCUMENTS[name]

    assert {"Removal", "Written"} <= of_requests(document)
    assert undescribed(document, of_requests(document)) == []


@pytest.mark.parametrize(("name", "least"), [("intake", 65), ("dispatch", 65), ("inventory", 60), ("feedback", 55)])
def test_the_share_of_fields_with_a_description_does_not_fall(name: str, least: int) -> None:
    document = DOCUMENTS[name]
    every = len(list(fields(document)))
    described = every - len(undescribed(document, document["components"]["schemas"].keys()))

    assert 100 * described // every >= least


def test_a_parameter_has_the_words_of_its_type_or_of_its_field() -> None:
    [number] = [one for one in INTAKE["/requests/{number}"]["get"]["parameters"] if one.get("name") == "number"]
    [query] = [one for one in INTAKE["/products"]["get"]["parameters"] if one.get("name") == "q"]

    assert number["description"] == "The number of a request, such as `SR-261122-7K3F`."
    assert query["description"].startswith("The beginning or end")


@each_operation
def test_the_place_of_a_document_in_a_path_is_explained(document: Any, operation: Any) -> None:
    places = [one for one in operation["parameters"] if one.get("in") == "path"]

    assert [one["name"] for one in places if not one.get("description")] == []


def test_a_field_has_its_docstring_or_that_of_its_type() -> None:
    found = dict(fields(DOCUMENTS["intake"]))

    assert found["RegisterRequest.owner"]["description"].startswith("The person who owns")
    assert found["RegisterRequest.danger"]["description"].endswith("an immediate answer.")
    assert found["Rule.urgency"]["description"].startswith("1 can wait"), (
        "of its type, which says which end is pressing"
    )
