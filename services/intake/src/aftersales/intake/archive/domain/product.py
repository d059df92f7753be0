"""Products and their warranty cards (INT-3), with the date and content of each repair, once per visit."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, Literal, NamedTuple

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.intake import ProductRef
from aftersales.common.scope import SharedAggregate
from aftersales.common.terms import Term, UnclearTerm
from aftersales.values import Code, Day, Line, Reason, Value
from aftersales.values.errors import DomainError

from .card import CardEntry, CardPart
from .contact import Address, CustomerId
from .model import Listing
from .statement import MatchedProduct, ProductForm

Status = Literal["in_use", "scrapped", "returned"]
"""`returned`: the customer gave it back."""


class TransferProduct(Value):
    """A change of owner."""

    to: CustomerId
    """The id of the new owner."""
    on: Day | None = None
    """The default is today."""
    why: Reason


class SettleProduct(Value):
    """A release from quarantine: the model or line is corrected, or all is confirmed as it is."""

    model: Term | None = None
    line: Term | None = None
    why: Reason


class MarkProduct(Value):
    status: Status
    why: Reason


class Chapter(Value):
    """One change of a product's owner or status."""

    what: Literal["transferred", "settled", "in_use", "scrapped", "returned"]
    on: Day
    by: str
    why: str
    owner: str | None
    """The owner until then."""


class Proof(Value):
    """A proof of purchase: what was shown, and where it is stored."""

    purchased_on: Day
    """The day of purchase that it proves."""
    invoice: Line | None = None
    """The number of the invoice."""
    file: Code | None = None
    """The id of a stored scan or photo."""
    evidence: Line
    """A description of the proof."""


class Extension(Value):
    """A warranty extension by an approved claim (INT-6)."""

    until: Day
    """The last day."""
    claim: Code
    """The number of the claim."""
    approved_by: Code
    """The code of the person who approved it."""
    why: Reason


class Product(SharedAggregate):
    """A product in the archive; its id is its serial number."""

    COLLECTION: ClassVar[str] = "products"

    backwards: str = ""
    """The serial number reversed, so that an index finds it by its end."""
    model: str
    line: str
    batch: str | None = None
    customer: str | None = None
    purchased_on: Day | None = None
    proofs: tuple[Proof, ...] = ()
    """Proofs of purchase; the last one applies, whatever callers say."""
    warranty_months: int | None = None
    """The term of its model in the register, which counts instead of the policy's (INT-6)."""
    warranty_until: Day | None = None
    """The last day of a warranty that an approved claim has extended (INT-6)."""
    extensions: tuple[Extension, ...] = ()
    sold_by: str = ""
    invoice: str = ""
    installed_at: Address | None = None
    status: Literal["in_use", "scrapped", "returned", "quarantined"] = "in_use"
    quarantine: Literal["line_unknown", "model_unknown"] | None = None
    """The reason for the status `quarantined`."""
    unclear: UnclearTerm | None = None
    """The word for its product line, if no catalogue has it."""
    registered_with: str | None = None
    """The request with which it was archived, until anything else is said of it; a correction can take it back."""
    entitled: tuple[str, ...] = ()
    """Ids of the entitlements that came with the purchase (INT-14)."""
    history: tuple[Chapter, ...] = ()
    warranty_card: tuple[CardEntry, ...] = ()
    """Entries are only added, or moved with a corrected request. The card stays with the product of another owner."""

    @property
    def numbered(self) -> bool:
        """Whether it has a serial number; others have a number of ours, `PR-…`."""
        return not self.id.startswith("PR-")

    @property
    def ref(self) -> ProductRef:
        """The product as requests and events refer to it."""
        return ProductRef(serial=self.id, model=self.model, line=self.line)


class Owner(NamedTuple):
    """The customer who claims the product, and their branch."""

    customer: str
    branch: str
    request: str | None = None
    """The request in which they claim it."""
    served_in: str = ""
    """The branch that serves them there, if it is another one."""


class ProductAct(NamedTuple):
    """The actor, and the date at the branch."""

    by: str
    today: date


def archive_product(known: Product | None, matched: MatchedProduct[ProductForm], owner: Owner, today: date) -> Product:
    """Create or update the product from its `owner`'s statement.

    The statement corrects the record, but not proven facts; a product that somebody else owns stays unchanged.
    A product whose line or model is not known stays in quarantine until somebody settles it.
    """
    form, listing, unclear = matched
    if form.purchased_on:
        _must_be_past(form.serial, form.purchased_on, today)
    alone = known is not None and owner.request is not None and known.registered_with == owner.request
    if known and known.customer not in (None, owner.customer) and not alone:
        return known.but(registered_with=None)
    said = {name: value for name, value in _values(form).items() if value}
    said |= _listed(listing) or {"line": form.line}
    if known is None:
        kept = Product(
            id=form.serial,
            backwards=form.serial[::-1],
            branch=owner.branch,
            customer=owner.customer,
            registered_with=owner.request,
            **said,
        )
        if unclear and not listing.model:
            return _held(kept, "line_unknown").but(unclear=unclear)
        return _held(kept, "model_unknown") if listing.unknown else kept
    if known.proofs:
        said.pop("purchased_on", None)
    kept = known.but(
        **said,
        customer=owner.customer,
        branch=owner.branch if alone else known.branch,
        registered_with=known.registered_with if alone else None,
    )
    if listing.unknown:
        return kept if kept.model == known.model else _held(kept, "model_unknown")
    if not known.quarantine or (unclear and not listing.model):
        return kept
    return kept.but(status="in_use", quarantine=None, unclear=None)


