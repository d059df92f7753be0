"""Links to customers that need no login: signed, for one purpose and one subject, until a day.

A link only says what its holder may see. What is shown is always the present state; a link that is used, superseded or
expired leads there too. Opening one changes nothing, because mail scanners and previews open links.

The form is a compact JWS (RFC 7515) with HS256, made by joserfc, which also checks bearer tokens: it names the key, so
that keys can be replaced, and accepts no other algorithm. Its payload is text, shorter than JSON, for links in an SMS.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import SecretStr

from aftersales.values.errors import NotFound

LONGEST_LINK = 600
"""The longest token of a link in characters; usual ones have 150."""
_ALGORITHM = "HS256"


class SignedLink(NamedTuple):
    """What a genuine link says."""

    subject: str
    """The id of the document that it shows."""
    version: int
    """The document's version when the link was made; a higher one now means that something changed since."""
    expires_at: datetime

    def has_expired(self, now: datetime) -> bool:
        return now >= self.expires_at


class LinkSigner:
    """Signs and reads links. `keys` are separated by blanks: the first signs, all are accepted."""

    def __init__(self, keys: SecretStr, lasts: timedelta) -> None:
        self._keys = {_key_id(key): OctKey.import_key(key.encode()) for key in keys.get_secret_value().split()}
        self._lasts = lasts

    def __bool__(self) -> bool:
        """Return whether there is a key, without which no link can be made."""
        return bool(self._keys)

    def sign(self, purpose: str, subject: str, version: int, made_at: datetime) -> str:
        """Return the token of a link that works from now on; the same arguments give the same token."""
        id, key = next(iter(self._keys.items()))
        until = int((made_at + self._lasts).timestamp())
        payload = "\t".join((purpose, subject, str(version), str(until)))
        return jws.serialize_compact({"alg": _ALGORITHM, "kid": id}, payload, key)

    def read(self, purpose: str, token: str) -> SignedLink:
        """Return what a link says. Raises `NotFound` if it was not made here for this purpose."""
        if len(token) > LONGEST_LINK:
            raise NotFound("link.unknown")
        try:
            key = self._keys[str(jws.extract_compact(token.encode()).headers().get("kid"))]
            payload = jws.deserialize_compact(token, key, algorithms=[_ALGORITHM]).payload
            said, subject, version, until = payload.decode().split("\t")
            link = SignedLink(subject, int(version), datetime.fromtimestamp(int(until), UTC))
        except (JoseError, ValueError, LookupError, TypeError, OverflowError) as error:
            raise NotFound("link.unknown") from error
        if said != purpose:
            raise NotFound("link.unknown")
        return link


def _key_id(key: str) -> str:
    return hashlib.sha256(f"aftersales link key|{key}".encode()).hexdigest()[:8]
