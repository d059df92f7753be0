"""One screen of data for a call: the caller, products with cover, open cases with promised times, last requests. Pure.

Codes have words in the reader's language beside them, and times the branch's local time beside UTC (INT-2, INT-3).
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from aftersales.common.fields import shared_fields
from aftersales.intake.archive.domain.contact import NumberUser, SharedPhone
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.upkeep import Membership, is_confirmation_due
from aftersales.intake.archive.domain.warranty import ProductWarranty
from aftersales.intake.identity.domain import text_in
from aftersales.intake.network.domain import Branch
from aftersales.intake.sales.domain import Shipment
from aftersales.intake.vocabulary import Channel, RequestKind
from aftersales.policy.model.cover import Payer
from aftersales.values import Day, Value
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME, MASKED_NUMBER

from .coverage import Coverage
from .records import Flag
from .request import RequestState, ServiceRequest


class ReaderWords(NamedTuple):
    """The words of the reader's language for codes."""

    locale: str
    kind: Callable[[RequestKind], str]
    state: Callable[[RequestState], str]
    channel: Callable[[Channel], str]
    stage: Callable[[str], str]
    line: Callable[[str], str]
    fault: Callable[[str], str]


class PromiseShown(Value):
    """A promise that is still to be kept, in any service."""

    stage: str
    words: str
    due_at: datetime | None
    """Null while its clock is paused."""
    due_local: str | None
    """The same in the branch's local time."""


class CaseShown(Value):
    """A request in one line."""

    request: str
    branch: str
    kind: RequestKind
    kind_words: str
    state: RequestState
    state_words: str
    serial: str
    line: str
    line_words: str
    fault: str
    fault_words: str
    description: Annotated[str, HIDDEN_TEXT]
    priority: int
    danger: bool
    flag: Flag | None
    owner: str
    registered_at: datetime
    registered_local: str
    wanted_at: datetime | None
    wanted_local: str | None
    promises: tuple[PromiseShown, ...]
    """What is promised, the earliest deadline first."""
    contacts: str
    """The path to which a further contact about this request is posted (ALL-4)."""


class PayersShown(Value):
    """The payers of a request, and the reason in the reader's language."""

    parts: Payer
    labour: Payer
    travel: Payer
    why: str
    surcharges: tuple[str, ...]
    """What rush, holiday or night work costs more, with the reason, in the reader's language (ALL-10)."""


class RequestRow(CaseShown):
    """A request in one line that is read without looking anything up: in a list, or to tell the customer."""

    customer: str
    """The customer's id."""
    customer_name: Annotated[str, MASKED_NAME]
    owner_name: str
    """The owner's name; the code if nobody is registered with it."""
    cover: PayersShown | None = None
    """Null while it is not decided who pays."""


class ShipmentShown(Value):
    """A parcel with the product, as a partner reported it (INT-12)."""

    waybill: str
    carrier: str
    shipped_on: Day
    expected_on: Day | None
    """The day on which it should arrive."""


class ProductShown(Value):
    """A product of the caller, and who would pay for a repair today."""

    serial: str
    model: str
    line: str
    status: str
    purchased_on: Day | None
    warranty: ProductWarranty
    warranty_until: Day | None
    parts: Payer
    labour: Payer
    travel: Payer
    why: str
    """The reason in the reader's language."""
    open_cases: tuple[str, ...]
    """Open requests about it; a new one is likely a duplicate."""
    shipments: tuple[ShipmentShown, ...]
    """Parcels in which it was shipped, the newest first."""


class CallerShown(Value):
    """The customer."""

    id: str
    name: Annotated[str, MASKED_NAME]
    aliases: tuple[Annotated[str, MASKED_NAME], ...]
    phone: Annotated[str, MASKED_NUMBER]
    address: Annotated[str, HIDDEN_TEXT]
    branch: str
    known_as: str
    """The class that service policies use: A, B, C or `key`."""
    users: tuple[NumberUser, ...]
    """People who use the customer's numbers, and in which way."""
    shared_phones: tuple[SharedPhone, ...]
    """Numbers of others that the customer uses."""
    membership: Membership | None
    member: bool
    """Whether the customer is a member today."""
    confirmed_at: datetime | None
    """The time at which the data was last confirmed; null: never."""
    confirmed_by: str
    confirmation_due: bool
    """Whether the caller should be asked to confirm phone and address; then `POST` to `confirm`."""
    confirm: str
    """The path to which a confirmation is posted."""


class LookupItem(Value):
    """One customer who matches, with all that a desk needs for a call."""

    customer: CallerShown
    products: tuple[ProductShown, ...]
    open_cases: tuple[CaseShown, ...]
    """The most pressing first."""
    last_cases: tuple[CaseShown, ...]
    """The newest requests, open or not."""


class Lookup(Value):
    items: tuple[LookupItem, ...]
    more: bool
    """Whether more customers match; `GET /customers` lists them."""


