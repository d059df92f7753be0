"""The ways to a token, each one of Authlib's grants with the server's memory behind it."""

import time
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, InvalidRequestError, TokenEndpointMixin, UnauthorizedClientError, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict
from authlib.oidc.core.grants import OpenIDCode

from aftersales.testing.sign_in.directory import EXCHANGE, Account, Client

_CODE_LIVES = 120.0
_WITH_SECRET = ["client_secret_basic", "client_secret_post"]
_ANY_CLIENT = ["none", *_WITH_SECRET]


@dataclass(frozen=True)
class Code:
    """An authorization code that waits for its exchange. Method names are Authlib's."""

    request: Any
    account: Account
    expires: float = field(default_factory=lambda: time.monotonic() + _CODE_LIVES)

    @property
    def code_challenge(self) -> str | None:
        return self._said("code_challenge")

    @property
    def code_challenge_method(self) -> str | None:
        return self._said("code_challenge_method")

    def get_redirect_uri(self) -> str | None:
        return self._said("redirect_uri")

    def get_scope(self) -> str | None:
        return self._said("scope")

    def get_nonce(self) -> str | None:
        return self._said("nonce")

    def get_auth_time(self) -> None: ...

    def get_acr(self) -> None: ...

    def get_amr(self) -> None: ...

    def _said(self, name: str) -> str | None:
        found: str | None = self.request.payload.data.get(name)
        return found


@dataclass(frozen=True)
class Refreshable:
    """The right to further access tokens. Method names are Authlib's."""

    client: Client
    account: Account
    scope: str

    def check_client(self, client: Client) -> bool:
        return client.id == self.client.id

    def get_scope(self) -> str:
        return self.scope


class PasswordlessCode(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = _ANY_CLIENT

    def save_authorization_code(self, code: str, request: Any) -> None:
        self.server.codes[code] = Code(request, request.user)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.codes.get(code)
        known = found and found.request.payload.client_id == client.id and found.expires > time.monotonic()
        return found if known else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes = self.server.codes
        for code in [code for code, known in codes.items() if known is authorization_code]:
            del codes[code]

    def authenticate_user(self, authorization_code: Code) -> Account:
        return authorization_code.account


class S256Only(CodeChallenge):
    """Refuses a sign-in without a challenge at its beginning, and `plain` always (RFC 9700, section 2.1.1)."""

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        said = grant.request.payload.data
        if not said.get("code_challenge") or said.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A code_challenge with the method S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDCode):
    def __init__(self, server: Any) -> None:
        super().__init__()
        self._server = server

    def exists_nonce(self, nonce: str, _request: Any) -> bool:
        return any(code.get_nonce() == nonce for code in self._server.codes.values())

    def resolve_client_private_key(self, _client: Client) -> Any:
        return self._server.keys

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self._server.issuer, "aud": client.id}

    def get_encode_header(self, _client: Client) -> dict[str, str]:
        return {"alg": "RS256"}

    def get_client_algorithm(self, _client: Client) -> str:
        return "RS256"

    def generate_user_info(self, user: Account, _scope: str) -> dict[str, str]:
        return {"sub": user.subject, "preferred_username": user.code, "name": user.chinese}


class Refresh(grants.RefreshTokenGrant):
    """The refresh token is changed each time (RFC 9700, section 4.14.2)."""

    TOKEN_ENDPOINT_AUTH_METHODS = _ANY_CLIENT
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Refreshable | None:
        found: Refreshable | None = self.server.refreshable.get(refresh_token)
        return found

    def authenticate_user(self, refresh_token: Refreshable) -> Account:
        return refresh_token.account

    def revoke_old_credential(self, _refresh_token: Refreshable) -> None:
        self.server.refreshable.pop(self.request.form["refresh_token"], None)


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = _ANY_CLIENT

    def query_token(self, token_string: str, _token_type_hint: str | None) -> Refreshable | None:
        found: Refreshable | None = self.server.refreshable.get(token_string)
        return found

    def revoke_token(self, _token: Refreshable, request: Any) -> None:
        self.server.refreshable.pop(request.form["token"], None)


class Credentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = _WITH_SECRET


class DeviceStart(DeviceAuthorizationEndpoint):
    EXPIRES_IN = 600
    INTERVAL = 1

    def get_verification_uri(self) -> str:
        return f"{self.server.issuer}/device"

    def save_device_credential(self, client_id: str, scope: str | None, data: dict[str, Any]) -> None:
        known = DeviceCredentialDict(
            data, client_id=client_id, scope=scope, expires_at=time.time() + data["expires_in"]
        )
        self.server.devices[data["device_code"]] = known


class DeviceCode(DeviceCodeGrant):
    """A code is asked for again and again until the person has answered; too often, and it is told to slow down."""

    def query_device_credential(self, device_code: str) -> Any:
        return self.server.devices.get(device_code)

    def query_user_grant(self, user_code: str) -> tuple[Account | None, bool] | None:
        if user_code not in self.server.answers:
            return None
        account = self.server.answers[user_code]
        return account, account is not None

    def should_slow_down(self, credential: Any) -> bool:
        now, before = time.monotonic(), credential.get("asked", 0.0)
        credential["asked"] = now
        return bool(now - before < DeviceStart.INTERVAL * 0.9)

    def create_token_response(self) -> Any:
        del self.server.devices[self.request.payload.data["device_code"]]
        return super().create_token_response()


class ActFor(BaseGrant, TokenEndpointMixin):
    """Lets the demo act for a person: RFC 8693 without a subject token, as Keycloak's direct impersonation."""

    GRANT_TYPE = EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = _WITH_SECRET

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("This client may not act for people.")
        account = self.server.accounts.get(self.request.payload.data.get("requested_subject", ""))
        if account is None:
            raise InvalidRequestError("requested_subject is the code of nobody here.")
        self.request.client, self.request.user = client, account

    def create_token_response(self) -> Any:
        token = self.generate_token(user=self.request.user, include_refresh_token=False)
        kind = {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        return 200, token | kind, self.TOKEN_RESPONSE_HEADER
