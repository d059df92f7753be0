"""Messages that gateways send: a real mail server, a real web server, a file (INT-1, ALL-6)."""

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP
from intake.staff import ask, data, overheard, register, say, staff
from pydantic import SecretStr

from aftersales.common.settings import WrongSettings
from aftersales.intake.main import build_service
from aftersales.intake.messages.domain.message import CustomerMessage
from aftersales.intake.messages.handlers.gateways import build_gateways
from aftersales.intake.messages.handlers.sender import SENDER_LEASE, Sender
from aftersales.intake.settings import Settings
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService

PERSONAL = ("王芳", "13800138000", "wang@example.org", "建国路")
KEY = "k" * 32
Start = Callable[..., Any]


class Mailbox:
    """Takes mails, or refuses them with an answer of SMTP."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@asynccontextmanager
async def _mail_server(mailbox: Mailbox) -> AsyncIterator[dict[str, Any]]:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mailbox), "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield {"gateways": {"email": "smtp"}, "smtp_url": SecretStr(url), "mail_from": "service@example.org"}
    server.close()


class Provider:
    """A web server of a provider of SMS, with the answers that it gives, 200 in the end."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.go_on = threading.Event()
        self.go_on.set()


@contextmanager
def _web_server(provider: Provider) -> Iterator[dict[str, Any]]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            provider.received.append((dict(self.headers.items()), body))
            provider.go_on.wait(10)
            self.send_response(provider.answers.pop(0) if provider.answers else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/sms"
    try:
        yield {"gateways": {"message": "webhook"}, "webhook_url": url, "webhook_secret": SecretStr(KEY)}
    finally:
        provider.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


async def _in_state(intake: RunningService, state: str) -> CustomerMessage:
    async def there() -> list[CustomerMessage]:
        return await intake.find(CustomerMessage, state=state)

    return cast("CustomerMessage", (await eventually(cast("Callable[[], Awaitable[Any]]", there)))[0])


async def test_int_1_a_customer_gets_the_number_by_mail_in_their_language_and_events_name_nobody(start: Start) -> None:
    mailbox = Mailbox()
    async with _mail_server(mailbox) as settings, start(**settings) as intake, overheard(intake) as heard:
        number = await register(intake, channel="phone")
        message = await _in_state(intake, "sent")
        (mail,) = mailbox.mails
        assert mail["To"] == "wang@example.org"
        assert mail["Subject"] == f"售後服務：{number}"
        assert mail["Message-ID"] == f"<{message.id}.email@example.org>"
        assert f"服務單號 {number}" in mail.get_content()
        await say(intake, "POST", f"/messages/{message.id}/delivered", channel="email")

        async def published() -> Any:
            return data(heard, "customer_message_delivered")

        await eventually(published)
        ours = str([event for event in heard if "customer_message" in event["type"]])
        assert not any(word in ours for word in PERSONAL)
        page = await intake.metrics()
        assert not any(word in page for word in PERSONAL)
        assert 'outcome="sent",template="request_registered",way="gateway"} 1.0' in page


async def test_int_1_an_address_that_a_mail_server_refuses_is_given_up_and_the_desk_calls(start: Start) -> None:
    async with _mail_server(Mailbox("550 no such user")) as settings, start(**settings) as intake:
        number = await register(intake, channel="phone")
        assert (await _in_state(intake, "unreachable")).attempts[0].why == "smtp 550"
        await staff(intake)
        await say(intake, "POST", f"/requests/{number}/escalate", reason="能否换机", proposal="换机")
        assert (await _in_state(intake, "to_send")).channel == "phone"


async def test_int_1_a_provider_gets_a_signed_message_with_one_id_until_it_accepts_it(
    start: Start, clock: ManualClock
) -> None:
    provider = Provider(503)
    with _web_server(provider) as settings:
        async with start(**settings) as intake:
            number = await register(intake, channel="phone")

            async def tried() -> Any:
                return [one for one in await intake.find(CustomerMessage, state="waiting") if one.attempts]

            (message,) = await eventually(tried)
            clock.advance(minutes=2)
            sent = await _in_state(intake, "sent")
    assert [attempt.why for attempt in sent.attempts] == ["http 503", ""]
    assert [headers["Idempotency-Key"] for headers, _ in provider.received] == [f"{message.id}.message"] * 2
    headers, body = provider.received[-1]
    signature = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Aftersales-Signature"] == f"sha256={signature}"
    said = json.loads(body)
    assert (said["to"], said["template"], said["language"]) == ("+8613800138000", "request_registered", "zh-Hant")
    assert number in said["text"]


async def test_int_1_a_crash_after_the_handover_repeats_it_with_the_same_id(start: Start, clock: ManualClock) -> None:
    provider = Provider()
    with _web_server(provider) as settings:
        async with start(**settings) as intake:
            runtime = intake.runtime

            async def leased() -> bool:  # the running sender must not take part
                await runtime.mongo.leases._leases.delete_many({})
                return await runtime.mongo.leases.claim(SENDER_LEASE, "test", timedelta(minutes=1))

            await eventually(leased)
            await register(intake, channel="phone")
            await _in_state(intake, "sending")
            made = runtime.service.settings
            provider.go_on.clear()
            sender = Sender(build_gateways(made), made)
            crashing = asyncio.create_task(sender.send_batch(runtime.mongo, runtime.writer, clock))

            async def received() -> bool:
                return bool(provider.received)

            await eventually(received)
            crashing.cancel()
            provider.go_on.set()
            assert (await _in_state(intake, "sending")).attempts == ()
            await Sender(build_gateways(made), made).send_batch(runtime.mongo, runtime.writer, clock)
            assert len((await _in_state(intake, "sent")).attempts) == 1
    first, second = (headers["Idempotency-Key"] for headers, _ in provider.received)
    assert first == second


SHIRT = {"serial": "ORDER-1", "model": "shirt", "line": "online-order"}


async def test_int_8_a_question_that_is_checked_has_its_time_told_in_the_branchs_zone(
    start: Start, clock: ManualClock, tmp_path: Path
) -> None:
    """The customer reads by when, not the desk."""
    lines = tmp_path / "sent.jsonl"
    async with start(gateways={"message": "file"}, message_file=str(lines)) as intake:
        number = await register(intake, channel="chat", kind="consultation", product=SHIRT, description="能退吗")
        await say(intake, "POST", f"/requests/{number}/replies", channel="chat", text="我们查一下", refer=True)

        async def told() -> Any:
            sent = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
            return [one["text"] for one in sent if one["template"] == "answer_promised"]

        (text,) = await eventually(told)
        assert number in text
        assert "2026-11-24 09:00" in text


async def test_the_gateway_for_development_writes_lines_of_json(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "messages.jsonl"
    async with start(gateways={"message": "file"}, message_file=str(path)) as intake:
        number = await register(intake, channel="phone")
        await _in_state(intake, "sent")
        assert (await ask(intake, "/messages", state="sent"))["items"][0]["request"] == number
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line)["text"].endswith(f"{number}。")


@pytest.mark.parametrize("name", ["webhook", "smtp"])
def test_a_gateway_without_its_settings_ends_the_service_at_its_start(name: str) -> None:
    with pytest.raises(WrongSettings, match=f"the gateway {name} needs both"):
        build_service(Settings.model_validate({"gateways": {"email": name}}))
