"""Sends messages as raw frames, and hears of each whether the broker took it."""

import asyncio
import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import aiormq
from aiormq.abc import ChannelFrame
from aiormq.exceptions import AMQPError
from faults.echo import topology
from faults.fuzz.frames import publish
from faults.fuzz.messages import Odd
from faults.rig import System

_PATIENCE = 20.0
_TOGETHER = 100
_REFUSED = (AMQPError, OSError, EOFError, asyncio.TimeoutError, asyncio.CancelledError, RuntimeError)


class Sender:
    """`send` gives the places of those that the broker refused, with its reason."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._connection: Any = None
        self._channel: Any = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def send(self, messages: Sequence[Odd]) -> dict[int, str]:
        """Send them in order, many together and some alone."""
        refused: dict[int, str] = {}
        together: list[int] = []
        for place, message in enumerate(messages):
            if not message.alone:
                together.append(place)
            if message.alone or len(together) == _TOGETHER:
                refused |= await self._many(messages, together)
                together = []
            if message.alone and (why := await self._once([message])):
                refused[place] = why
        return refused | await self._many(messages, together)

    async def _many(self, messages: Sequence[Odd], places: Sequence[int]) -> dict[int, str]:
        """All at once; where the broker takes exception to one of them, each by itself."""
        if not places or not await self._once([messages[place] for place in places]):
            return {}
        found = {place: await self._once([messages[place]]) for place in places}
        return {place: why for place, why in found.items() if why}

    async def _once(self, messages: Sequence[Odd]) -> str:
        """Send these and wait for the broker's word; why not, where it did not take them all."""
        try:
            async with asyncio.timeout(_PATIENCE):
                channel = await self._open()
                answers = [await self._put(channel, message) for message in messages]
                await asyncio.gather(*answers)
        except _REFUSED as error:
            await self._close()
            return f"{type(error).__name__}: {error}"[:120]
        return ""

    async def _open(self) -> Any:
        if self._channel is None or self._channel.is_closed:
            await self._close()
            self._connection = await aiormq.connect(self._system.servers.amqp_url)
            self._channel = await self._connection.channel(publisher_confirms=True)
        return self._channel

    async def _put(self, channel: Any, message: Odd) -> "asyncio.Future[Any]":
        names = topology(self._system, message.service)
        exchange, key = (names.partner_exchange, message.key) if message.by_partner else ("", names.queue)
        channel.delivery_tag += 1
        answer: asyncio.Future[Any] = channel.create_future()
        channel.confirmations[channel.delivery_tag] = answer
        raw = publish(channel.number, exchange, key, message.properties, message.body)
        await channel.write_queue.put(ChannelFrame(raw, should_close=False))
        return answer

    async def _close(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*_REFUSED):
                await asyncio.wait_for(connection.close(), 2)
