"""The public keys of the sign-in server (OpenID Connect Discovery; JWKS, RFC 7517), fetched, kept and renewed."""

import asyncio
import json
import urllib.request
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from aftersales.common.clock import Clock
from aftersales.common.telemetry import log
from aftersales.values.errors import Busy

RENEWED_EVERY = timedelta(minutes=10)
"""The age from which keys are fetched again while the old ones still serve."""
TRUSTED_FOR = timedelta(hours=24)
"""The age up to which keys are trusted while the sign-in server is away."""
PAUSE = timedelta(seconds=5)
"""The shortest time between two fetches, so that made-up key ids cannot flood the sign-in server."""
LONGEST_PAUSE = timedelta(minutes=1)
"""The longest time between two tries while fetches fail."""
_TIMEOUT, _MOST = 5, 1_000_000
DISCOVERY = "/.well-known/openid-configuration"


class SigningKeys:
    """The keys of one issuer. Fetches run one at a time, in a thread."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self._issuer, self._clock = issuer, clock
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = datetime.min.replace(tzinfo=clock.now().tzinfo)
        self._failures = 0
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> KeySet:
        """Return the keys, of which one may have this id; fetches them if none has, or if they are old.

        Raises `Busy` while the server cannot be asked: whether the token is genuine is not known then.
        """
        if self._keys and self._age(self._fetched_at) < TRUSTED_FOR and _has(self._keys, kid):
            if self._age(self._fetched_at) >= RENEWED_EVERY and self._may_try():
                self._fetch()
            return self._keys
        if not self._fetching and not self._may_try():
            wait = self._pause() - self._age(self._tried_at)
            raise Busy("token.keys_unavailable", seconds=max(1, round(wait.total_seconds())))
        await asyncio.shield(self._fetch())
        if self._failures or self._keys is None:
            raise Busy("token.keys_unavailable", seconds=max(1, round(self._pause().total_seconds())))
        return self._keys

    def _age(self, at: datetime) -> timedelta:
        return self._clock.now() - at

    def _pause(self) -> timedelta:
        return min(PAUSE * (1 << min(self._failures, 4)), LONGEST_PAUSE)

    def _may_try(self) -> bool:
        return self._age(self._tried_at) >= self._pause()

    def _fetch(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._renew())
        return self._fetching

    async def _renew(self) -> None:
        self._tried_at = self._clock.now()
        try:
            self._keys = await asyncio.to_thread(_read_keys, self._issuer)
            self._fetched_at, self._failures = self._tried_at, 0
        except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError, JoseError) as error:
            self._failures += 1
            log.warning("sign_in.keys_unavailable", issuer=self._issuer, error=str(error)[:200])
        finally:
            self._fetching = None


def _has(keys: KeySet, kid: str | None) -> bool:
    return len(keys.keys) == 1 if kid is None else any(key.kid == kid for key in keys)


def _read_keys(issuer: str) -> KeySet:
    """Fetch the issuer's description, and the keys that it names. Raises ValueError if it describes another issuer."""
    described = _read_json(issuer.rstrip("/") + DISCOVERY)
    if described["issuer"] != issuer:
        raise ValueError(f"it describes the issuer {described['issuer']!r}")
    return KeySet.import_key_set(_read_json(described["jwks_uri"]))


def _read_json(url: str) -> Any:
    if not url.startswith(("http://", "https://")):
        raise ValueError("it is no web address")
    with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:  # noqa: S310 (the scheme is checked above)
        return json.loads(answer.read(_MOST))
