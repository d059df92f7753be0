"""Dead letters of several services over HTTP: find, show, replay or drop them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import typer

from aftersales.cli.connection import Connection, connect_to_service, problem_of
from aftersales.cli.session import REFUSED, TROUBLE, Session, Trouble
from aftersales.values import uuid7

LETTERS_AT_ONCE = 8


@dataclass(frozen=True)
class Letter:
    service: str
    content: Mapping[str, Any]
    """The content as in `GET /dead`, without a body; `find_dead_letters` adds the body, as in `GET /dead/{id}`."""

    @property
    def id(self) -> str:
        return str(self.content["id"])

    @property
    def shown(self) -> dict[str, Any]:
        return {"service": self.service, **self.content}


@dataclass(frozen=True)
class Search:
    """The services to search, and the filters `reason` and `event_type` as `GET /dead` accepts them."""

    services: tuple[str, ...]
    filters: Mapping[str, str]


@dataclass
class SettledDeadLetters:
    """The letters that were found or settled, and the problems on the way."""

    letters: list[Letter] = field(default_factory=list)
    more: bool = False
    """Whether there are more than `limit`."""
    unknown: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Ids, each with the reason as text."""
    silent: list[Trouble] = field(default_factory=list)
    """One for each service that does not answer."""

    def end(self, session: Session) -> None:
        """Report the problems, and end the program with the exit code for them."""
        for id in self.unknown:
            session.complain("dead.unknown", id=id)
        for id, why in self.refused:
            session.complain("dead.refused", id=id, why=why)
        for trouble in self.silent:
            session.complain(trouble.code, **trouble.params)
        if self.silent:
            raise typer.Exit(TROUBLE)
        if self.unknown or self.refused:
            raise typer.Exit(REFUSED)


async def fetch_dead_letters(session: Session, search: Search, limit: int = 0) -> SettledDeadLetters:
    """Return dead letters, newest first, at most `limit` of each service (0: all)."""
    outcome = SettledDeadLetters()

    async def look(connection: Connection) -> None:
        taken = 0
        async for item in connection.pages("/dead", search.filters):
            if limit and taken == limit:
                outcome.more = True
                return
            outcome.letters.append(Letter(connection.service, item))
            taken += 1

    await _each(session, search.services, look, outcome)
    outcome.letters.sort(key=lambda letter: letter.content["last_at"], reverse=True)
    return outcome


async def find_dead_letters(session: Session, ids: Sequence[str], search: Search) -> SettledDeadLetters:
    """Find letters by their own or their event's id in every service (several can fail to handle one event)."""
    outcome = SettledDeadLetters()

    async def look(connection: Connection) -> None:
        for id in ids:
            answer = await connection.call("GET", _path(id))
            if answer.is_success:
                outcome.letters.append(Letter(connection.service, answer.json()))
                continue
            async for item in connection.pages("/dead", {"event_id": id}):
                answer = await connection.call("GET", _path(str(item["id"])))
                if answer.is_success:  # else the letter was settled meanwhile
                    outcome.letters.append(Letter(connection.service, answer.json()))

    await _each(session, search.services, look, outcome)
    known = {name for letter in outcome.letters for name in (letter.id, letter.content["event_id"])}
    outcome.unknown = [] if outcome.silent else [id for id in ids if id not in known]
    return outcome


async def settle_dead_letters(
    session: Session, letters: Iterable[Letter], method: str, suffix: str
) -> SettledDeadLetters:
    """Replay these letters (POST …/replay) or drop them (DELETE), each once, however often the network fails."""
    outcome = SettledDeadLetters()
    by_service: dict[str, list[Letter]] = {}
    for letter in letters:
        by_service.setdefault(letter.service, []).append(letter)

    async def work_off(connection: Connection) -> None:
        gate = asyncio.Semaphore(LETTERS_AT_ONCE)

        async def one(letter: Letter) -> None:
            async with gate:
                key = {"idempotency-key": uuid7()}
                answer = await connection.call(method, _path(letter.id) + suffix, headers=key)
            if answer.is_success:
                outcome.letters.append(letter)
            else:
                outcome.refused.append((str(letter.content["event_id"]), problem_of(answer)[1]))

        await asyncio.gather(*(one(letter) for letter in by_service[connection.service]))

    await _each(session, by_service, work_off, outcome)
    return outcome


async def _each(
    session: Session,
    services: Iterable[str],
    doing: Callable[[Connection], Awaitable[None]],
    outcome: SettledDeadLetters,
) -> None:
    """Run `doing` at all these services in parallel; one that does not answer does not stop the others."""

    async def at(service: str) -> None:
        try:
            async with connect_to_service(session, service) as connection:
                await doing(connection)
        except Trouble as trouble:
            outcome.silent.append(trouble)

    await asyncio.gather(*(at(service) for service in services))


def _path(id: str) -> str:
    return f"/dead/{quote(id, safe='')}"
