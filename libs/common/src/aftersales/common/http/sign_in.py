"""The gate of a service: a path that is not open to everybody needs a valid bearer token."""

import re

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from aftersales.common.http.problem import problem_response
from aftersales.common.sign_in.tokens import TokenVerifier
from aftersales.values.errors import DomainError

_OPEN = re.compile(
    r"/(livez|readyz|healthz|version|metrics)"  # for orchestrators, load balancers and Prometheus
    r"|/(docs|openapi\.json|static-offline-docs/.*)"  # the documentation of the API, which is public
    r"|/public/.*"  # for customers (INT-11)
)
"""The paths that need no token; every other path, known or not, does."""


class SignInMiddleware:
    """Stores the `Caller` in the request's scope as `caller`, or answers 401."""

    def __init__(self, app: ASGIApp, verifier: TokenVerifier) -> None:
        self._app, self._verifier = app, verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _OPEN.fullmatch(scope["path"]):
            try:
                scope["caller"] = await self._verifier.verify(Headers(scope=scope).get("authorization"))
            except DomainError as refused:
                answer = problem_response(Request(scope), refused.status, refused.code, refused.params)
                return await answer(scope, receive, send)
        return await self._app(scope, receive, send)
