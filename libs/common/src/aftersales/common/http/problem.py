"""Errors as problem+json (RFC 9457): a stable code, its parameters and a text in the reader's language."""

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
    """An error (RFC 9457). Programs read `code` and `params`, people read `detail`."""

    type: str
    """A URN made from the code."""
    title: str
    """The meaning of the status, in the reader's language."""
    status: int
    """The HTTP status."""
    code: str
    """The reason, for programs; it never changes."""
    detail: str
    """The reason and what to do about it, in the reader's language (`Accept-Language`)."""
    params: dict[str, Any] = Field(default_factory=dict)
    """The values in `detail`; for `input.malformed` the wrong fields under `errors`."""


def _declared(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}, "model": Problem}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _declared("The body cannot be read"),
    401: _declared("The caller is not signed in (WWW-Authenticate)"),
    403: _declared("The caller's roles or branches do not allow it"),
    404: _declared("It does not exist, or the caller may not see it"),
    409: _declared("A rule refused it"),
    412: _declared("It was changed since it was read (If-Match)"),
    413: _declared("The body is too large"),
    422: _declared("The input does not fit its form"),
    429: _declared("Asked too often: try again later (Retry-After)"),
    503: _declared("Too much to do right now: try again (Retry-After)"),
}
"""Errors that every endpoint may return."""


def make_problem(status: int, code: str, params: Mapping[str, Any], locale: str) -> Problem:
    """Return an error in words of the language."""
    known = dict(params)
    if "errors" in known:
        known["errors"] = [_in_words(error, locale) for error in known["errors"]]
    return Problem(
        type=f"urn:aftersales:problem:{code}",
        title=render_message(f"status.{status}", locale, {}),
        status=status,
        code=code,
        detail=render_message(code, locale, known),
        params=known,
    )


def problem_response(request: Request, status: int, code: str, params: Mapping[str, Any] | None = None) -> JSONResponse:
    """Return an error response in the language that the caller asked for."""
    locale = choose_locale(request.headers.get("accept-language"), request.app.state.locale)
    content = make_problem(status, code, params or {}, locale)
    headers = {"Content-Language": locale}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer" if code == "token.missing" else 'Bearer error="invalid_token"'
    if status in (429, 503):
        headers["Retry-After"] = str(content.params.get("seconds", 2))
    return JSONResponse(content.model_dump(mode="json"), status, headers, MEDIA_TYPE)


def _in_words(error: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Return one of several errors with its text, rendered from its code and parameters if it has none."""
    words = {} if "problem" in error else {"problem": render_message(error["code"], locale, error.get("params", {}))}
    return {**error, **words}


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)  # noqa: S101 (the handler is registered for it)
    return problem_response(request, error.status, error.code, error.params)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    """Return each wrong field, without its value, which may be personal."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 (the handler is registered for it)
    locale = choose_locale(request.headers.get("accept-language"), request.app.state.locale)
    return problem_response(request, 422, "input.malformed", {"errors": wrong_fields(error.errors(), locale)})


def wrong_fields(errors: Sequence[Mapping[str, Any]], locale: str) -> list[dict[str, str]]:
    """Return the first 20 wrong fields with their reasons; there may be thousands."""
    return [_field(error, locale) for error in errors[:20]]


def _field(error: Mapping[str, Any], locale: str) -> dict[str, str]:
    """Return a wrong field with its text and its code: ours, or Pydantic's with the prefix `field.`."""
    params = error.get("ctx", {})
    code = str(params.get("error")) if error["type"] == "value_error" else f"field.{error['type']}"
    words = render_message(code, locale, params)
    return {
        "field": ".".join(map(str, error["loc"])),
        "code": code,
        "problem": error["msg"] if words == code else words,
    }


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 (the handler is registered for it)
    answer = problem_response(request, error.status_code, f"http.{error.status_code}", {"path": request.url.path})
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return answer


_PARAMETER = re.compile(r"{[^}]*}")


def _methods(request: Request) -> set[str]:
    """Return all methods of the path; the framework names those of the first route only (RFC 9110, section 10.2.1).

    If several templates match, the most specific one counts: `/requests/check`, not `/requests/{number}`.
    """
    fitting = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    meant = max((route.path for route in fitting), key=lambda path: len(_PARAMETER.sub("", path)), default="")
    same = [route for route in fitting if route.path == meant]
    shown = [route for route in same if getattr(route, "include_in_schema", False)] or same
    return {method for route in shown for method in getattr(route, "methods", None) or ()}


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("http.unavailable", error=str(error))
    return problem_response(request, 503, "service.unavailable")


async def answer_bug(request: Request, error: Exception) -> JSONResponse:
    """Log an error that nobody expected, and return what the caller is told of it."""
    log.error("http.failed", path=request.url.path, exc_info=error)
    return problem_response(request, 500, "internal.error")


def install_handlers(app: FastAPI) -> None:
    """Install the handlers that turn exceptions into answers."""
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Exception, answer_bug)
