"""Products and their warranty cards (INT-3): each repair's date and content, once per visit."""

from datetime import date, datetime
from typing import ClassVar, NamedTuple

from aftersales.common.aggregate import Aggregate
from aftersales.common.errors import DomainError
from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.values import Code, Day, Serial, Value


class ProductForm(Value):
    """A product as the caller names it (INT-2)."""

    serial: Serial
    model: Code
    line: Code
    """The product line, which is also the skill a technician needs."""
    batch: Code | None = None
    purchased_on: Day | None = None


class CardPart(Value):
    part: str
    quantity: int


class CardEntry(Value):
    """One repair on the warranty card (保修卡)."""

    request: str
    visit: int
    at: datetime
    fault: str
    cause: str
    solution: str
    technician: str
    parts: tuple[CardPart, ...] = ()


class Product(Aggregate):
    """A product in the archive; its id is its serial number."""

    COLLECTION: ClassVar[str] = "products"

    model: str
    line: str
    batch: str | None = None
    customer: str | None = None
    purchased_on: Day | None = None
    warranty_until: Day | None = None
    """The last day of a warranty that an approved claim has extended (INT-6)."""
    warranty_card: tuple[CardEntry, ...] = ()


class Owner(NamedTuple):
    """The customer who says it is theirs, and their branch."""

    customer: str
    branch: str


def archive(known: Product | None, form: ProductForm, owner: Owner, today: date) -> Product:
    """Keep the product as it is known after its `owner` named it.

    The owner's word corrects the record; a product that somebody else owns stays as it is.
    """
    if form.purchased_on and form.purchased_on > today:
        raise DomainError("product.purchased_in_future", serial=form.serial, purchased_on=form.purchased_on.isoformat())
    if known is None:
        return Product(
            id=form.serial,
            branch=owner.branch,
            model=form.model,
            line=form.line,
            batch=form.batch,
            customer=owner.customer,
            purchased_on=form.purchased_on,
        )
    if known.customer not in (None, owner.customer):
        return known
    return known.but(
        model=form.model,
        line=form.line,
        batch=form.batch or known.batch,
        customer=owner.customer,
        purchased_on=form.purchased_on or known.purchased_on,
    )


def record_repair(product: Product, repair: RepairCompleted) -> Product:
    """Write the repair on the card, once per request and visit, in the order of the repairs' dates."""
    if any((entry.request, entry.visit) == (repair.request, repair.visit) for entry in product.warranty_card):
        return product
    entry = CardEntry(
        request=repair.request,
        visit=repair.visit,
        at=repair.at,
        fault=repair.fault,
        cause=repair.cause,
        solution=repair.solution,
        technician=repair.technician,
        parts=tuple(CardPart(part=used.part, quantity=used.quantity) for used in repair.parts_used),
    )
    card = sorted((*product.warranty_card, entry), key=lambda e: (e.at, e.request, e.visit))
    return product.but(warranty_card=tuple(card))
