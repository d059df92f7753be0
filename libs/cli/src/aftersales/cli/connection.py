"""Calls one service: retries while it is busy or away, reports the wait, and explains what to do if it stays away."""

import asyncio
import getpass
import itertools
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import typer

from aftersales.cli.issuers import require_privacy
from aftersales.cli.session import Session, Trouble
from aftersales.cli.stored_sign_ins import StoredToken, find_sign_in

DEFAULT_URLS = {
    "intake": "http://127.0.0.1:8101",
    "dispatch": "http://127.0.0.1:8102",
    "inventory": "http://127.0.0.1:8103",
    "feedback": "http://127.0.0.1:8104",
}
SERVICES = tuple(DEFAULT_URLS)
CONNECT_PATIENCE = 15.0
"""Seconds without a useful answer after which a service that had answered counts as away."""
_ANSWERS, _INTRODUCTION = httpx.Timeout(30, connect=3), httpx.Timeout(5, connect=3)
"""Seconds that an answer may take (a service waits 20 s for its own writes), and the first one."""
BUSY = {429, 502, 503, 504}
LONGEST_PAUSE = 10.0
PAGE_SIZE = 200


class Connection:
    """One service, which any number of tasks may call in parallel."""

    def __init__(self, session: Session, service: str, client: httpx.AsyncClient, patience: float) -> None:
        self.service, self._session, self._client, self._patience = service, session, client, patience
        self._heard = asyncio.get_running_loop().time()
        self._told = False
        self.version = ""
        """The version that the service runs."""

    async def _introduce(self) -> None:
        """Ask once for the service's name, so that one that is down is reported immediately. Raises `Trouble`."""
        try:
            answer = await self._client.get("/version", timeout=_INTRODUCTION)
            found = dict(answer.json()) if answer.is_success else {}
        except httpx.RequestError as error:
            raise self._away(error) from error
        except ValueError:
            found = {}
        if found.get("service") != self.service:
            who = found.get("service", "?")
            raise Trouble("cli.somebody_else", service=self.service, url=self._url, who=who, variable=self._variable)
        self.version = str(found["version"])
        self._heard = asyncio.get_running_loop().time()

    async def call(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **request: Any
    ) -> httpx.Response:
        """Repeat the call until there is an answer that another try would not change.

        A call that changes something carries an Idempotency-Key, or may happen twice without harm.
        The first wait is reported on stderr. Raises `Trouble` when no call on this connection has been answered for
        `patience` seconds, and when the service does not accept the sign-in.
        """
        now = asyncio.get_running_loop().time
        for tries in itertools.count():
            pause = min(0.1 * 2**tries, LONGEST_PAUSE)
            try:
                answer = await self._client.request(method, path, headers=headers, **request)
            except httpx.RequestError as error:
                trouble = self._away(error)
            else:
                if answer.status_code == httpx.codes.UNAUTHORIZED:
                    raise self._explain_sign_in(answer)
                if answer.status_code not in BUSY:
                    self._heard = now()
                    return answer
                trouble = self._away(httpx.RequestError(problem_of(answer)[1]))
                pause = _retry_after(answer) or pause
            pause *= random.uniform(1, 1.5)  # noqa: S311 (spreads callers out; not a secret)
            if now() + pause > self._heard + self._patience:
                raise trouble
            self._tell_wait(trouble)
            await asyncio.sleep(pause)
        raise AssertionError

    async def pages(self, path: str, filters: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        """Yield all items of a list, page by page. Raises `Trouble` if the list is refused."""
        cursor: dict[str, str] = {}
        while True:
            answer = await self.call("GET", path, params={**filters, **cursor, "limit": PAGE_SIZE})
            if not answer.is_success:
                raise Trouble("cli.refused", service=self.service, why=problem_of(answer)[1])
            page = answer.json()
            for item in page["items"]:
                yield item
            if not page["next"]:
                return
            cursor = {"cursor": page["next"]}

    @property
    def _url(self) -> str:
        return str(self._client.base_url).rstrip("/")

    @property
    def _variable(self) -> str:
        return f"AFTERSALES_{self.service.upper()}_URL"

    def _tell_wait(self, trouble: Trouble) -> None:
        """Report once that this takes longer, and how long it may take."""
        if not self._told:
            self._told = True
            self._session.complain(
                "cli.waits", service=self.service, why=trouble.params["why"], seconds=round(self._patience)
            )

    def _explain_sign_in(self, answer: httpx.Response) -> Trouble:
        code, why, _ = problem_of(answer)
        if code == "token.missing":
            return Trouble("cli.sign_in_missing", service=self.service)
        return Trouble("cli.sign_in_needed", service=self.service, why=why)

    def _away(self, error: httpx.RequestError) -> Trouble:
        why = str(error) or type(error).__name__
        return Trouble("cli.unreachable", service=self.service, url=self._url, why=why, variable=self._variable)


@asynccontextmanager
async def connect_to_service(
    session: Session, service: str, *, actor: str = "", patience: float = CONNECT_PATIENCE
) -> AsyncIterator[Connection]:
    """Connect to a service that answers: signed in, or else under the name of the user or of another actor.

    Raises `Trouble` within seconds if the service does not answer, or if another one does.
    """
    url, headers = session.urls[service], {"accept-language": session.locale}
    token = given_token()
    known = None if token else find_sign_in(url)
    if token or known:
        require_privacy(url)
        headers |= {"authorization": f"Bearer {token}"} if token else {}
    else:
        headers["x-actor"] = actor or current_user()
    async with httpx.AsyncClient(
        base_url=url,
        timeout=_ANSWERS,
        headers=headers,
        auth=StoredToken(known) if known else None,
        trust_env=False,  # a proxy configured for the user must not affect calls to the services
    ) as client:
        connection = Connection(session, service, client, patience)
        await connection._introduce()  # noqa: SLF001 (only here)
        yield connection


def checked_url(url: str) -> str:
    """Return the address without a final slash. Raises typer.BadParameter if it is not an address."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"{url} is not an address: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise typer.BadParameter(f"{url} is not an address; one looks like http://127.0.0.1:8101")
    return url.rstrip("/")


def given_token() -> str:
    """Return the token of `AFTERSALES_TOKEN`, or in the file of `AFTERSALES_TOKEN_FILE`; empty if there is none.

    Raises `Trouble` if the file cannot be read.
    """
    token, path = os.environ.get("AFTERSALES_TOKEN", "").strip(), os.environ.get("AFTERSALES_TOKEN_FILE")
    if token or not path:
        return token
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise Trouble("cli.token_unreadable", path=path, why=str(error)) from error


def problem_of(answer: httpx.Response) -> tuple[str, str, dict[str, Any]]:
    """Return code, message and parameters of a refusal (RFC 9457), even from a program that is not ours."""
    try:
        content: Any = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict) or "detail" not in content:
        return f"http.{answer.status_code}", f"{answer.status_code} {answer.reason_phrase}: {answer.text[:200]}", {}
    params = content.get("params")
    code = str(content.get("code", f"http.{answer.status_code}"))
    return code, str(content["detail"]), params if isinstance(params, dict) else {}


def current_user() -> str:
    """Return the user who runs this program, in a form that a header can contain."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        name = "cli"
    return name[:30] if name.isascii() and name.isprintable() else "cli"


def _retry_after(answer: httpx.Response) -> float:
    """Return seconds; 0 if the header is missing or unusable."""
    stated = answer.headers.get("retry-after", "")
    return min(float(stated), LONGEST_PAUSE) if stated.isdecimal() else 0.0
