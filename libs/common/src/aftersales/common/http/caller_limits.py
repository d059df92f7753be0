"""How often a caller may call: by the token's subject, without one by network. Each process counts for itself."""

from collections.abc import Sequence
from datetime import timedelta

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aftersales.common.clock import Clock
from aftersales.common.http.problem import problem_response
from aftersales.common.http.throttle import Throttle, find_network

_MINUTE = timedelta(minutes=1)
_UNLIMITED = {"/livez", "/readyz", "/healthz", "/version", "/metrics"}
"""For orchestrators and Prometheus, which must not be locked out by what else comes from their network."""


class CallerLimit:
    """Answers 429 to a caller with more than `calls` a minute. Sign-in comes before it and names the caller."""

    def __init__(self, app: ASGIApp, calls: int, clock: Clock, proxies: int) -> None:
        self._app, self._clock, self._proxies = app, clock, proxies
        self._throttle = Throttle(calls, _MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNLIMITED:
            return await self._app(scope, receive, send)
        caller = scope.get("caller")
        key = f"subject {caller.subject}" if caller else f"network {_network(scope, self._proxies)}"
        if seconds := self._throttle.take(key, self._clock.now()):
            return await _too_many(scope, receive, send, seconds)
        return await self._app(scope, receive, send)


class RefusalLimit:
    """Answers 429 to a network with more than `calls` refused tokens a minute. It comes before sign-in.

    Checking a signature costs more than anything else that somebody without a token can ask for.
    """

    def __init__(self, app: ASGIApp, calls: int, clock: Clock, proxies: int) -> None:
        self._app, self._clock, self._proxies = app, clock, proxies
        self._throttle = Throttle(calls, _MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _UNLIMITED:
            return await self._app(scope, receive, send)
        key = _network(scope, self._proxies)
        if seconds := self._throttle.wait(key, self._clock.now()):
            return await _too_many(scope, receive, send, seconds)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                self._throttle.take(key, self._clock.now())
            await send(message)

        return await self._app(scope, receive, counted)


def _network(scope: Scope, proxies: int) -> str:
    told: Sequence[str] = Headers(scope=scope).getlist("x-forwarded-for")
    return find_network(told, scope["client"][0] if scope.get("client") else "", proxies)


async def _too_many(scope: Scope, receive: Receive, send: Send, seconds: int) -> None:
    await problem_response(Request(scope), 429, "caller.too_many", {"seconds": seconds})(scope, receive, send)
