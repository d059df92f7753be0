"""The part master (INV-1, INV-15): the parts, what they are used for, and their prices."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.inventory import PartPriced
from aftersales.common.fields import shared_fields
from aftersales.common.terms import MatchedTerm, Term, Terms, UnclearTerm, match_all, match_fault, match_line
from aftersales.values import Day, Line, Money, Quantity, Value
from aftersales.values.prices import Price

Uses = Annotated[tuple[Term, ...], Field(max_length=50)]
"""Faults or product lines, in any word of intake's catalogues."""


class RegisterPart(Value):
    """A part's details, the same in all branches."""

    name: Line
    """The name of the part."""
    model: Line | None = None
    """The maker's model."""
    specification: Line | None = None
    """Size, material, voltage or the like."""
    faults: Uses = ()
    """The faults that it repairs, on any of `lines`, in any word of the catalogue: `not_cooling` or 不制冷."""
    lines: Uses = ()
    """The product lines that it fits, in any word of the catalogue: `refrigerator` or 冰箱."""
    quantity_per_job: Quantity = 1
    """The pieces that one repair needs."""
    price: Price | None = None
    """The list price of one piece, the same in all branches; null if unknown."""


class PartReplacement(Value):
    """The part to use instead."""

    part: str
    """Its code."""
    valid_from: Day
    """The day (UTC) from which it is used once the old stock is used up."""


class Part(Aggregate):
    COLLECTION: ClassVar[str] = "parts"

    branch: str = "-"
    name: str
    model: str | None
    specification: str | None
    faults: tuple[str, ...]
    lines: tuple[str, ...]
    jobs: tuple[str, ...]
    """Every `repair_kind` that uses the part: `faults` and `lines` combined, with the codes that they replace."""
    unclear: tuple[UnclearTerm, ...] = ()
    """Words in `faults` and `lines` that the catalogues lack. No order has them, so they reserve nothing."""
    quantity_per_job: int
    price: Money | None
    priced_at: datetime | None = None
    """The time since which this price holds."""
    replaced_by: PartReplacement | None = None
    """The part that replaces this one, by a design change (ALL-9)."""
    replaces: tuple[str, ...] = ()
    """Codes of the parts that this one replaces."""

    def derived_events(self, before: Aggregate | None) -> Iterable[Event]:
        """Yield what the public price list needs to know, if it has changed (INV-15)."""
        told, old = _price_told(self), _price_told(before) if isinstance(before, Part) else None
        if self.priced_at and (old is None or told != old.model_copy(update={"revision": told.revision})):
            yield told


def _price_told(part: Part) -> PartPriced:
    about = {"part": part.id, "revision": part.version, "since": part.priced_at}
    return PartPriced.model_construct(**shared_fields(part, PartPriced) | about)


class PriceAnnouncement(Aggregate):
    """The one publication of the prices that parts had before prices were published."""

    COLLECTION: ClassVar[str] = "price_announcements"
    AUDITED: ClassVar[bool] = False

    id: str = "prices"
    branch: str = "-"
    after: str = ""
    """The id of the last part that was published."""


class Supersedence(Aggregate):
    """What a design change says of one part, whether the part is registered here or not; its id is the old code."""

    COLLECTION: ClassVar[str] = "supersedences"
    AUDITED: ClassVar[bool] = False  # a copy: the notice itself is audited at intake

    branch: str = "-"
    new: str
    valid_from: Day
    published_at: datetime

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.valid_from, time(), UTC)


def repair_kind(line: str, fault: str) -> str:
    """Return the name of a kind of repair, such as `refrigerator/no-cooling`."""
    return f"{line}/{fault}"


class KnownUses(NamedTuple):
    """The product lines and faults that a part may name."""

    lines: Terms
    faults: Terms
    named: Collection[str] = ()
    """Lines that only policies name."""


def register_part(state: Part | None, code: str, form: RegisterPart, uses: KnownUses, now: datetime) -> Part:
    """Register a part, or change the details of a known one."""
    particulars: dict[str, Any] = {name: getattr(form, name) for name in RegisterPart.model_fields}
    if form.price != (state.price if state else None):
        particulars["priced_at"] = now
    part = state.but(**particulars) if state else Part(id=code, jobs=(), **particulars)
    return match_uses(part, uses)


def match_uses(part: Part, uses: KnownUses) -> Part:
    """Replace the words of lines and faults by their codes as far as they are known now (ALL-1, INV-1)."""
    lines, no_lines = match_all(part.lines, lambda word: match_line(uses.lines, word, uses.named))
    found = [(word, [match_fault(uses.faults, word, line) for line in lines or ("",)]) for word in part.faults]
    faults = dict.fromkeys(code for word, matches in found for code in _codes_of(word, matches))
    unclear = [matches[0].unclear for _, matches in found if all(one.unclear for one in matches) if matches[0].unclear]
    every_line = [*lines, *(old for code in lines for old in uses.lines.replaced(code))]
    every_fault = [*faults, *(old for code in faults for old in uses.faults.replaced(code))]
    jobs = tuple(dict.fromkeys(repair_kind(line, fault) for line in every_line for fault in every_fault))
    return part.but(lines=lines, faults=tuple(faults), jobs=jobs, unclear=(*no_lines, *unclear))


def _codes_of(word: str, matches: Iterable[MatchedTerm]) -> list[str]:
    """Return the codes that a fault has on the lines of the part, or the word if it is unclear on all of them."""
    return [one.code for one in matches if one.code and not one.unclear] or [word]


def link_part(part: Part, old: Supersedence | None, new_of: Iterable[Supersedence]) -> Part:
    """Show which part replaces this one, and which ones it replaces (ALL-9)."""
    after = PartReplacement(part=old.new, valid_from=old.valid_from) if old else None
    return part.but(replaced_by=after, replaces=tuple(sorted(one.id for one in new_of)))


def without_successors(parts: Iterable[Part]) -> list[Part]:
    """Leave out each part that only replaces another one of these: the old one is used first."""
    parts = list(parts)
    codes = {part.id for part in parts}
    return [part for part in parts if codes.isdisjoint(part.replaces)]
