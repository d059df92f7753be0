"""Checks bearer tokens: signature, issuer, audience and times. Whoever fails gets 401 with the reason (RFC 6750)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError

from aftersales.common.clock import Clock
from aftersales.common.sign_in.keys import SigningKeys
from aftersales.values.errors import DomainError

LONGEST_TOKEN = 16_000
"""The longest token in characters; those of the usual servers have 1 000 to 4 000."""
LEEWAY = timedelta(seconds=30)
"""How far the clocks of the sign-in server and of this service may differ."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a private key. No `none`, and nothing with a shared secret (RFC 8725, section 3.1)."""


class NotSignedIn(DomainError):
    """The caller has no valid token. HTTP answers 401 with `WWW-Authenticate`."""

    status = 401
    transient = True


class Token(NamedTuple):
    """What a verified token says."""

    subject: str
    """The issuer's name for the person or program; it never changes."""
    name: str
    """The name under which records show them if the subject is bound to nobody."""
    roles: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()


class ClaimNames(NamedTuple):
    """The claims to read, each by name or by a path such as `realm_access.roles`; empty: none."""

    name: str
    roles: str = ""
    branches: str = ""


class TokenVerifier:
    """Verifies the tokens of one issuer for one audience."""

    def __init__(self, issuer: str, audience: str, names: ClaimNames, clock: Clock) -> None:
        self._keys, self._clock, self._names = SigningKeys(issuer, clock), clock, names
        self._claims: dict[str, Any] = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": audience},
            "exp": {"essential": True},
            "sub": {"essential": True},
        }

    async def verify(self, authorization: str | None) -> Token:
        """Return the token of a request with this `Authorization` header. Raises `NotSignedIn`, or `Busy`."""
        claims = await self._read(_bearer(authorization))
        try:
            jwt.JWTClaimsRegistry(self._now, int(LEEWAY.total_seconds()), **self._claims).validate(claims)
        except ExpiredTokenError as error:
            raise NotSignedIn("token.expired") from error
        except MissingClaimError as error:
            raise NotSignedIn("token.claim_missing", claim=error.claim) from error
        except InvalidClaimError as error:
            raise _refuse_claim(error.claim) from error
        name = _at(claims, self._names.name)
        if not isinstance(name, str) or not name.strip():
            raise NotSignedIn("token.claim_missing", claim=self._names.name)
        roles, branches = (_words(_at(claims, path)) for path in (self._names.roles, self._names.branches))
        return Token(claims["sub"], name[:100], roles, branches)

    async def _read(self, token: str) -> dict[str, Any]:
        """Return the claims of a token whose signature is genuine."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            algorithm, kid = header.get("alg"), header.get("kid")
        except (JoseError, ValueError, TypeError) as error:
            raise NotSignedIn("token.malformed") from error
        if algorithm not in ALGORITHMS:
            raise NotSignedIn("token.algorithm", algorithm=str(algorithm)[:20])
        if not (kid is None or isinstance(kid, str)):
            raise NotSignedIn("token.malformed")
        keys = await self._keys.find(kid)
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except BadSignatureError as error:
            raise NotSignedIn("token.signature") from error
        except (JoseError, ValueError) as error:
            raise NotSignedIn("token.key_unknown") from error

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _refuse_claim(claim: str) -> NotSignedIn:
    match claim:
        case "iss":
            return NotSignedIn("token.issuer")
        case "aud":
            return NotSignedIn("token.audience")
        case "nbf" | "iat":
            return NotSignedIn("token.not_yet")
        case _:
            return NotSignedIn("token.malformed")


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("token.missing")
    if len(token) > LONGEST_TOKEN:
        raise NotSignedIn("token.too_long", most=LONGEST_TOKEN)
    return token.strip()


def _words(claim: Any) -> tuple[str, ...]:
    """Return a list claim, or the words of a text such as the `scope` of RFC 8693."""
    words = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else ()
    return tuple(word for word in words if isinstance(word, str))


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """Return the claim at a path, such as `realm_access.code`; a claim whose name has dots comes first."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
