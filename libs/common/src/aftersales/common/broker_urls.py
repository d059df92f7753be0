"""`AFTERSALES_AMQP_URL` as one or several broker URLs. Imports no driver, so that settings can use it."""

import re
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

HEARTBEAT_SECONDS = 10
"""For a URL without `?heartbeat=`. With the driver's default, a silent broker is noticed after three minutes."""


def broker_urls(text: str) -> tuple[str, ...]:
    """Return the URLs of a comma-separated list, each with a heartbeat.

    A comma separates only before the next URL, because a password may contain one. Raises ValueError with a text that
    shows nothing of the URL, which contains a password.
    """
    urls = re.split(r"\s*,\s*(?=[a-z]+://)", text.strip())
    return tuple(_checked(url, f" (URL {place})" if len(urls) > 1 else "") for place, url in enumerate(urls, 1))


def _checked(url: str, which: str) -> str:
    if not url.startswith(("amqp://", "amqps://")):
        raise ValueError(f"it must begin with amqp:// or amqps://{which}")
    if "," in url.rpartition("@")[2]:
        raise ValueError(f"each broker needs a URL of its own: amqp://one:5672,amqp://two:5672{which}")
    try:
        parts = urlsplit(url)
        zero = parts.port == 0
    except ValueError as error:
        raise ValueError(f"what stands after the host is no port{which}") from error
    if zero:
        raise ValueError(f"what stands after the host is no port{which}")
    if not parts.hostname:
        raise ValueError(f"it names no host{which}")
    options = parse_qs(parts.query)
    if parts.scheme == "amqps":
        _check_certificates(options, which)
    heartbeat = options.get("heartbeat")
    if heartbeat is None:
        return f"{url}{'&' if parts.query else '?'}heartbeat={HEARTBEAT_SECONDS}"
    if not re.fullmatch(r"[1-9]\d{0,3}", heartbeat[-1]):
        raise ValueError(f"its heartbeat must be a number of seconds from 1 to 9999{which}")
    return url


def _check_certificates(options: Mapping[str, Sequence[str]], which: str) -> None:
    """Raise ValueError if the files that the URL names are no certificates, or cannot be read."""
    ca, own, key = (options.get(name, [None])[-1] for name in ("cafile", "certfile", "keyfile"))
    about = "cafile"
    try:
        context = ssl.create_default_context(cafile=ca)
        about = "certfile or keyfile"
        if own:
            context.load_cert_chain(own, key)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"its {about} cannot be used: {error}{which}") from error
