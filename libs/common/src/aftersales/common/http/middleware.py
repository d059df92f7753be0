"""The outermost layer of HTTP: size limit, correlation id, headers and duration of each request (plain ASGI)."""

import asyncio
import re
from collections.abc import Mapping
from time import perf_counter

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aftersales.common.http.guards import Guards
from aftersales.common.http.problem import answer_bug, problem_response
from aftersales.common.telemetry import Metrics
from aftersales.values import uuid7

ENDLESS = "endless"
"""The key of a request's scope that says that its duration means nothing."""


class RequestMiddleware:
    def __init__(
        self, app: ASGIApp, metrics: Metrics, max_body: int, uploads: Mapping[str, int], guards: Guards
    ) -> None:
        self._app, self._metrics, self._max_body, self._guards = app, metrics, max_body, guards
        self._uploads = [(re.compile(path), most) for path, most in uploads.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began = perf_counter()
        headers = Headers(scope=scope)
        correlation = scope["correlation"] = headers.get("x-correlation-id", "")[:100] or uuid7()
        status = _NOTHING_YET

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = message["headers"]
                message["headers"] = [
                    *said,
                    *self._guards.missing_headers(scope["path"], headers, said),
                    (b"x-correlation-id", correlation.encode("latin-1")),
                ]
            await send(message)

        structlog.contextvars.bind_contextvars(correlation=correlation)  # of this task, which serves only this request
        try:
            await self._within_limit(scope, receive, answer, headers)
        except asyncio.CancelledError:  # the server stops and waits no longer; the outcome is unknown
            if status != _NOTHING_YET:
                raise
            await problem_response(Request(scope), 503, "service.stopping")(scope, receive, answer)
        except Exception as error:
            if status != _NOTHING_YET:
                raise
            await (await answer_bug(Request(scope), error))(scope, receive, answer)  # the framework's lacks the headers
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            if not scope.get(ENDLESS):
                self._metrics.http.labels(method, route, status // 100 * 100).observe(perf_counter() - began)
        return None

    async def _within_limit(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        announced = headers.get("content-length", "0")
        limit = self._max_body
        if announced.isdigit() and int(announced) > limit and int(announced) > (limit := self._limit(scope)):
            return await self._too_large(scope, receive, send, limit)
        taken = 0

        async def counted() -> Message:
            nonlocal taken, limit
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit and taken > (limit := self._limit(scope)):  # a chunked body has no Content-Length
                raise HTTPException(413)
            return message

        return await self._app(scope, counted, send)

    def _limit(self, scope: Scope) -> int:
        """Return the body limit of this path. Called only for a body above the general limit."""
        fitting = (most for path, most in self._uploads if path.fullmatch(scope["path"]))
        return max([self._max_body, *fitting])

    async def _too_large(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        await problem_response(Request(scope, receive), 413, "http.413", {"limit": limit})(scope, receive, send)


_NOTHING_YET = 500
"""The status that is recorded if no answer was begun."""
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