def is_of_request_alone(product: Product, request: str) -> bool:
    """Return whether nothing but this request says that the product exists, so that a correction may take it back."""
    return product.registered_with == request and not (
        product.proofs or product.extensions or product.history or product.warranty_card
    )


def apply_proof(product: Product, proof: Proof, today: date) -> Product:
    """Set the day of purchase from a proof; the same proof again changes nothing."""
    _must_be_past(product.id, proof.purchased_on, today)
    if proof in product.proofs[-1:]:
        return product
    return product.but(purchased_on=proof.purchased_on, proofs=(*product.proofs, proof))


def apply_extension(product: Product, extension: Extension, until: date | None) -> Product:
    """Extend the warranty to a day after `until`, its last day so far."""
    if until and extension.until <= until:
        raise DomainError("product.extension_not_longer", serial=product.id, until=until.isoformat())
    return product.but(warranty_until=extension.until, extensions=(*product.extensions, extension))


def transfer_product(product: Product, command: TransferProduct, to: Owner, done: ProductAct) -> Product:
    """Transfer the product to another owner, with its card; a quarantine stays."""
    on = command.on or done.today
    if product.status == "scrapped":
        raise DomainError("product.scrapped", serial=product.id)
    if product.customer == to.customer:
        raise DomainError("product.already_theirs", serial=product.id, customer=to.customer)
    if on > done.today:
        raise DomainError("product.transferred_in_future", serial=product.id, on=on.isoformat())
    chapter = Chapter(what="transferred", on=on, by=done.by, why=command.why, owner=product.customer)
    return product.but(customer=to.customer, branch=to.branch, history=(*product.history, chapter))


def settle_product(product: Product, command: SettleProduct, listing: Listing, done: ProductAct) -> Product:
    """Release the product from quarantine. A model named here must be in the register; the line is a code."""
    if product.quarantine is None:
        raise DomainError("product.not_quarantined", serial=product.id)
    if command.model and listing.unknown:
        raise DomainError("model.unknown", model=command.model)
    listed = _listed(listing) or {"line": product.line}
    chapter = Chapter(what="settled", on=done.today, by=done.by, why=command.why, owner=product.customer)
    return product.but(
        model=listing.model.id if listing.model else command.model or product.model,
        **listed | ({"line": command.line} if command.line else {}),
        status="in_use",
        quarantine=None,
        unclear=None,
        history=(*product.history, chapter),
    )


def mark_product(product: Product, command: MarkProduct, done: ProductAct) -> Product:
    """Mark the product as scrapped, returned or in use again."""
    if product.quarantine:
        raise DomainError("product.quarantined", serial=product.id)
    if product.status == command.status:
        return product
    chapter = Chapter(what=command.status, on=done.today, by=done.by, why=command.why, owner=product.customer)
    return product.but(status=command.status, history=(*product.history, chapter))


def record_repair(product: Product, repair: RepairCompleted) -> Product:
    """Add the repair to the card, once per request and visit, ordered by the dates of the repairs."""
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
    return add_entry(product, entry)


def add_entry(product: Product, entry: CardEntry) -> Product:
    return product.but(warranty_card=_in_order((*product.warranty_card, entry)))


def move_entries(wrong: Product, right: Product, request: str) -> tuple[Product, Product]:
    """Move a request's entries from one card to another, because the request is about the other product (INT-2)."""
    moved = tuple(entry for entry in wrong.warranty_card if entry.request == request)
    if not moved:
        return wrong, right
    kept = tuple(entry for entry in wrong.warranty_card if entry.request != request)
    return wrong.but(warranty_card=kept), right.but(warranty_card=_in_order((*right.warranty_card, *moved)))


def _in_order(card: Iterable[CardEntry]) -> tuple[CardEntry, ...]:
    return tuple(sorted(card, key=lambda entry: (entry.at, entry.request, entry.visit)))


def _listed(listing: Listing) -> dict[str, Any]:
    """Return what the register says of the model."""
    model = listing.model
    return {"line": model.line, "warranty_months": model.warranty_months} if model else {}


def _held(product: Product, reason: Literal["line_unknown", "model_unknown"]) -> Product:
    return product.but(status="quarantined", quarantine=reason) if product.status == "in_use" else product


def _values(form: ProductForm) -> dict[str, Any]:
    return {name: getattr(form, name) for name in ProductForm.model_fields if name != "serial"}


def _must_be_past(serial: str, day: date, today: date) -> None:
    if day > today:
        raise DomainError("product.purchased_in_future", serial=serial, purchased_on=day.isoformat())
