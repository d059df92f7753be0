"""The authorization server: Authlib's, with its memory, and requests and answers of Starlette."""

from collections import defaultdict
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aftersales.testing.sign_in import grants
from aftersales.testing.sign_in.directory import SCOPES, Account, Client, read_accounts
from aftersales.testing.sign_in.storage import load_clients, load_keys

AUDIENCE = "aftersales"


class _Payload(OAuth2Payload):
    data: Any = None
    datalist: Any = None

    def __init__(self, values: dict[str, list[str]]) -> None:
        self.datalist = defaultdict(list, values)
        self.data = {name: value[0] for name, value in values.items()}


class _WebRequest(OAuth2Request):
    """A request as Authlib reads it."""

    args: Any = None
    form: Any = None

    def __init__(self, request: Request, form: dict[str, list[str]]) -> None:
        super().__init__(request.method, str(request.url), headers=request.headers)
        self.args = dict(request.query_params)
        self.form = {name: value[0] for name, value in form.items()}
        query = {name: request.query_params.getlist(name) for name in request.query_params}
        self.payload = _Payload(query | form)


class _AccessTokens(JWTBearerTokenGenerator):
    """Signs access tokens (RFC 9068)."""

    def __init__(self, issuer: str, keys: Any, seconds: int) -> None:
        super().__init__(issuer, "RS256", lambda **_: generate_token(48), lambda _client, _grant: seconds)
        self._keys = keys

    def get_jwks(self) -> Any:
        return self._keys

    def get_audiences(self, _client: Client, _user: Account | None, _scope: str) -> str:
        return AUDIENCE

    def get_extra_claims(self, client: Client, _grant: str, user: Account | None, _scope: str) -> dict[str, Any]:
        if user is None:
            return {"preferred_username": client.id, "roles": client.roles}
        about = {"preferred_username": user.code, "name": user.chinese}
        return about | {"roles": user.roles, "branches": user.branches}


class DevelopmentServer(AuthorizationServer):
    """Signs anybody in as anybody of the directory, without a password. What it remembers ends with the process."""

    def __init__(self, issuer: str, folder: Path, seconds: int = 900) -> None:
        super().__init__(SCOPES)
        self.issuer, self.accounts = issuer, read_accounts()
        self.keys, self.clients = load_keys(folder), load_clients(folder)
        self.codes: dict[str, grants.Code] = {}
        self.devices: dict[str, Any] = {}
        """Started sign-ins of devices, by device code."""
        self.answers: dict[str, Account | None] = {}
        """Who answered a device's code; None refused it."""
        self.refreshable: dict[str, grants.Refreshable] = {}
        self.register_token_generator("default", _AccessTokens(issuer, self.keys, seconds))
        self.register_grant(grants.PasswordlessCode, [grants.S256Only(), grants.IdToken(self)])
        for grant in (grants.Refresh, grants.Credentials, grants.DeviceCode, grants.ActFor):
            self.register_grant(grant)
        self.register_endpoint(grants.DeviceStart)
        self.register_endpoint(grants.Revocation)

    def query_client(self, client_id: str) -> Client | None:
        return self.clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        if "refresh_token" in token:
            self.refreshable[token["refresh_token"]] = grants.Refreshable(request.client, request.user, token["scope"])

    def awaits(self, user_code: str) -> bool:
        """Whether a device waits for an answer to this code."""
        return user_code not in self.answers and any(
            known["user_code"] == user_code and not known.is_expired() for known in self.devices.values()
        )

    async def read(self, request: Request) -> OAuth2Request:
        """Return the request with its form."""
        return _WebRequest(request, parse_qs((await request.body()).decode()))

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def create_json_request(self, _request: Any) -> NoReturn:
        raise NotImplementedError

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        if isinstance(body, dict):
            return JSONResponse(body, status, dict(headers))
        return Response(body, status, dict(headers))

    def send_signal(self, *_: Any, **__: Any) -> None:
        """Nobody listens."""
