"""The development server as a child process, and tokens of its people for programs that play them."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from aftersales.testing.programs import run_program
from aftersales.testing.servers import free_port
from aftersales.testing.sign_in.directory import CREDENTIALS, EXCHANGE
from aftersales.testing.sign_in.storage import secret_path

COMMAND = (sys.executable, "-m", "aftersales.testing.sign_in")
_SPARE = 60.0
"""Seconds before its end at which a token is replaced."""


@asynccontextmanager
async def run_sign_in_server(folder: Path, seconds: int = 900) -> AsyncIterator[str]:
    """Run the server with its files in `folder`, and yield its issuer; tokens are valid for `seconds`."""
    port = free_port()
    command = [*COMMAND, "--port", str(port), "--folder", str(folder), "--seconds", str(seconds)]
    async with run_program(
        command, port, {"AFTERSALES_SIGN_IN_WITHOUT_PASSWORDS": "1"}, folder / "server.log"
    ) as issuer:
        yield issuer


class ActingTokens:
    """Tokens under which a program acts for people and as service accounts, each renewed before its end."""

    def __init__(self, issuer: str, folder: Path) -> None:
        self._issuer, self._folder = issuer, folder
        self._known: dict[str, tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def act_as(self, who: str) -> str:
        """Return a token of this person, or of this service account. Raises `httpx.HTTPStatusError`."""
        async with self._asking:
            token, ends = self._known.get(who, ("", 0.0))
            if ends < time.monotonic():
                token, ends = await self._ask(who)
                self._known[who] = token, ends
            return token

    async def _ask(self, who: str) -> tuple[str, float]:
        account = secret_path(self._folder, who).exists()
        client = who if account else "demo"
        form = {"grant_type": CREDENTIALS} if account else {"grant_type": EXCHANGE, "requested_subject": who}
        secret = secret_path(self._folder, client).read_text().strip()
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{self._issuer}/token", data=form, auth=(client, secret))
        said = answer.raise_for_status().json()
        return said["access_token"], time.monotonic() + said["expires_in"] - _SPARE
