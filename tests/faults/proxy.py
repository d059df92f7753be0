"""A TCP proxy between the services and RabbitMQ that can cut a connection in the middle of a publish."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Literal

Cut = Literal["half", "deaf", "reset"]
"""`half`: the broker gets part of the next publish. `deaf`: it gets all, its confirm is swallowed. `reset`: at once."""
_PUBLISH_BYTES = 300
"""A larger piece from a publishing client holds messages, not a heartbeat or an acknowledgement."""


@dataclass(eq=False)
class Pair:
    """A client's connection and ours to the broker on its behalf."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    greeting: bytearray = field(default_factory=bytearray)
    armed: Cut | None = None
    broken: bool = False

    @property
    def publishes(self) -> bool:
        """The services name their connections `publish`, `consume` and `control`."""
        return b"connection_nameS\x00\x00\x00\x07publish" in self.greeting

    def reset(self) -> None:
        """End both sides as a broken network does: RST, nothing flushed."""
        self.broken = True
        for writer in (self.client, self.broker):
            sock: socket.socket | None = writer.get_extra_info("socket")
            if sock is not None and not writer.transport.is_closing():
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Proxy:
    def __init__(self, port: int, broker_port: int) -> None:
        self.port, self._broker_port = port, broker_port
        self._pairs: set[Pair] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.cuts = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.reset_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset_all(self) -> int:
        """Cut every connection now."""
        pairs = list(self._pairs)
        for pair in pairs:
            pair.reset()
        self.cuts += len(pairs)
        return len(pairs)

    def arm(self, how: Cut) -> int:
        """Cut each publishing connection during its next publish; how many there are."""
        found = [pair for pair in self._pairs if pair.publishes]
        for pair in found:
            pair.armed = how
        return len(found)

    def disarm(self) -> None:
        """Leave those alone that did not publish meanwhile."""
        for pair in self._pairs:
            pair.armed = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            writer.transport.abort()
            return
        pair = Pair(writer, to_broker)
        self._pairs.add(pair)
        task = asyncio.ensure_future(self._carry(pair, reader, from_broker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, pair: Pair, reader: asyncio.StreamReader, from_broker: asyncio.StreamReader) -> None:
        try:
            ways = {asyncio.ensure_future(self._up(pair, reader)), asyncio.ensure_future(self._down(pair, from_broker))}
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._pairs.discard(pair)
            for writer in (pair.client, pair.broker):
                with contextlib.suppress(OSError, RuntimeError):
                    writer.close()

    async def _up(self, pair: Pair, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            if len(pair.greeting) < 4096:
                pair.greeting += data
            if pair.armed and len(data) > _PUBLISH_BYTES:
                if pair.armed != "deaf":
                    pair.broker.write(data[: len(data) // 2])
                    await pair.broker.drain()
                    self._break(pair)
                    return
                pair.broken = True  # from now on `_down` passes nothing
                pair.broker.write(data)
                await pair.broker.drain()
                await asyncio.sleep(0.3)  # the broker takes it in; its confirm is lost
                self._break(pair)
                return
            pair.broker.write(data)
            await pair.broker.drain()

    async def _down(self, pair: Pair, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            if not pair.broken:
                pair.client.write(data)
                await pair.client.drain()

    def _break(self, pair: Pair) -> None:
        self.cuts += 1
        pair.reset()