class NamesOfRows(NamedTuple):
    """What the rows of a list need of other documents, by id."""

    branches: dict[str, Branch]
    people: dict[str, str]
    customers: dict[str, dict[str, Any]]
    """Name, phone and address."""


class Covered(NamedTuple):
    """A product, the coverage of a repair that came in now, and its parcels."""

    product: Product
    coverage: Coverage
    shipments: tuple[Shipment, ...] = ()


def describe_caller(customer: Customer, branch: Branch, now: datetime, confirm_every: timedelta) -> CallerShown:
    return CallerShown(
        known_as=customer.known_as,
        member=customer.is_member(branch.day_of(now)),
        confirmation_due=is_confirmation_due(customer.confirmed_at, now, confirm_every),
        confirm=f"/customers/{customer.id}/confirmed",
        **shared_fields(customer, CallerShown),
    )


def show_caller(
    caller: CallerShown, branch: Branch, covered: Iterable[Covered], cases: Iterable[ServiceRequest], words: ReaderWords
) -> LookupItem:
    """Arrange what is known of a customer; `cases` are their open requests and the newest ones."""
    each = {case.id: case for case in cases}
    newest = sorted(each.values(), key=lambda case: case.registered_at, reverse=True)
    pressing = sorted((case for case in newest if case.open), key=lambda case: case.pressing or "")
    shown = {case.id: show_case(case, branch, words) for case in newest}
    return LookupItem(
        customer=caller,
        products=tuple(_show_product(one, pressing, words.locale) for one in covered),
        open_cases=tuple(shown[case.id] for case in pressing),
        last_cases=tuple(shown[case.id] for case in newest[:MOST_LAST]),
    )


MOST_LAST = 5
"""The most requests shown in addition to the open ones."""


def _show_product(covered: Covered, cases: Iterable[ServiceRequest], locale: str) -> ProductShown:
    product, coverage, shipments = covered
    about = shared_fields(product, ProductShown) | shared_fields(coverage.inputs, ProductShown)
    about |= shared_fields(coverage, ProductShown)
    about["why"] = text_in(coverage.why, locale)
    theirs = tuple(case.id for case in cases if case.product.serial == product.id)
    parcels = tuple(ShipmentShown(**shared_fields(one, ShipmentShown)) for one in shipments)
    return ProductShown(serial=product.id, open_cases=theirs, shipments=parcels, **about)


def _show_payers(coverage: Coverage, locale: str) -> PayersShown:
    more = tuple(text_in(one.why, locale) for one in coverage.surcharges)
    return PayersShown(
        **shared_fields(coverage, PayersShown) | {"why": text_in(coverage.why, locale), "surcharges": more}
    )


def show_case(case: ServiceRequest, branch: Branch, words: ReaderWords) -> CaseShown:
    return CaseShown(
        request=case.id,
        serial=case.product.serial,
        kind_words=words.kind(case.kind),
        state_words=words.state(case.state),
        line=case.product.line,
        line_words=words.line(case.product.line),
        fault_words=fault_words(case.kind, case.fault, words),
        registered_local=local_time(case.registered_at, branch.zone),
        wanted_local=local_time(case.wanted_at, branch.zone) if case.wanted_at else None,
        promises=tuple(_promises(case, branch, words)),
        **shared_fields(case, CaseShown) | {"contacts": f"/requests/{case.id}/contacts"},
    )


def fault_words(kind: RequestKind, fault: str, words: ReaderWords) -> str:
    """Return the words for a fault; a request without one has its kind instead."""
    return words.kind(kind) if fault == kind else words.fault(fault)


def show_row(case: ServiceRequest, names: NamesOfRows, words: ReaderWords) -> RequestRow:
    """Show a request as a row."""
    return RequestRow(
        customer=case.customer,
        customer_name=names.customers.get(case.customer, {}).get("name", ""),
        owner_name=names.people.get(case.owner, case.owner),
        cover=_show_payers(case.coverage, words.locale) if case.coverage else None,
        **dict(show_case(case, names.branches[case.branch], words)),
    )


def _promises(case: ServiceRequest, branch: Branch, words: ReaderWords) -> Iterator[PromiseShown]:
    own = [(clock.stage, clock.deadline) for clock in case.clocks if clock.ended_at is None]
    there = [(one.stage, one.due_at) for one in case.due_elsewhere if one.stage]
    for stage, due_at in sorted((*own, *there), key=lambda one: (one[1] is None, one[1] and one[1].isoformat())):
        local = local_time(due_at, branch.zone) if due_at else None
        yield PromiseShown(stage=stage, words=words.stage(stage), due_at=due_at, due_local=local)


def local_time(at: datetime, zone: str) -> str:
    """Return a time in the branch's zone, with its offset from UTC: `2026-11-23T09:00:00+08:00`."""
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
