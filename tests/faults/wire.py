"""How the load speaks to the system: commands with a key until they are answered, and partners' messages."""

import asyncio
import hashlib
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aio_pika
import httpx
from aio_pika.exceptions import AMQPError
from faults.ledger import Attempt, Command, Ledger, utc_now
from faults.rig import System
from pydantic_core import to_json

from aftersales.common.partners import own_user
from aftersales.values import uuid7

ACTOR = "load"
_TRIES = 600
_GIVE_UP = 60.0
"""Seconds after which an unanswered command is left as attempted, once the load is closing."""


class Wire:
    """Notes in its ledger everything that was sent and answered."""

    def __init__(self, system: System, seed: int) -> None:
        self.system = system
        self.ledger = Ledger()
        self.closing = asyncio.Event()
        self._published: list[tuple[datetime, bytes]] = []
        """What a partner published, and when that was confirmed."""
        self._jitter = random.Random(seed)

    async def send(self, service: str, method: str, path: str, body: Any = None) -> Any:
        """Send it with one key until it is answered; the JSON of a 2xx, else None."""
        command = Command(f"k-{uuid7()}", service, method, path, body)
        self.ledger.commands[command.key] = command
        headers = {"Idempotency-Key": command.key, "X-Correlation-ID": command.key, "X-Actor": ACTOR}
        patience = _GIVE_UP
        while patience > 0:
            command.tries += 1
            answer = await self._once(command, headers)
            if answer is not None and answer.status_code < 500:
                return self._answered(command, answer)
            if answer is not None and answer.status_code != 503:
                self.ledger.problems.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            self.ledger.retries += 1
            wait = self._jitter.uniform(0.1, 0.4)
            patience -= wait if self.closing.is_set() else 0
            await asyncio.sleep(wait)
        return None

    async def _once(self, command: Command, headers: dict[str, str]) -> httpx.Response | None:
        try:
            url = self.system.url(command.service) + command.path
            return await self.system.http.request(command.method, url, json=command.body, headers=headers)
        except httpx.HTTPError:
            return None

    def _answered(self, command: Command, answer: httpx.Response) -> Any:
        command.status = answer.status_code
        command.replayed = "Idempotent-Replayed" in answer.headers
        if command.status == 422:
            self.ledger.problems.append(f"{command.method} {command.path}: 422 {answer.text[:200]}")
        if not command.accepted:
            return None
        found = answer.json()
        command.version = found.get("version")
        return found

    async def look(self, service: str, path: str) -> Any:
        """The JSON of a GET, or None for now."""
        return await self.system.ask("GET", self.system.url(service) + path)

    async def register(self, attempt: Attempt, form: dict[str, Any]) -> Any:
        """Send the form in; the request, once that is accepted."""
        self.ledger.attempts[attempt.serial] = attempt
        request = await self.send("intake", "POST", "/requests", form)
        if request is not None:
            attempt.number, attempt.accepted_at = request["id"], utc_now()
        return request

    async def publish_request(self, attempt: Attempt, data: dict[str, Any]) -> bytes:
        """Publish a request as a partner's system does: again until it is confirmed."""
        self.ledger.attempts[attempt.serial] = attempt
        envelope = {
            "specversion": "1.0",
            "id": uuid7(),
            "source": "/partners/acme",
            "type": "partner.service_request.v1",
            "subject": attempt.serial,
            "time": utc_now(),
            "correlationid": f"p-{attempt.serial}",
            "data": data,
        }
        body = to_json(envelope)
        for _ in range(_TRIES):
            if await self.publish(body):
                attempt.accepted_at = utc_now()
                break
            await asyncio.sleep(0.3)
        return body

    async def publish_nonsense(self, text: str, headers: Mapping[str, Any] | None = None) -> None:
        """Publish what nobody can read; once it is confirmed, it must be parked."""
        body = f"nonsense {text}".encode()
        if await self.publish(body, headers):
            self.ledger.malformed.add(hashlib.sha256(body).hexdigest())

    async def publish(self, body: bytes, headers: Mapping[str, Any] | None = None) -> bool:
        """Publish it to the partners' exchange: whether the broker confirmed it."""
        try:
            async with asyncio.timeout(10), await aio_pika.connect(self.system.servers.amqp_url) as connection:
                channel = await connection.channel(on_return_raises=True)
                exchange = await channel.get_exchange(f"{self.system.tag}.partners", ensure=False)
                user, own = own_user(self.system.servers.amqp_url), dict(headers or {})
                message = aio_pika.Message(body, delivery_mode=2, message_id=uuid7(), user_id=user, headers=own)
                await exchange.publish(message, "acme.request")
        except (AMQPError, OSError, TimeoutError, RuntimeError):
            return False
        self._published.append((utc_now(), body))
        return True

    async def send_again(self, since: datetime) -> None:
        """Publish again what a partner published since then, under the same ids; each until it is confirmed."""
        for body in [body for at, body in self._published if at >= since]:
            for _ in range(_TRIES):
                if await self.publish(body):
                    break
                await asyncio.sleep(0.3)
