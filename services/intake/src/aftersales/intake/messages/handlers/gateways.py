"""Gateways: the ways out of the system, behind one small interface."""

import asyncio
import hashlib
import hmac
import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from aftersales.common.settings import WrongSettings


class OutgoingNotice(NamedTuple):
    """One message for one gateway.

    `id` is the same when it is sent again, so that a gateway can drop the repetition.
    """

    id: str
    message: str
    channel: str
    to: str
    language: str
    template: str
    subject: str
    text: str


class GatewayProblem(Exception):
    """A gateway did not accept a message: `why` has no personal data, `again` says whether another try may help."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.why, self.again = why, again


Gateway = Callable[[OutgoingNotice], None]
"""Hands one message over, in a thread. Raises `GatewayProblem`."""
_TOO_MANY, _TIMED_OUT = 429, 408
_SERVER_ERRORS, _SMTP_PERMANENT = 500, 500


def build_gateways(settings: Any) -> dict[str, Gateway]:
    """Return the gateway of each channel. Raises `WrongSettings` if one lacks its settings."""
    made: Mapping[str, Callable[[Any], Gateway]] = {"file": _file, "webhook": _webhook, "smtp": _smtp}
    return {channel: made[name](settings) for channel, name in settings.gateways.items()}


async def submit_notice(gateway: Gateway | None, notice: OutgoingNotice) -> GatewayProblem | None:
    """Send one message, and return the problem if there was one."""
    if gateway is None:  # it was taken out of the settings meanwhile
        return GatewayProblem("no_gateway", again=False)
    try:
        await asyncio.to_thread(gateway, notice)
    except GatewayProblem as problem:
        return problem
    except (OSError, smtplib.SMTPException) as error:  # no connection, a timeout, a broken answer
        return GatewayProblem(type(error).__name__, again=True)
    except Exception as error:  # noqa: BLE001 (one message that cannot be sent must not stop the others)
        return GatewayProblem(type(error).__name__, again=False)
    return None


def _file(settings: Any) -> Gateway:
    def send(notice: OutgoingNotice) -> None:
        line = json.dumps(notice._asdict(), ensure_ascii=False)
        with Path(settings.message_file).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return send


def _webhook(settings: Any) -> Gateway:
    if not (settings.webhook_url and settings.webhook_secret.get_secret_value()):
        raise WrongSettings(["AFTERSALES_WEBHOOK_URL, AFTERSALES_WEBHOOK_SECRET: the gateway webhook needs both"])
    key, seconds = settings.webhook_secret.get_secret_value().encode(), settings.gateway_timeout.total_seconds()

    def send(notice: OutgoingNotice) -> None:
        body = json.dumps(notice._asdict(), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": notice.id,
            "X-Aftersales-Signature": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
        }
        request = urllib.request.Request(settings.webhook_url, body, headers, method="POST")  # noqa: S310 (http only)
        try:
            with urllib.request.urlopen(request, timeout=seconds):  # noqa: S310 (the setting allows http and https only)
                return
        except urllib.error.HTTPError as error:
            again = error.code in {_TOO_MANY, _TIMED_OUT} or error.code >= _SERVER_ERRORS
            raise GatewayProblem(f"http {error.code}", again=again) from None

    return send


def _smtp(settings: Any) -> Gateway:
    url = urlsplit(settings.smtp_url.get_secret_value())
    if url.scheme not in {"smtp", "smtps"} or not url.hostname or "@" not in settings.mail_from:
        raise WrongSettings(["AFTERSALES_SMTP_URL, AFTERSALES_MAIL_FROM: the gateway smtp needs both"])
    host, seconds = url.hostname, settings.gateway_timeout.total_seconds()
    domain = settings.mail_from.rpartition("@")[2]

    def send(notice: OutgoingNotice) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = settings.mail_from, notice.to, notice.subject
        mail["Message-ID"], mail["Content-Language"] = f"<{notice.id}@{domain}>", notice.language
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.text)
        server = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
        try:
            with server(host, url.port or 0, timeout=seconds) as connection:
                if url.scheme == "smtp" and connection.has_extn("starttls"):
                    connection.starttls()
                if url.username:
                    connection.login(unquote(url.username), unquote(url.password or ""))
                connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise GatewayProblem(f"smtp {code}", again=code < _SMTP_PERMANENT) from None
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            raise GatewayProblem(f"smtp {code}", again=not _SMTP_PERMANENT <= code < _SMTP_PERMANENT + 100) from None

    return send
