"""How the people of the play reach the four services: over HTTP, and again when a service is busy for a moment."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from aftersales.testing.sign_in.running import ActingTokens
from aftersales.values import uuid7

Document = dict[str, Any]
_PATIENCE = 30.0
_GLANCE = 0.2
READER = "headquarters"
"""Who looks, where nobody in particular does."""
CUSTOMER = ""
"""Somebody who has a link and signs in nowhere."""


class RefusedError(Exception):
    """A service said no; `code` is the reason."""

    def __init__(self, what: str, answer: httpx.Response) -> None:
        super().__init__(f"{what}: {answer.status_code} {answer.text[:500]}")
        self.status = answer.status_code
        self.code = str(answer.json().get("code", "")) if "json" in answer.headers.get("content-type", "") else ""


class Offices:
    """`tokens` are those of the people, where the services ask for sign-in."""

    def __init__(self, urls: Mapping[str, str], tokens: ActingTokens | None = None) -> None:
        self._tokens = tokens
        limits = httpx.Limits(max_connections=20)
        self._lines = {
            name: httpx.AsyncClient(base_url=url, timeout=_PATIENCE, limits=limits, trust_env=False)
            for name, url in urls.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._lines.values():
            await line.aclose()

    async def ask(self, service: str, path: str, **params: str | int) -> Any:
        """Read something. Raises `RefusedError`."""
        return await self._call(service, "GET", path, who=READER, params=params)

    async def every(self, service: str, path: str, **params: str | int) -> list[Document]:
        """Read a whole list, page by page."""
        found: list[Document] = []
        page = await self.ask(service, path, limit=200, **params)
        found += page["items"]
        while page["next"]:
            page = await self.ask(service, path, limit=200, cursor=page["next"], **params)
            found += page["items"]
        return found

    async def tell(self, service: str, path: str, body: Any = None, *, who: str, key: str = "") -> Any:
        """Command something, as `who`; said twice with the same `key` it happens once. Raises `RefusedError`."""
        headers = {"Idempotency-Key": key or uuid7()}
        return await self._call(service, "POST", path, who=who, json=body or {}, headers=headers)

    async def put(self, service: str, path: str, body: Any, *, who: str) -> Any:
        """Enter or change the particulars of something. Raises `RefusedError`."""
        return await self._call(service, "PUT", path, who=who, json=body)

    async def send_file(self, service: str, path: str, content: bytes, *, who: str) -> Any:
        """Store a file under its address. Raises `RefusedError`."""
        return await self._call(service, "PUT", path, who=who, content=content)

    async def page(self, service: str, path: str) -> str:
        """Read a page that is not JSON."""
        answer = await self._lines[service].get(path)
        return answer.raise_for_status().text

    async def until(self, service: str, path: str, wanted: Callable[[Document], bool]) -> Document:
        """Look again and again until the document is there and as it is `wanted`."""
        while True:
            try:
                document: Document = await self.ask(service, path)
            except RefusedError as refused:
                if refused.status != httpx.codes.NOT_FOUND:
                    raise
            else:
                if wanted(document):
                    return document
            await asyncio.sleep(_GLANCE)

    async def _call(self, service: str, method: str, path: str, *, who: str, **more: Any) -> Any:
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        more["headers"] = more.get("headers", {}) | await self._signed(who)
        while True:
            try:
                answer = await self._lines[service].request(method, path, **more)
            except httpx.TransportError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
            else:
                if answer.is_success:
                    return answer.json()
                if (
                    answer.status_code != httpx.codes.SERVICE_UNAVAILABLE
                    or asyncio.get_running_loop().time() > deadline
                ):
                    raise RefusedError(f"{method} {service}{path}", answer)
            await asyncio.sleep(_GLANCE)

    async def _signed(self, who: str) -> dict[str, str]:
        """Return the header that says who it is."""
        if who == CUSTOMER:
            return {}
        if self._tokens is None:
            return {"X-Actor": who}
        return {"Authorization": f"Bearer {await self._tokens.act_as(who)}"}
