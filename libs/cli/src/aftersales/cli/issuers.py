"""Sign-in servers: which one the services name, where its endpoints are, and its answers about tokens."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from aftersales.cli.session import Session, Trouble

_HERE = {"127.0.0.1", "localhost", "::1"}
_TIMEOUT = httpx.Timeout(15, connect=5)


class NamedIssuer(BaseModel, frozen=True):
    """What a service says about its sign-in (`GET /sign-in`)."""

    issuer: str
    """Empty if nobody signs in."""
    client_id: str
    scope: str


class Endpoints(BaseModel, frozen=True):
    """A sign-in server's description (OpenID Connect Discovery), as far as it is needed."""

    issuer: str
    token_endpoint: str
    authorization_endpoint: str = ""
    device_authorization_endpoint: str = ""
    revocation_endpoint: str = ""


async def ask_services(session: Session) -> dict[str, NamedIssuer]:
    """Return what each service that answers says about its sign-in, by address."""
    async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as http:

        async def ask(url: str) -> NamedIssuer | None:
            try:
                return NamedIssuer.model_validate_json((await http.get(f"{url}/sign-in")).raise_for_status().content)
            except (httpx.HTTPError, ValidationError):
                return None

        urls = list(session.urls.values())
        said = zip(urls, await asyncio.gather(*map(ask, urls)), strict=True)
        return {url: one for url, one in said if one is not None}


async def read_endpoints(issuer: str) -> Endpoints:
    """Return the server's endpoints. Raises `Trouble` if it is not an OpenID Connect server of that name."""
    require_privacy(issuer)
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=issuer_is_elsewhere(issuer)) as http:
            answer = await http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        found = Endpoints.model_validate_json(answer.raise_for_status().content)
    except (httpx.HTTPError, ValidationError) as error:
        raise Trouble("cli.issuer_unreachable", issuer=issuer, why=str(error)) from error
    if found.issuer != issuer:
        raise Trouble("cli.issuer_differs", issuer=issuer, found=found.issuer)
    return found


async def request_token(url: str, client: str, form: Mapping[str, str], secret: str | None = None) -> dict[str, Any]:
    """Ask an endpoint as this client, with its secret or as a public one; return the answer, also a refusal.

    Raises `Trouble` if there is none.
    """
    require_privacy(url)
    said = dict(form) if secret else {"client_id": client, **form}
    try:
        account = httpx.BasicAuth(client, secret) if secret else None
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=issuer_is_elsewhere(url), auth=account) as http:
            answer = await http.post(url, data=said)
        content = answer.json() if answer.content else {}
    except (httpx.HTTPError, ValueError) as error:
        raise Trouble("cli.issuer_unreachable", issuer=url, why=str(error)) from error
    return content if isinstance(content, dict) else {}


def client_from_environment() -> tuple[str, str | None]:
    """Return a service account's id and secret; empty if there is none. Raises `Trouble` for an unreadable file."""
    client, secret = os.environ.get("AFTERSALES_CLIENT_ID", ""), os.environ.get("AFTERSALES_CLIENT_SECRET")
    if path := os.environ.get("AFTERSALES_CLIENT_SECRET_FILE"):
        try:
            secret = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise Trouble("cli.secret_unreadable", path=path, why=str(error)) from error
    return client, secret


def issuer_is_elsewhere(url: str) -> bool:
    """Whether it is on another machine, so that the user's proxy may be needed."""
    return httpx.URL(url).host not in _HERE


def require_privacy(url: str) -> None:
    """Raise `Trouble` for an address where others could read tokens on the way."""
    try:
        place = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Trouble("cli.issuer_unreachable", issuer=url, why=str(error)) from error
    if place.scheme != "https" and not (place.scheme == "http" and place.host in _HERE):
        raise Trouble("cli.token_needs_tls", url=url)
