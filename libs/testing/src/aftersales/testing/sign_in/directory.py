"""The people and programs that the development server knows, from `directory.toml`."""

import hmac
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from authlib.oauth2.rfc6749 import ClientMixin

CODE, REFRESH, CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
SCOPES = ("openid", "profile", "offline_access")
_LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True)
class Account:
    """A person who can sign in."""

    code: str
    chinese: str
    english: str
    roles: tuple[str, ...]
    """Access roles, for the token."""
    job: str
    """The role in the network; empty for people whom intake does not know."""
    branches: tuple[str, ...]
    """Where they work; people of the whole network in all."""

    @property
    def place(self) -> str:
        """The branch; empty for people of the whole network."""
        return self.branches[0] if len(self.branches) == 1 else ""

    @property
    def subject(self) -> str:
        """The id that stays the same, whatever server was started when: what a real server's `sub` is."""
        return str(uuid5(NAMESPACE_URL, f"https://aftersales.example/people/{self.code}"))

    def get_user_id(self) -> str:
        return self.subject


@dataclass(frozen=True)
class Client(ClientMixin):
    """A program that may ask for tokens. Method names are those of Authlib's `ClientMixin`."""

    id: str
    kind: Literal["public", "service", "acts_for_people"]
    roles: tuple[str, ...] = ()
    redirect: str = ""
    """The path of the redirect URI; the port is free (RFC 8252, section 7.3)."""
    device: bool = False
    secret: str = ""

    @property
    def grants(self) -> set[str]:
        match self.kind:
            case "public":
                return {CODE, REFRESH} | ({DEVICE} if self.device else set())
            case "service":
                return {CREDENTIALS}
        return {EXCHANGE}

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> None:
        """Return none: a client names where it listens."""

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(one for one in SCOPES if one in (scope or "openid").split())

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        try:
            parts = urlsplit(redirect_uri)
        except ValueError:
            return False
        return parts.scheme == "http" and parts.hostname in _LOOPBACK and _rest(parts) == (self.redirect, "", "", None)

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret) and hmac.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return (method == "none") == (self.kind == "public")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and CODE in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


def _rest(parts: Any) -> tuple[str, str, str, str | None]:
    return parts.path, parts.query, parts.fragment, parts.username


@cache
def read_accounts() -> Mapping[str, Account]:
    """Return everybody by code, in the order of the file."""
    return {account.code: account for account in _accounts(_directory())}


def read_clients() -> dict[str, Client]:
    """Return the programs by id, without their secrets."""
    return {id: Client(id, **_tuples(said)) for id, said in _directory()["clients"].items()}


def _accounts(said: Mapping[str, Any]) -> Iterator[Account]:
    for number, branch in enumerate(said["branches"]):
        for pattern, one in said["branch_people"].items():
            chinese, english = one["names"][number]
            code = pattern.format(branch=branch)
            yield Account(code, chinese, english, tuple(one["roles"]), one["job"], (branch,))
    for code, one in said["people"].items():
        chinese, english = one["name"]
        branches = (one["branch"],) if "branch" in one else tuple(said["branches"])
        yield Account(code, chinese, english, tuple(one["roles"]), one.get("job", ""), branches)


def _directory() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("directory.toml").read_text("utf-8"))


def _tuples(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
