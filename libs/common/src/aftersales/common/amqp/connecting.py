"""A connection to one of the brokers. Each address is tried for a few seconds, in random order."""

import asyncio
import logging
import os
import random
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from contextlib import suppress
from socket import SOCK_STREAM
from ssl import SSLCertVerificationError
from typing import Any

import aio_pika
from aiormq.connection import TransportFactory
from aiormq.exceptions import AMQPError
from yarl import URL

TROUBLE = (AMQPError, OSError, EOFError, asyncio.TimeoutError, RuntimeError, StopAsyncIteration)
"""Exceptions that a breaking connection may raise.

aio-pika raises RuntimeError for some closed connections; aiormq raises StopAsyncIteration if the handshake is cut off.
"""
CONNECT_SECONDS = 3
"""Timeout for one address, including the handshake: a frozen broker still accepts connections."""
_CLOSE_SECONDS = 2
for _driver in ("aiormq.connection", "aiormq.channel"):
    # `Link` logs one line for a lost connection; the driver would add others, one of them with a traceback
    logging.getLogger(_driver).addFilter(lambda record: "blocked" in str(record.msg))


class _Socket(TransportFactory):
    """Connects to the chosen address; certificates are still checked against the URL's host."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.writer: StreamWriter | None = None

    async def create(self, url: URL, **given: Any) -> tuple[StreamReader, StreamWriter]:
        secure = url.scheme == "amqps"
        context = await given["ssl_context_provider"].get_context() if secure else None
        name = url.host if secure else None
        reader, self.writer = await asyncio.open_connection(self.address, url.port, ssl=context, server_hostname=name)
        return reader, self.writer


class Connection(aio_pika.Connection):
    """A connection to one address of a broker. `end` always ends it, whether or not the broker answers."""

    def __init__(self, url: str, address: str, name: str) -> None:
        super().__init__(URL(url), client_properties={"connection_name": name})
        self._socket = _Socket(address)
        self.kwargs["transport_factory"] = self._socket

    async def open(self) -> None:
        """Connect. Raises one of `TROUBLE`, which is TimeoutError if there is no answer."""
        opening = asyncio.ensure_future(self.connect())
        opening.add_done_callback(retrieve_exception)
        try:
            await asyncio.wait({opening}, timeout=CONNECT_SECONDS)
        finally:
            if not opening.done():
                self._cut()
                opening.cancel()
        if not opening.done():
            raise TimeoutError(f"no answer within {CONNECT_SECONDS} s")
        if opening.cancelled():
            raise ConnectionError("closed during the greeting")
        opening.result()

    async def end(self) -> None:
        """Close the connection; abort it if the broker does not answer in time."""
        closing = asyncio.ensure_future(self.close())
        closing.add_done_callback(retrieve_exception)
        try:
            await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)
        finally:
            if not closing.done():
                self._cut()

    def lost(self) -> "asyncio.Future[str]":
        """Return a future for the reason, done when either side closes the connection."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def note(_sender: Any, error: object = None) -> None:
            if not future.done():
                future.set_result(describe_failure(error) if isinstance(error, BaseException) else "closed")

        self.close_callbacks.add(note)
        return future

    def _cut(self) -> None:
        if self._socket.writer is not None:
            self._socket.writer.transport.abort()


async def connect_to_broker(urls: Sequence[str], name: str) -> Connection:
    """Connect to the first address that answers, in random order. Raises ConnectionError with all failures."""
    failures: list[str] = []
    found = [(url, address) for url in urls for address in await _addresses(url, failures)]
    random.shuffle(found)
    for url, address in found:
        connection = Connection(url, address, name)
        try:
            await connection.open()
        except TROUBLE as error:
            failures.append(f"{_place(url, address)}: {describe_failure(error)}")
        else:
            return connection
    raise ConnectionError("; ".join(failures))


async def _addresses(url: str, failures: list[str]) -> list[str]:
    host, port = URL(url).host or "", URL(url).port
    looking = asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    try:
        found = await asyncio.wait_for(looking, CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        failures.append(f"{host}: {describe_failure(error)}")
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _place(url: str, address: str) -> str:
    parts = URL(url)
    host = parts.host if parts.host == address else f"{parts.host} ({address})"
    return f"{host}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}"


def describe_failure(error: BaseException) -> str:
    """Return the type and text of an error on one line, without the address of a refused connection."""
    words = " ".join(str(error).split())
    if isinstance(error, SSLCertVerificationError):
        return f"AFTERSALES_AMQP_URL, cafile or host: {error.verify_message}"
    if isinstance(error, OSError) and isinstance(error.errno, int) and error.errno > 0:
        words = os.strerror(error.errno)
    if isinstance(error, TimeoutError) and not words:
        words = "a call was not answered in time"
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def retrieve_exception(future: "asyncio.Future[Any]") -> None:
    """Retrieve the exception, so that asyncio does not log it a second time."""
    with suppress(asyncio.CancelledError):
        future.exception()
