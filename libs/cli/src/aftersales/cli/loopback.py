"""Waits on this machine for the browser that comes back from the sign-in page (RFC 8252)."""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

PATH = "/callback"
_LONGEST = 8_000


class Callback:
    """One visit of the browser; `address` is the redirect URI."""

    def __init__(self, state: str, page: str) -> None:
        self._state, self._page = state, page
        self._said: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self.address = ""

    async def wait(self, seconds: float) -> dict[str, str]:
        """Return the parameters that came back. Raises `TimeoutError`."""
        return await asyncio.wait_for(self._said, seconds)

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; one with another state is none of ours."""
        try:
            parts = urlsplit((await reader.readuntil(b"\r\n"))[:_LONGEST].split(b" ")[1].decode("ascii"))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError, ValueError):
            return writer.close()
        said = {name: value[0] for name, value in parse_qs(parts.query).items()}
        ours = parts.path == PATH and hmac.compare_digest(said.get("state", "").encode(), self._state.encode())
        body = self._page.encode() if ours else b""
        kind = "text/html; charset=utf-8"
        head = f"HTTP/1.1 {'200 OK' if ours else '404 Not Found'}\r\nContent-Type: {kind}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        if ours and not self._said.done():
            self._said.set_result(said)
        return None


@asynccontextmanager
async def open_callback(state: str, page: str) -> AsyncIterator[Callback]:
    """Listen on a free port of this machine; `page` is shown to the browser that brings `state` back."""
    callback = Callback(state, page)
    server = await asyncio.start_server(callback.receive, "127.0.0.1", 0, limit=_LONGEST)
    callback.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"
    async with server:
        yield callback
