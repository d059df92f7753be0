"""The examples of `/openapi.json` are accepted by the service as they stand, as a partner's programmer tries them."""

from typing import Any

import pytest

from aftersales.testing.system import RunningService


@pytest.fixture
async def paths(intake: RunningService) -> Any:
    return (await intake.http.get("/openapi.json")).json()["paths"]


def example(operation: Any) -> Any:
    return operation["requestBody"]["content"]["application/json"]["example"]


async def test_the_examples_of_the_commonest_forms_are_accepted(intake: RunningService, paths: Any) -> None:
    for method, path, status in (
        ("put", "/branches/{code}", 200),
        ("post", "/customers", 201),
        ("post", "/requests/check", 200),
        ("post", "/requests", 201),
        ("post", "/contacts", 201),
        ("post", "/public/complaints", 201),
        ("put", "/models/{code}", 200),
        ("post", "/recalls", 201),
        ("put", "/classification/rules", 200),
        ("post", "/classification/suggest", 200),
        ("put", "/roles/{code}", 200),
        ("put", "/people/{code}", 200),
        ("put", "/trainings/{code}", 200),
        ("post", "/policies", 201),
    ):
        code = "desk" if path == "/roles/{code}" else "BJ01"
        answer = await intake.http.request(method, path.format(code=code), json=example(paths[path][method]))
        assert (path, answer.status_code) == (path, status), answer.text


@pytest.mark.parametrize("what", ["customers", "products", "requests"])
async def test_the_rows_of_the_examples_of_imports_are_accepted(intake: RunningService, paths: Any, what: str) -> None:
    """The form of a row is an object of any kind in the document, so only the service can tell."""
    known = await intake.http.post("/customers", json=example(paths["/customers"]["post"]))
    answer = await intake.http.post(f"/imports/{what}", json=example(paths[f"/imports/{what}"]["post"]))

    assert known.status_code == 201
    assert [row["outcome"] in {"created", "updated"} for row in answer.json()["rows"]] == [True], answer.text


async def test_an_answer_has_the_headers_that_its_operation_declares(intake: RunningService, paths: Any) -> None:
    def declared(path: str, method: str, status: int) -> set[str]:
        return {name.lower() for name in paths[path][method]["responses"][str(status)]["headers"]}

    form, key = example(paths["/requests"]["post"]), {"Idempotency-Key": "k-1"}
    first, again = [await intake.http.post("/requests", json=form, headers=key) for _ in range(2)]
    shown = await intake.http.get(first.headers["location"])
    held = await intake.http.post(
        f"{first.headers['location']}/cancel", json={"reason": "x"}, headers={"If-Match": '"99"'}
    )

    assert declared("/requests", "post", 201) <= again.headers.keys()
    assert declared("/requests", "post", 201) - first.headers.keys() == {"idempotent-replayed"}
    assert declared("/requests/{number}", "get", 200) <= shown.headers.keys()
    assert held.status_code == 412
