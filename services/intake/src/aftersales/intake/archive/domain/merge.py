"""Merges of two customer records that are the same customer, and their exact undoing (INT-3)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, NamedTuple, TypeVar

from aftersales.common.aggregate import Aggregate
from aftersales.values import Line, Reason, Value
from aftersales.values.errors import DomainError
from aftersales.values.personal import MASKED_ACCOUNT, MASKED_NAME

from .consent import Consent, by_time
from .contact import Address, Contact, CustomerId, NumberUser, PhoneNumber, SharedPhone
from .customer import ContactPoint, Customer, contact_points
from .product import Product
from .upkeep import Membership

MOST_MERGED = 1000
"""The most products one merge may move, because they are written in one transaction."""
T = TypeVar("T")


class MergeCustomers(Value):
    """The other record of the same customer, to be merged into the one in the path."""

    other: CustomerId
    """The id of the record that is merged into the one in the path."""
    why: Line
    """The evidence that both are the same customer."""


class UndoMerge(Value):
    why: Reason


class Act(NamedTuple):
    """The actor, time and reason."""

    by: str
    at: datetime
    why: str


class Merge(Aggregate):
    """The record of what a merge moved from loser to winner, so that exactly that can go back."""

    COLLECTION: ClassVar[str] = "merges"

    winner: str
    loser: str
    by: str
    at: datetime
    why: str
    numbers: tuple[Annotated[str, MASKED_ACCOUNT], ...]
    """Phone numbers and accounts that lead to the winner since the merge."""
    products: tuple[str, ...]
    """Serial numbers."""
    aliases: tuple[Annotated[str, MASKED_NAME], ...]
    phones: tuple[PhoneNumber, ...]
    addresses: tuple[Address, ...]
    contacts: tuple[Contact, ...]
    consents: tuple[Consent, ...]
    users: tuple[NumberUser, ...] = ()
    shared_phones: tuple[SharedPhone, ...] = ()
    contracts: tuple[str, ...] = ()
    membership: Membership | None = None
    """The loser's, if the winner had none."""
    also: tuple[str, ...]
    undone_by: str | None = None
    undone_at: datetime | None = None
    undone_why: str = ""


class Pair(NamedTuple):
    winner: Customer
    loser: Customer


def merge_customers(id: str, pair: Pair, products: Sequence[Product], act: Act) -> tuple[Pair, Merge]:
    """Merge the loser into the winner. The loser stays in the archive and points to the winner.

    Values that a customer has only once (class, language …) stay the winner's.
    """
    winner, loser = pair
    if winner.id == loser.id:
        raise DomainError("merge.with_itself", customer=winner.id)
    if len(products) > MOST_MERGED:
        raise DomainError("merge.too_many_products", customer=loser.id, most=MOST_MERGED)
    phones = tuple(phone for phone in loser.phones if phone.number not in {one.number for one in winner.phones})
    record = Merge(
        id=id,
        branch=winner.branch,
        winner=winner.id,
        loser=loser.id,
        **act._asdict(),
        numbers=contact_points(loser),
        products=tuple(product.id for product in products),
        aliases=_new((loser.name, *loser.aliases), (winner.name, *winner.aliases)),
        phones=phones,
        addresses=_new(loser.addresses, winner.addresses),
        contacts=_new(loser.contacts, winner.contacts),
        users=_new(loser.users, winner.users),
        shared_phones=_new(loser.shared_phones, winner.shared_phones),
        consents=_new(loser.consents, winner.consents),
        contracts=_new(loser.contracts, winner.contracts),
        membership=None if winner.membership else loser.membership,
        also=(loser.id, *loser.also),
    )
    grown = winner.but(
        aliases=winner.aliases + record.aliases,
        phones=winner.phones + record.phones,
        addresses=winner.addresses + record.addresses,
        contacts=winner.contacts + record.contacts,
        users=winner.users + record.users,
        shared_phones=winner.shared_phones + record.shared_phones,
        consents=by_time(winner.consents + record.consents),
        contracts=winner.contracts + record.contracts,
        membership=winner.membership or record.membership,
        also=winner.also + record.also,
    )
    return Pair(grown, loser.but(merged_into=winner.id)), record


def undo_merge(record: Merge, pair: Pair, found: Sequence[Product | ContactPoint], act: Act) -> tuple[Pair, Merge]:
    """Move back what the merge moved; what the winner has received since then stays there.

    Raises `DomainError` when something that it moved now belongs to another customer.
    """
    winner, loser = pair
    if record.undone_at:
        raise DomainError("merge.already_undone", merge=record.id)
    for thing in found:
        if thing.customer != winner.id:
            where = "products" if isinstance(thing, Product) else "phones"
            raise DomainError("merge.moved_again", merge=record.id, what=where, customer=thing.customer)
    phones = tuple(phone for phone in winner.phones if phone.number not in record.numbers)
    reached = tuple(one for one in winner.contacts if not (one.phone and one.phone.number in record.numbers))
    addresses = _without(winner.addresses, record.addresses)
    if not (phones and addresses) and not (winner.email or winner.chat_id or winner.wechat):
        raise DomainError("merge.nothing_left", merge=record.id, customer=winner.id)
    shrunk = winner.but(
        aliases=_without(winner.aliases, record.aliases),
        phone=phones[0].number if phones else "",
        phones=phones,
        address=addresses[0].text if addresses else "",
        addresses=addresses,
        contacts=_without(reached, record.contacts),
        users=_without(winner.users, record.users),
        shared_phones=_without(winner.shared_phones, record.shared_phones),
        consents=_without(winner.consents, record.consents),
        contracts=_without(winner.contracts, record.contracts),
        membership=None if record.membership and winner.membership == record.membership else winner.membership,
        also=_without(winner.also, record.also),
    )
    done = record.but(undone_by=act.by, undone_at=act.at, undone_why=act.why)
    return Pair(shrunk, loser.but(merged_into=None)), done


def _new(theirs: Iterable[T], ours: Collection[T]) -> tuple[T, ...]:
    return tuple(one for one in dict.fromkeys(theirs) if one not in ours)


def _without(ours: Iterable[T], moved: Collection[T]) -> tuple[T, ...]:
    return tuple(one for one in ours if one not in moved)
