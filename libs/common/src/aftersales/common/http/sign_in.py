"""The gate of a service: who is asking (401), and whether they may call this route (403)."""

import re
from collections.abc import Iterable
from functools import partial

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from aftersales.common.clock import Clock
from aftersales.common.http.disclosure import answer_disclosed
from aftersales.common.http.problem import problem_response
from aftersales.common.service import Service
from aftersales.common.sign_in.access import EVERY_SERVICE, AccessTable
from aftersales.common.sign_in.accounts import Accounts
from aftersales.common.sign_in.caller import Caller
from aftersales.common.sign_in.tokens import TokenVerifier
from aftersales.values.errors import DomainError, Forbidden

_PAGES = "/static-offline-docs/.*"
"""The scripts and styles of the API documentation."""


class SignInMiddleware:
    """Stores the `Caller` in the request's scope as `caller`, or answers 401. `open_paths` need no token."""

    def __init__(
        self, app: ASGIApp, verifier: TokenVerifier, accounts: Accounts, clock: Clock, open_paths: re.Pattern[str]
    ) -> None:
        self._app, self._verifier, self._accounts, self._clock = app, verifier, accounts, clock
        self._open = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._open.fullmatch(scope["path"]):
            try:
                scope["caller"] = await self._ask(scope)
                scope["ask_again"] = partial(self._ask, scope)
            except DomainError as refused:
                answer = problem_response(Request(scope), refused.status, refused.code, refused.params)
                return await answer(scope, receive, send)
        return await self._app(scope, receive, send)

    async def _ask(self, scope: Scope) -> Caller:
        token = await self._verifier.verify(Headers(scope=scope).get("authorization"))
        return await self._accounts.find_caller(token, self._clock.now())


def open_paths(table: AccessTable, service: str) -> re.Pattern[str]:
    """Return the pattern of paths that need no token; every other path, known or not, does."""
    paths = {path for name in (EVERY_SERVICE, service) for _, path in table.open.get(name, ())}
    return re.compile("|".join([_PAGES, *(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(path)) for path in sorted(paths))]))


def guard_routes(routes: Iterable[BaseRoute]) -> None:
    """Let each route of the API be called only by the roles of its action; nobody may call one without an action."""
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema and not hasattr(route, "guarded"):
            route.app, route.guarded = _Guarded(route.app, route.path_format), True  # type: ignore[attr-defined]


class _Guarded:
    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = scope.get("caller")
        if caller is None:
            return await self._app(scope, receive, send)
        self._check(caller, scope["app"].state.runtime.service, scope["method"])
        return await answer_disclosed(self._app, (scope["method"], self._path), scope, receive, send)

    def _check(self, caller: Caller, service: Service, method: str) -> None:
        action = service.access.action_of(service.name, (method, self._path))
        roles = service.access.actions[action].roles if action else frozenset[str]()
        if action != "" and roles.isdisjoint(caller.roles):
            raise Forbidden("access.denied", action=action or "-", roles=", ".join(sorted(roles)) or "-")
