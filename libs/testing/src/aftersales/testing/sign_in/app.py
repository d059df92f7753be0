"""The routes of the development server."""

from http import HTTPStatus
from typing import Any

from authlib.oauth2 import OAuth2Error
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from aftersales.testing.sign_in import pages
from aftersales.testing.sign_in.directory import CODE, CREDENTIALS, DEVICE, EXCHANGE, REFRESH, SCOPES
from aftersales.testing.sign_in.server import DevelopmentServer

_HERE = r"http://(127\.0\.0\.1|localhost)(:\d+)?"
_PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


def build_sign_in_app(server: DevelopmentServer) -> Starlette:
    """Return the application. It answers on this machine's names only, whatever a browser is told of other names."""
    routes = _Routes(server)
    return Starlette(
        routes=[
            Route("/", routes.show_front),
            Route("/.well-known/openid-configuration", routes.describe),
            Route("/keys", routes.publish_keys),
            Route("/authorize", routes.authorize, methods=["GET", "POST"]),
            Route("/token", routes.issue, methods=["POST"]),
            Route("/device_authorization", routes.start_device, methods=["POST"]),
            Route("/device", routes.confirm_device, methods=["GET", "POST"]),
            Route("/revoke", routes.revoke, methods=["POST"]),
            Route("/healthz", routes.show_health),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
            Middleware(CORSMiddleware, allow_origin_regex=_HERE, allow_methods=["POST"], allow_headers=["*"]),
        ],
    )


class _Routes:
    def __init__(self, server: DevelopmentServer) -> None:
        self._server = server

    async def show_front(self, _request: Request) -> Response:
        return _page(pages.front_page(self._server.accounts.values()))

    async def describe(self, _request: Request) -> Response:
        return JSONResponse(describe_server(self._server.issuer))

    async def publish_keys(self, _request: Request) -> Response:
        return JSONResponse(self._server.keys.as_dict(private=False))

    async def show_health(self, _request: Request) -> Response:
        return JSONResponse({"serves": True})

    async def authorize(self, request: Request) -> Response:
        """Ask who it is; the answer comes back to the same address."""
        said = await self._server.read(request)
        try:
            grant = self._server.get_consent_grant(said)
        except OAuth2Error as error:
            if error.redirect_uri:
                answer: Response = self._server.handle_error_response(said, error)
                return answer
            return _page(pages.closing_page("请求无效", f"Not a valid request: {error.description}"), 400)
        if request.method == "GET":
            address = f"/authorize?{request.url.query}"
            return _page(pages.sign_in_page(said.payload.client_id, self._server.accounts.values(), address))
        account = self._server.accounts.get(said.form.get("person", ""))
        done: Response = self._server.create_authorization_response(said, account, grant)
        done.headers.update(_PAGE_HEADERS)
        return done

    async def issue(self, request: Request) -> Response:
        answer: Response = self._server.create_token_response(await self._server.read(request))
        return answer

    async def start_device(self, request: Request) -> Response:
        return await self._endpoint("device_authorization", request)

    async def revoke(self, request: Request) -> Response:
        return await self._endpoint("revocation", request)

    async def confirm_device(self, request: Request) -> Response:
        """Ask who it is that a device signs in as."""
        said = (await self._server.read(request)).payload.data
        user_code = said.get("user_code", "").strip().upper()
        if not self._server.awaits(user_code):
            return _page(pages.code_page(user_code), 400 if user_code else 200)
        if request.method == "GET":
            title = f"aftersales-cli, {user_code}"
            return _page(pages.sign_in_page(title, self._server.accounts.values(), "/device", user_code))
        account = self._server.accounts.get(said.get("person", ""))
        self._server.answers[user_code] = account
        if account is None:
            return _page(pages.closing_page("已拒绝，可以关闭此页", "Refused; you can close this page"))  # noqa: RUF001
        return _page(pages.closing_page("已登录，可以关闭此页", "Signed in; you can close this page"))  # noqa: RUF001

    async def _endpoint(self, name: str, request: Request) -> Response:
        answer: Response = self._server.create_endpoint_response(name, await self._server.read(request))
        return answer


def describe_server(issuer: str) -> dict[str, Any]:
    """Return the discovery document (OpenID Connect Discovery, RFC 8414, RFC 8628)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "revocation_endpoint": f"{issuer}/revoke",
        "jwks_uri": f"{issuer}/keys",
        "response_types_supported": ["code"],
        "grant_types_supported": [CODE, REFRESH, CREDENTIALS, DEVICE, EXCHANGE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": list(SCOPES),
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    }


def _page(content: str, status: int = HTTPStatus.OK) -> Response:
    return HTMLResponse(content, status, _PAGE_HEADERS)
