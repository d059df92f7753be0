"""The sign-ins of this user: a file for each sign-in server, and the tokens in it for the services of that server."""

import asyncio
import base64
import hashlib
import json
import os
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from aftersales.cli.issuers import client_from_environment, request_token
from aftersales.cli.session import Trouble

_SPARE = 30.0
"""Seconds before its end at which a token is renewed."""
_LOCKED_FOR = 60.0


class SignIn(BaseModel, frozen=True):
    """A person or program who signed in with `aftersales login`."""

    issuer: str
    client: str
    token_endpoint: str
    revocation_endpoint: str = ""
    urls: tuple[str, ...]
    """Addresses of the services that named this sign-in server; the token is sent to no other."""
    access_token: str
    refresh_token: str = ""
    ends: float = 0.0
    """When the access token ends, in seconds since 1970; 0 if unknown."""

    @property
    def over(self) -> bool:
        return 0 < self.ends < time.time() + _SPARE

    @property
    def path(self) -> Path:
        return _folder() / f"{hashlib.sha256(self.issuer.encode()).hexdigest()[:16]}.json"

    def renewed(self, answer: dict[str, Any]) -> "SignIn":
        """Return it with the tokens of an answer; a refresh token that the server did not replace stays."""
        tokens = {name: answer[name] for name in ("access_token", "refresh_token") if answer.get(name)}
        seconds = float(answer.get("expires_in") or 0)
        return self.model_copy(update=tokens | {"ends": time.time() + seconds if seconds else 0.0})

    def save(self) -> None:
        """Write the file, for its owner only. Other sign-ins to the same services end. Raises `Trouble`."""
        try:
            for other in stored_sign_ins():
                if other.path != self.path and set(other.urls) & set(self.urls):
                    other.path.unlink()
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=self.path.parent)  # made with mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self.model_dump_json())
            Path(draft).replace(self.path)
        except OSError as error:
            raise Trouble("cli.sign_in_unsaved", path=str(self.path.parent), why=str(error)) from error


class StoredToken(httpx.Auth):
    """Signs calls in with the stored token, and renews it when it ends, also in the middle of a long import."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if self._sign_in.over:
            self._sign_in = await renew_sign_in(self._sign_in)
        request.headers["authorization"] = f"Bearer {self._sign_in.access_token}"
        yield request


async def renew_sign_in(known: SignIn) -> SignIn:
    """Get the next access token and store it. Raises `Trouble` if the user must sign in again.

    Servers may end a sign-in whose refresh token is used twice, so one call renews, and the others take what it got.
    """
    async with _renew_alone(known.path):
        latest = find_sign_in(known.urls[0])
        if latest and latest.access_token != known.access_token:
            return latest
        answer = await _request_next(known) if latest else {}
        if "access_token" not in answer:
            raise Trouble("cli.sign_in_over", issuer=known.issuer)
        latest = known.renewed(answer)
        latest.save()
        return latest


async def _request_next(known: SignIn) -> dict[str, Any]:
    """Ask with the refresh token; a program's account has none, and asks with its secret again."""
    if known.refresh_token:
        form = {"grant_type": "refresh_token", "refresh_token": known.refresh_token}
        return await request_token(known.token_endpoint, known.client, form)
    client, secret = client_from_environment()
    if client != known.client:
        return {}
    return await request_token(known.token_endpoint, client, {"grant_type": "client_credentials"}, secret)


@asynccontextmanager
async def _renew_alone(path: Path) -> AsyncIterator[None]:
    """Wait until no other task or process renews this sign-in; a lock that a crash left is ignored after a minute."""
    lock = path.with_suffix(".lock")
    while True:
        try:
            lock.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            with suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > _LOCKED_FOR:
                    lock.unlink()
            await asyncio.sleep(0.05)
        else:
            break
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def find_sign_in(url: str) -> SignIn | None:
    """Return the sign-in for the service at this address."""
    return next((one for one in stored_sign_ins() if url in one.urls), None)


def stored_sign_ins() -> Iterator[SignIn]:
    """Yield every sign-in of this user. A file that cannot be read counts as none."""
    for path in sorted(_folder().glob("*.json")):
        try:
            yield SignIn.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, unverified and for display only; nothing if it is opaque."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "aftersales" / "sign-in"
