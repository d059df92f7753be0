"""Headers of every answer that tell browsers and proxies what they must not do with it. Pure."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers

Pairs = list[tuple[bytes, bytes]]
_ALWAYS: Pairs = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
"""A browser must not guess an answer's type, send its address to others or show it in a frame."""
_NOTHING = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; form-action 'none'")
"""For data, which a browser has nothing to load for."""
_DOCUMENTATION = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'{issuer}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""For Swagger UI, which starts with a script in its page; the page shows nothing that a user wrote."""
_NO_STORE, _REVALIDATE = (b"cache-control", b"no-store"), (b"cache-control", b"no-cache")
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_STATIC = "/static-offline-docs/"


class Guards:
    """Adds what an answer does not say itself: the public page, files and logos have policies of their own."""

    def __init__(self, issuer: str, trusted_proxies: int) -> None:
        place = urlsplit(issuer)
        connects = f" {place.scheme}://{place.netloc}" if issuer else ""
        self._documentation = (b"content-security-policy", _DOCUMENTATION.format(issuer=connects).encode())
        self._behind_proxy = trusted_proxies > 0

    def missing_headers(self, path: str, asked: Headers, said: Iterable[tuple[bytes, bytes]]) -> Pairs:
        """Return the headers to add to an answer that has the headers `said`."""
        known, added = {name for name, _ in said}, _ALWAYS.copy()
        documentation = path.startswith("/docs")
        if b"content-security-policy" not in known:
            added.append(self._documentation if documentation else _NOTHING)
        if b"cache-control" not in known:
            public = documentation or path == "/openapi.json" or path.startswith(_STATIC)
            added.append(_REVALIDATE if public else _NO_STORE)
        if self._behind_proxy and asked.get("x-forwarded-proto", "").rpartition(",")[2].strip() == "https":
            added.append(_HSTS)
        return added
