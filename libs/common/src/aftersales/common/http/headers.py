"""The headers of an operation, derived from the code of its endpoint: those it reads and those it sends."""

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fastapi.routing import APIRoute

from aftersales.common.aggregate import Aggregate
from aftersales.common.work.use_case import UseCase

_ONE_COMMAND, _COMMANDS = {"do", "run"}, {"do", "run", "do_each", "rehearse"}
"""Methods of the request context that run commands."""


def _text(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


REQUEST_HEADERS = {
    "Accept-Language": _text("Language of texts in the answer: `en`, `zh-Hans` or `zh-Hant`, also with weights."),
    "X-Correlation-Id": _text(
        "Identifier of the whole course of action, at most 100 characters. Events, logs and the audit trail have it, "
        "and the answer repeats it. Without it the service creates one."
    ),
    "X-Actor": _text(
        "The person or program that acts, for example `clerk-1`; at most 100 characters. The audit trail records it. "
        "It is not verified, and without it the actor is `anonymous`. Where sign-in is on it counts for nothing: the "
        "actor is the caller's name in the token."
    ),
    "Personal-Data": _text(
        "`full`: show names, phone numbers and accounts of customers in full, which is recorded (`GET /readings`). "
        "Without it they are masked where sign-in is on."
    ),
    "Idempotency-Key": _text(
        "A new random text for each command, at most 200 characters. Repeat a request whose answer was lost with the "
        "same key and body: it has no second effect and gets the stored answer."
    ),
    "If-Match": _text(
        'The `ETag` of the document as it was read, for example `"3"`. The command is refused with 412 if somebody has '
        "changed the document since."
    ),
}
"""Every header that an operation may read, as an OpenAPI parameter without name and place."""
RESPONSE_HEADERS = {
    "ETag": _text("The version of the document, for `If-Match`."),
    "Location": _text("The path of the new document."),
    "Content-Location": _text("The path of the document in the answer, if it is not the one that was asked for."),
    "Idempotent-Replayed": _text("`true`: this is the stored answer to an earlier request with this Idempotency-Key."),
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer"}},
}
"""Every header that an answer may have."""


def request_headers(route: APIRoute) -> Iterator[str]:
    """Yield the headers that have an effect on this operation."""
    code = _Endpoint(route.endpoint)
    yield from ("Accept-Language", "X-Correlation-Id", "Personal-Data")
    if code.names & (_COMMANDS | {"actor"}):
        yield "X-Actor"
    if code.names & _ONE_COMMAND:
        yield "Idempotency-Key"
        if any(use_case.declares_target for use_case in code.use_cases):
            yield "If-Match"


def response_headers(route: APIRoute, status: str) -> Iterator[str]:
    """Yield the headers that an answer with this status may have."""
    code = _Endpoint(route.endpoint)
    commands = code.names & _ONE_COMMAND
    if status == str(route.status_code or 200):
        answers_state = isinstance(route.response_model, type) and issubclass(route.response_model, Aggregate)
        answers_model = route.response_model is not None  # a response of its own has only its own headers
        if (answers_model and "read" in code.names) or (commands and answers_state):
            yield "ETag"
        if commands and answers_state and route.status_code == 201:
            yield "Location"
        yield from (name for name in ("Location", "Content-Location") if name in code.constants)
    if commands and status in {str(route.status_code or 200), "404", "409", "422"}:
        yield "Idempotent-Replayed"
    if status in {"429", "503"}:
        yield "Retry-After"


@dataclass
class _Endpoint:
    """What the code of an endpoint names, with that of the functions to which it passes its request context."""

    function: Any

    @cached_property
    def _functions(self) -> list[FunctionType]:
        found: list[FunctionType] = [self.function]
        for function in found:
            found += [
                other
                for other in _globals(function)
                if isinstance(other, FunctionType)
                and "context" in other.__code__.co_varnames[: other.__code__.co_argcount]
                and other not in found
            ]
        return found

    @cached_property
    def names(self) -> set[str]:
        """The attributes that it uses, such as `do` of `context.do`."""
        return {name for function in self._functions for name in _named(function.__code__, *_ATTRIBUTES)}

    @cached_property
    def constants(self) -> set[Any]:
        return {one for function in self._functions for one in _named(function.__code__, "LOAD_CONST")}

    @cached_property
    def use_cases(self) -> list[UseCase[Any, Any]]:
        """The handlers that it names, also as `handlers.change_customer`."""
        named = [one for function in self._functions for one in _globals(function)]
        modules = [one for one in named if isinstance(one, ModuleType)]
        named += [getattr(module, name, None) for module in modules for name in self.names]
        return [one for one in named if isinstance(one, UseCase)]


_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")


def _globals(function: FunctionType) -> list[Any]:
    return [function.__globals__.get(name) for name in _named(function.__code__, "LOAD_GLOBAL")]


def _named(code: CodeType, *operations: str) -> Iterator[Any]:
    """Yield what these operations of a function, and of those defined within it, are about."""
    for step in dis.get_instructions(code):
        if step.opname in operations and not isinstance(step.argval, CodeType):
            yield step.argval
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _named(one, *operations)
