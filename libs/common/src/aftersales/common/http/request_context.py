"""The request context of a service, with which an endpoint reads documents and passes commands to the writer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Query, Request, Response

from aftersales.common.aggregate import Aggregate
from aftersales.common.http import paging
from aftersales.common.http.idempotency import Replayed, answer_headers, make_answer_key
from aftersales.common.http.if_match import held_against
from aftersales.common.http.paging import Page
from aftersales.common.http.throttle import find_network
from aftersales.common.live.hub import LiveHub
from aftersales.common.mongo import Document, Index, Mongo, Reads, from_document
from aftersales.common.policies import PolicyCatalogue
from aftersales.common.retained import Archived, archived_id
from aftersales.common.runtime import Runtime
from aftersales.common.service import Service
from aftersales.common.sign_in.caller import Caller, trust_name
from aftersales.common.trail.auditor import Auditor
from aftersales.common.work import AnswerKey, Job, Stored, UnitOfWork
from aftersales.common.work.use_case import Call, prepare_call
from aftersales.values.errors import Busy, Gone, NotFound
from aftersales.values.messages import choose_locale

A = TypeVar("A", bound=Aggregate)
P = ParamSpec("P")
T = TypeVar("T")

Cursor = Annotated[str | None, Query(max_length=1000, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200, description="The most items of a page")]
_BATCH = 500


@dataclass(frozen=True, slots=True)
class BatchCall:
    """One of many calls of a single request (`do_each`)."""

    call: Call[Any]
    key: str
    """Its name within the request."""
    answer: AnswerKey


class _RequestContext:
    def __init__(self, request: Request, response: Response) -> None:
        self._request, self._response = request, response
        self._runtime: Runtime = request.app.state.runtime

    @property
    def settings(self) -> Any:
        return self._runtime.service.settings

    @property
    def mongo(self) -> Reads:
        """The database, as far as the caller may see it."""
        return self._runtime.mongo.within(self.caller.scope)

    @property
    def database(self) -> Mongo:
        """The whole database, for the routes of operations; services never use it (tests/common/test_laws.py)."""
        return self._runtime.mongo

    @property
    def catalogue(self) -> PolicyCatalogue:
        return self._runtime.service.catalogue

    @property
    def auditor(self) -> Auditor:
        return self._runtime.auditor

    @property
    def live(self) -> LiveHub:
        return self._runtime.live

    @property
    def service(self) -> Service:
        """The declaration of this service."""
        return self._runtime.service

    @property
    def woken(self) -> Sequence[type[Aggregate]]:
        """Kinds of documents with timers."""
        return [timer.kind for timer in self._runtime.service.timers]

    @property
    def now(self) -> datetime:
        return self._runtime.clock.now()

    @property
    def locale(self) -> str:
        return choose_locale(self._request.headers.get("accept-language"), self.settings.locale)

    @property
    def path(self) -> str:
        return str(self._request.scope["path"])

    @property
    def caller(self) -> Caller:
        """Who is asking; on an open route nobody. Without sign-in they may do everything."""
        said = self._request.headers.get("x-actor", "anonymous")
        known: Caller | None = self._request.scope.get("caller")
        return known or (Caller("", "anonymous") if self.settings.oidc_issuer else trust_name(said))

    async def ask_again(self) -> Caller:
        """Return the caller as they are now, in a request that lasts. Raises `NotSignedIn` once their access ended."""
        ask: Callable[[], Awaitable[Caller]] | None = self._request.scope.get("ask_again")
        return await ask() if ask else self.caller

    @property
    def actor(self) -> str:
        """The name under which records show the caller."""
        return self.caller.name

    @property
    def client(self) -> str:
        """The caller's network: an IPv4 address, or the first half of an IPv6 address."""
        told, host = self._request.headers.getlist("x-forwarded-for"), self._request.client
        return find_network(told, host.host if host else "", self.settings.trusted_proxies)

    async def do(
        self, handler: Callable[Concatenate[UnitOfWork, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `handler(work, …)` in the writer and return its result once it is committed.

        Its use case declares the documents to preload with those of the group, and the one that `If-Match` is about.
        """
        return await self.run(prepare_call(handler, *args, **kwargs))

    async def run(self, command: Call[T], body: str | None = None) -> T:
        """Run a command like `do`. `body` is what an Idempotency-Key covers, if the endpoint read the body itself."""
        job = self._job(
            command, self._request.scope["correlation"], await make_answer_key(self._request, self.caller, body)
        )
        try:
            async with asyncio.timeout(self._runtime.service.settings.write_timeout.total_seconds()):
                result = await self._runtime.writer.submit(job)
        except TimeoutError as error:
            raise Busy("write.timeout") from error
        if isinstance(result, Stored):
            raise Replayed(result.answer)
        self._response.headers.update(answer_headers(result, self._request))
        done: T = result
        return done

    async def rehearse(
        self, handler: Callable[Concatenate[UnitOfWork, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what `handler(work, …)` would return now. Raises like `do`; writes nothing, uses no number."""
        command = prepare_call(handler, *args, **kwargs)
        (outcome,) = await self._runtime.writer.rehearse([self._job(command, self._request.scope["correlation"])])
        if isinstance(outcome, Exception):
            raise outcome
        done: T = outcome
        return done

    async def do_each(self, orders: Sequence[BatchCall], *, dry_run: bool = False) -> list[Any]:
        """Run each call as a job of its own, in order; return its result or exception once committed.

        At most one group is submitted at a time, so that the writer has room for others. Raises `Busy` if it has no
        room; some calls may be done then, and their keys return the stored answers. A `dry_run` rehearses them.
        """
        runtime, done = self._runtime, []
        size, writer = runtime.service.settings.group_size, runtime.writer
        begin = self._request.scope["correlation"][:39]
        try:
            async with asyncio.timeout(runtime.service.settings.write_timeout.total_seconds()):
                for start in range(0, len(orders), size):
                    some = orders[start : start + size]
                    jobs = [self._job(one.call, f"{begin}-{one.key}", one.answer) for one in some]
                    if dry_run:
                        done += await writer.rehearse(jobs)
                    else:
                        done += await asyncio.gather(*map(writer.submit, jobs), return_exceptions=True)
        except TimeoutError as error:
            raise Busy("write.timeout") from error
        for outcome in done:
            if isinstance(outcome, Busy):
                raise outcome
        return done

    def _job(self, command: Call[Any], correlation: str, answer: AnswerKey | None = None) -> Job:
        cause: str = self._request.scope["correlation"]
        run = held_against(self._request.headers.get("if-match"), command)
        job = Job(run, command.why, self.actor, correlation, cause, preload=command.preload, answer=answer)
        job.subject, job.scope = self.caller.subject, self.caller.scope
        job.traceparent = self._request.headers.get("traceparent")
        return job

    async def read(self, kind: type[A], id: str) -> A:
        """Return a document and set its ETag. Raises `NotFound` or `Gone`."""
        state = await self.mongo.get(kind, id)
        if state is None:
            await self._check_archived(kind, id)
            raise NotFound(f"{kind.COLLECTION}.unknown", id=id)
        self._response.headers.update(answer_headers(state, None))
        return state

    async def _check_archived(self, kind: type[Aggregate], id: str) -> None:
        """Raise `Gone` if the document was archived."""
        if kind.COLLECTION in self.settings.retention and await self.mongo.get(Archived, archived_id(kind, id)):
            raise Gone("archive.archived", document=archived_id(kind, id))

    async def page(
        self, kind: type[A], where: Document, cursor: str | None = None, limit: int = 50, sort: str = paging.BY_ID
    ) -> Page[A]:
        """Return a page of documents, by id (descending) or by a field (`-field`: descending).

        Filters that are None are ignored. Items without the field come last; those with the same value are sorted by
        id.
        """
        found = await self.page_of_rows(kind, where, paging.parse_cursor(sort, cursor), limit)
        return Page(items=[from_document(kind, row) for row in found.items], next=found.next)

    async def page_of_rows(
        self, kind: type[A], where: Document, after: paging.Place, limit: int, only: Sequence[str] = ()
    ) -> Page[Document]:
        """Return a page like `page`, of plain documents; with the id and the fields `only`, if given."""
        rows = await self._rows(kind, where, after, limit + 1, only)
        more = after.at(rows[limit - 1]).cursor() if len(rows) > limit else None
        return Page(items=rows[:limit], next=more)

    async def more_than(self, kind: type[A], where: Document, sort: str, most: int) -> bool:
        """Return whether a list has more than `most` items; reads no further, along the list's own index."""
        order = dict(Index(*paging.Place(sort).keys).keys)
        beyond: list[Document] = [{"$skip": most}, {"$limit": 1}, {"$project": {"_id": 1}}]
        return bool(await self.mongo.aggregate(kind, [{"$match": _said(where)}, {"$sort": order}, *beyond]))

    async def all_rows(
        self, kind: type[A], where: Document, sort: str, only: Sequence[str]
    ) -> AsyncIterator[list[Document]]:
        """Yield all items of a list, some hundreds at a time, as plain documents with the fields `only`."""
        place = paging.Place(sort)
        while rows := await self._rows(kind, where, place, _BATCH, (*only, place.field)):
            yield rows
            place = place.at(rows[-1])

    async def _rows(
        self, kind: type[A], where: Document, after: paging.Place, limit: int, only: Sequence[str] = ()
    ) -> list[Document]:
        found: list[Document] = []
        for run in after.runs():
            if left := limit - len(found):
                both = {"$and": [_said(where), run]}
                found += await self.mongo.rows(kind.COLLECTION, both, sort=after.keys, limit=left, only=only)
        return found


async def _open(request: Request, response: Response) -> _RequestContext:
    """Return the context of a request. Async, because FastAPI runs other functions in a thread pool."""
    return _RequestContext(request, response)


RequestContext = Annotated[_RequestContext, Depends(_open)]
"""The dependency that endpoints declare."""


def _said(where: Document) -> Document:
    """Return the filters that are not None."""
    return {name: value for name, value in where.items() if value is not None}
