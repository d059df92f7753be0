"""Errors as problem+json (RFC 9457): a stable code and its parameters, words in the reader's language."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from aftersales.common.telemetry import log
from aftersales.values.errors import DomainError, Unavailable
from aftersales.values.messages import choose_locale, render_message

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong (RFC 9457). Programs read `code` and `params`, people read `detail`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    params: dict[str, Any] = Field(default_factory=dict)


def _declared(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}, "model": Problem}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _declared("The body cannot be read"),
    404: _declared("It does not exist, or the caller may not see it"),
    409: _declared("A rule refused it"),
    412: _declared("It was changed since it was read (If-Match)"),
    413: _declared("The body is too large"),
    422: _declared("The input does not fit its form"),
    503: _declared("Too much to do right now: try again (Retry-After)"),
}
"""What every endpoint may answer besides success."""
TOO_MANY: dict[int | str, dict[str, Any]] = {429: _declared("Asked too often: try again later (Retry-After)")}
"""What an endpoint may answer as well that strangers can ask."""


def problem_response(request: Request, status: int, code: str, params: Mapping[str, Any] | None = None) -> JSONResponse:
    """An error answer in the language that the caller asked for."""
    locale = choose_locale(request.headers.get("accept-language"), request.app.state.locale)
    known = dict(params or {})
    if "errors" in known:
        known["errors"] = [_in_words(error, locale) for error in known["errors"]]
    content = Problem(
        type=f"urn:aftersales:problem:{code}",
        title=render_message(f"status.{status}", locale, {}),
        status=status,
        code=code,
        detail=render_message(code, locale, known),
        params=known,
    )
    headers = {"Content-Language": locale}
    if status in (429, 503):
        headers["Retry-After"] = str(known.get("seconds", 2))
    return JSONResponse(content.model_dump(mode="json"), status, headers, MEDIA_TYPE)


def _in_words(error: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Add the words to one of several errors, where it brings a code and parameters instead."""
    words = {} if "problem" in error else {"problem": render_message(error["code"], locale, error.get("params", {}))}
    return {**error, **words}


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)  # noqa: S101 (what it is registered for)
    return problem_response(request, error.status, error.code, error.params)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    """Name each wrong field, without repeating its (perhaps personal) value."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 (what it is registered for)
    locale = choose_locale(request.headers.get("accept-language"), request.app.state.locale)
    return problem_response(request, 422, "input.malformed", {"errors": wrong_fields(error.errors(), locale)})


def wrong_fields(errors: Sequence[Mapping[str, Any]], locale: str) -> list[dict[str, str]]:
    """Each wrong field with the reason, of which there may be thousands."""
    return [_field(error, locale) for error in errors[:20]]


def _field(error: Mapping[str, Any], locale: str) -> dict[str, str]:
    """One wrong field: our own code, or Pydantic's behind `field.`, and words for it."""
    params = error.get("ctx", {})
    code = str(params.get("error")) if error["type"] == "value_error" else f"field.{error['type']}"
    words = render_message(code, locale, params)
    return {
        "field": ".".join(map(str, error["loc"])),
        "code": code,
        "problem": error["msg"] if words == code else words,
    }


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 (what it is registered for)
    answer = problem_response(request, error.status_code, f"http.{error.status_code}", {"path": request.url.path})
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return answer


_PARAMETER = re.compile(r"{[^}]*}")


def _methods(request: Request) -> set[str]:
    """All that the path takes (the framework names those of the first route only; RFC 9110, section 10.2.1).

    Of several templates that fit, the one that says most is meant: `/requests/check`, not `/requests/{number}`.
    """
    fitting = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    meant = max((route.path for route in fitting), key=lambda path: len(_PARAMETER.sub("", path)), default="")
    same = [route for route in fitting if route.path == meant]
    shown = [route for route in same if getattr(route, "include_in_schema", False)] or same
    return {method for route in shown for method in getattr(route, "methods", None) or ()}


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("http.unavailable", error=str(error))
    return problem_response(request, 503, "service.unavailable")


async def _bug(request: Request, error: Exception) -> JSONResponse:
    log.error("http.failed", path=request.url.path, exc_info=error)
    return problem_response(request, 500, "internal.error")


def install_handlers(app: FastAPI) -> None:
    """One place that turns exceptions into answers."""
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Exception, _bug)
