"""A lean HTTP/1.1 caller: one kept-alive connection, so that the caller does not take the core it measures."""

import asyncio
import json
from typing import Any, Self
from urllib.parse import urlsplit


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: str = "") -> None:
        self._reader, self._writer, self._headers = reader, writer, headers

    @classmethod
    async def connect(cls, base: str, **headers: str) -> Self:
        """Connect; `headers` go with each call, such as `authorization`."""
        parts = urlsplit(base)
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return cls(*await asyncio.open_connection(parts.hostname, parts.port), lines)

    async def send(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and body of the answer."""
        data = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{self._headers}"
        self._writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length:")[2].partition("\r\n")[0])
        return int(answer.split(" ", 2)[1]), await self._reader.readexactly(length)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()
