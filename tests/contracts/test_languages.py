"""Problems in the reader's language, and words for everything that a form's field can be wrong in."""

import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any, get_args

import httpx
import pytest
from contracts.catalogue import services
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from aftersales.common.http import problem
from aftersales.inventory.stock.domain import Receipt
from aftersales.values.messages import LOCALES, choose_locale, message_catalogue

WRONG: tuple[Any, ...] = (
    *(None, True, [], {}, ["x y"], ["x"] * 200, {"lat": 91, "lon": 181}, {"serial": 1}, {"$set": 1}),
    *("", "12", "x y", "x" * 100_001, "\ud800", "Nowhere/City", "00000"),
    *(-1, 0, 10**30, 1.6, float("inf"), float("nan"), "9" * 5000),
    *("2026-13-45", "2026-11-23", "2026-11-23T10:00:00", "2026-11-23T10:00:00+08:00", "9999-12-31T23:59:59-10:00"),
)


@pytest.fixture
async def desk() -> AsyncIterator[httpx.AsyncClient]:
    """An application with our way of answering errors, whose own language is traditional Chinese."""
    app = FastAPI()
    app.state.locale = "zh-Hant"
    problem.install_handlers(app)

    @app.post("/receipts")
    async def receive(form: Receipt) -> Receipt:
        return form

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("zh-CN", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-SG", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("ZH-hant", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh-Hant-CN", "zh-Hant"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr-FR, en;q=0.4, zh-CN;q=0.7", "zh-Hans"),
        ("en;q=0, zh-TW;q=0.1", "zh-Hant"),
        ("de, zh-HK;q=0.8", "zh-Hant"),
        ("zh-CN;q=high", "zh-Hans"),
        ("fr", None),
        ("*", None),
        ("", None),
        (";;,,q=1", None),
        (None, None),
    ],
)
async def test_a_problem_is_told_in_the_language_that_was_asked_for(
    desk: httpx.AsyncClient, asked: str | None, given: str | None
) -> None:
    headers = {} if asked is None else {"Accept-Language": asked}
    answer = await desk.get("/nowhere", headers=headers)

    expected = given or "zh-Hant"
    assert answer.headers["content-language"] == expected
    assert answer.json()["title"] == message_catalogue(expected)["status.404"]
    assert answer.json()["detail"] == message_catalogue(expected)["http.404"].format(path="/nowhere")
    assert choose_locale(asked, "en") == (given or "en")


async def test_the_code_is_the_same_in_every_language(desk: httpx.AsyncClient) -> None:
    answers = [(await desk.get("/nowhere", headers={"Accept-Language": locale})).json() for locale in LOCALES]

    assert {answer["code"] for answer in answers} == {"http.404"}
    assert len({answer["detail"] for answer in answers}) == len(LOCALES)


async def test_a_wrong_field_is_named_with_a_code_and_words(desk: httpx.AsyncClient) -> None:
    form = {"branch": "sh-01", "part": "P-1", "lot": "L-1", "bin": "A", "quantity": 0}
    form["received_at"] = "0001-01-01T00:00:00+08:00"
    answer = await desk.post("/receipts", json=form, headers={"Accept-Language": "zh-CN"})

    words = message_catalogue("zh-Hans")
    assert answer.json()["params"]["errors"] == [
        {
            "field": "body.quantity",
            "code": "field.greater_than_equal",
            "problem": words["field.greater_than_equal"].format(ge=1),
        },
        {"field": "body.received_at", "code": "time.out_of_range", "problem": words["time.out_of_range"]},
    ]


async def test_a_body_that_is_no_json_is_told_in_words(desk: httpx.AsyncClient) -> None:
    answer = await desk.post("/receipts", content=b"{", headers={"content-type": "application/json"})

    [error] = answer.json()["params"]["errors"]
    assert error["code"] == "field.json_invalid"
    assert error["problem"].startswith("不是有效的 JSON")


async def test_a_wrong_value_is_never_repeated(desk: httpx.AsyncClient) -> None:
    secret = "13812345678 王小明"
    form = dict.fromkeys(("branch", "part", "lot", "bin", "quantity", "received_at"), secret)
    answer = await desk.post("/receipts", json=form)

    assert len(answer.json()["params"]["errors"]) == len(form)
    assert "138" not in answer.text
    assert "王" not in answer.text


def test_everything_that_a_field_of_our_forms_can_be_wrong_in_has_words_and_nothing_else_has() -> None:
    codes = {code for field in fields() for value in WRONG for code in complaints(field, value)}
    worded = {code for code in message_catalogue("en") if code.startswith("field.")}

    assert {"field.missing", "field.extra_forbidden", "phone.malformed", "zone.unknown"} <= codes
    assert codes - set(message_catalogue("en")) == set()
    assert worded - codes == {"field.json_invalid"}, "FastAPI says that one of the body as a whole"


def fields() -> Iterator[Any]:
    """Bodies, parts of paths and queries of all services, as FastAPI reads them."""
    for service in services():
        for route in service.router.routes:
            assert isinstance(route, APIRoute)
            yield from route.dependant.path_params + route.dependant.query_params
            if route.body_field:
                yield route.body_field


def complaints(field: Any, value: Any) -> set[str]:
    """The codes of what is wrong with `value`, alone and at each place of the form."""
    errors: list[Any] = []
    for candidate in (value, *placed(field.field_info.annotation, value)):
        errors += field.validate(candidate, {}, loc=("body",))[1] or []
    return {
        str(error["ctx"]["error"]) if error["type"] == "value_error" else f"field.{error['type']}" for error in errors
    }


def models(annotation: Any) -> set[type[BaseModel]]:
    """The forms that a field holds, without those inside them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return set(itertools.chain.from_iterable(map(models, get_args(annotation))))


def placed(annotation: Any, value: Any) -> Iterator[Any]:
    """Documents with the value in every field, on the form's own level and one level down (alone and in a list)."""
    for form in models(annotation):
        for outer, field in form.model_fields.items():
            yield from ({outer: value}, {outer: {"a": value}}, {outer: [value]})
            for name in sorted({name for inner in models(field.annotation) for name in inner.model_fields}):
                yield {outer: {name: value}}
                yield {outer: [{name: value}]}
