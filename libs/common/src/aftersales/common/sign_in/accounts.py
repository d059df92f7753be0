"""Accounts: a service's copy of the people who can sign in (ALL-8), and the caller that a token leads to."""

from datetime import datetime
from time import monotonic
from typing import ClassVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.intake import PersonChanged
from aftersales.common.mongo import Index, Mongo
from aftersales.common.sign_in.access import access_table
from aftersales.common.sign_in.caller import Caller
from aftersales.common.sign_in.tokens import NotSignedIn, Token
from aftersales.common.work import UnitOfWork, use_case
from aftersales.values.errors import Forbidden

FRESH_FOR = 2.0
"""Seconds for which an account is not read again. A change is in force at the latest after them."""
_MOST = 20_000
"""The most accounts in memory."""


class Account(Aggregate):
    """What a service must know of a person to let them in; its id is the person's code."""

    COLLECTION: ClassVar[str] = "accounts"
    NETWORK_WIDE: ClassVar[bool] = True
    AUDITED: ClassVar[bool] = False  # a copy: the person is audited at intake

    subject: str
    """The subject of their tokens; empty: none yet."""
    branches: tuple[str, ...]
    roles: tuple[str, ...]
    """Their roles in the network (ALL-8)."""
    active: bool
    since: datetime | None = None
    until: datetime | None = None
    """The time at which their service ends."""
    changed_at: datetime
    """The time of the person's last change."""


ACCOUNT_INDEXES = (Index("subject", "-changed_at"),)


@use_case(preload=lambda event: ((Account, event.person),))
async def follow_person(work: UnitOfWork, event: PersonChanged) -> None:
    """Copy what a person may do. An older event than the last has no effect."""
    known = await work.get(Account, event.person)
    if event.changed_at is None or (known and known.changed_at > event.changed_at):
        return
    fields = {
        "branch": event.branch,
        "subject": event.subject,
        "branches": (event.branch, *event.branches),
        "roles": event.roles,
        "active": event.active,
        "since": event.since,
        "until": event.until,
        "changed_at": event.changed_at,
    }
    work.put(known.but(**fields) if known else Account(id=event.person, **fields))


class Accounts:
    """Finds the caller of a token. Roles and branches are the person's; those of the token may add to them."""

    def __init__(self, mongo: Mongo, first: frozenset[str] = frozenset()) -> None:
        """`first` are subjects who are headquarters without being anybody's: for the first sign-in and for programs."""
        self._mongo, self._first = mongo, first
        self._known: dict[str, tuple[float, Account | None]] = {}

    async def find_caller(self, token: Token, now: datetime) -> Caller:
        """Return the caller. Raises `NotSignedIn` for a person who does not work here any more or not yet."""
        account = await self._account(token.subject)
        table = access_table()
        roles = table.roles_of((*token.roles, *(("headquarters",) if token.subject in self._first else ())))
        if account is None:
            if not roles:
                raise Forbidden("access.nobody", name=token.name, subject=token.subject)
            return Caller(token.subject, token.name, None, roles, table.scope_of(roles, token.branches))
        if not account.active or (account.since and now < account.since) or (account.until and now >= account.until):
            raise NotSignedIn("person.not_serving", person=account.id)
        roles |= table.roles_of(account.roles)
        scope = table.scope_of(roles, (*account.branches, *token.branches))
        return Caller(token.subject, account.id, account.id, roles, scope)

    async def _account(self, subject: str) -> Account | None:
        now = monotonic()
        read_at, account = self._known.get(subject, (-FRESH_FOR, None))
        if now - read_at < FRESH_FOR:
            return account
        found = await self._mongo.find(Account, {"subject": subject}, sort=("-changed_at",), limit=1)
        if len(self._known) >= _MOST:
            self._known.clear()
        account = found[0] if found else None
        self._known[subject] = (now, account)
        return account
