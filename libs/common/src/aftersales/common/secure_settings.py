"""Settings that are good enough for a trial, and refused everywhere else: well-known passwords, servers without any."""

import re
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from aftersales.common.broker_urls import broker_urls

_KNOWN_PASSWORDS = {"", "guest", "aftersales", "password", "secret", "changeme", "admin", "root", "test"}
_MONGO = re.compile(r"mongodb(?:\+srv)?://(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?")
_UNCHECKED = {
    "tlsinsecure",
    "tlsallowinvalidcertificates",
    "tlsallowinvalidhostnames",
    "ssl_cert_reqs",
    "no_verify_ssl",
}
"""Options of the drivers by which a server's certificate is not checked."""
_WAY_OUT = "only AFTERSALES_DEVELOPMENT=true, for trials on one machine, allows that"


def check_mongo_login(url: str) -> None:
    """Raise ValueError if the URL names no user, or one with a well-known password; it shows neither."""
    _check_options(url, "")
    if "authmechanism=mongodb-x509" in url.lower():  # a client certificate is the password
        return
    found = _MONGO.match(url)
    if not found or not found["user"]:
        raise ValueError(f"it names no user; {_WAY_OUT}")
    _check_password(unquote(found["user"]), unquote(found["password"] or ""), "")


def check_broker_login(urls: str) -> None:
    """Raise ValueError if one of the URLs has no password or a well-known one; it shows nothing of them."""
    known = broker_urls(urls)
    for place, url in enumerate(known, 1):
        which = f" (URL {place})" if len(known) > 1 else ""
        _check_options(url, which)
        parts = urlsplit(url)
        if [way.lower() for way in parse_qs(parts.query).get("auth", ())] != ["external"]:
            _check_password(unquote(parts.username or "guest"), unquote(parts.password or ""), which)


def _check_options(url: str, which: str) -> None:
    for name, value in parse_qsl(url.partition("?")[2]):
        if name.lower() in _UNCHECKED and value.lower() not in {"false", "0", "cert_required"}:
            raise ValueError(f"{name} lets anybody pretend to be the server{which}; {_WAY_OUT}")


def _check_password(user: str, password: str, which: str) -> None:
    if password.lower() in _KNOWN_PASSWORDS | {user.lower()}:
        raise ValueError(f"its password is missing or well-known{which}; {_WAY_OUT}")


def check_given(text: str) -> None:
    """Raise ValueError if the setting is empty."""
    if not text:
        raise ValueError(f"it is missing; {_WAY_OUT}")
