"""The price list (INV-15, ALL-2): labour as headquarters sets it, parts as inventory tells them. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import StrictBool

from aftersales.common.aggregate import Aggregate
from aftersales.common.events.inventory import PartPriced
from aftersales.common.terms import Term, Terms, fold_term
from aftersales.intake.archive.domain.search import simplify_text
from aftersales.intake.identity.domain import LineTexts, text_in
from aftersales.policy.model.cover import Work
from aftersales.values import Day, Money, Value
from aftersales.values.errors import DomainError
from aftersales.values.prices import Price, price_words

ANY_LINE = "*"
"""Stands for every product line."""
PricedWork = Work | Literal["travel"]
"""A kind of work, or the way to the customer."""
PriceKind = Literal["labour", "part"]


class LabourPriceForm(Value):
    """A price for labour, from a day on; earlier prices of the code stay on record."""

    line: Term = ANY_LINE
    """The product line, in any word of the catalogue; `*` means every line."""
    work: PricedWork = "repair"
    """The kind of work, or `travel`."""
    names: LineTexts
    """What people read, by language."""
    price: Price | None
    """The price; null means that it is not offered any more from that day on."""
    valid_from: Day
    """The first day of this price."""
    corrects: StrictBool = False
    """True: another price that was entered for that same day was a mistake, and is replaced."""


class PriceTerm(Value):
    """A price from a day on, until the next one."""

    valid_from: Day
    price: Money | None
    revision: int = 0
    """The version of the part that had this price; 0 for labour."""


class PriceSpan(Value):
    """A price with its first and last day."""

    valid_from: Day
    valid_until: Day | None
    """The last day; null: until further notice."""
    price: Money


class ListedPrice(Aggregate):
    """One row of the price list, with all its prices; the id is `labour|<code>` or `part|<code>`."""

    COLLECTION: ClassVar[str] = "prices"

    branch: str = "-"
    kind: PriceKind
    code: str
    names: LineTexts
    """By language; the name of a part is in whatever language inventory has it."""
    lines: tuple[str, ...]
    """Codes of product lines; `*`: every line."""
    work: str | None = None
    model: str | None = None
    specification: str | None = None
    terms: tuple[PriceTerm, ...]
    """By first day."""
    revision: int = 0
    """The newest version of the part that is known; 0 for labour."""
    text: str = ""
    """What the search compares."""
    listed_from: Day | None = None
    """The first day that has a price."""
    listed_until: Day | None = None
    """The day from which nothing is offered any more."""

    def derived(self) -> dict[str, Any]:
        words = (self.code, *self.names.values(), self.model or "", self.specification or "")
        priced = [term.valid_from for term in self.terms if term.price]
        last = self.terms[-1]
        return {
            "text": "\n".join(map(fold_words, words)),
            "listed_from": min(priced, default=None),
            "listed_until": None if last.price else last.valid_from,
        }

    def price_on(self, day: date) -> Money | None:
        """Return the price of a day, if it has one."""
        begun = [term for term in self.terms if term.valid_from <= day]
        return begun[-1].price if begun else None


def labour_id(code: str) -> str:
    return f"labour|{code}"


def part_id(code: str) -> str:
    return f"part|{code}"


def fold_words(words: str) -> str:
    """Return what the search compares: no case, width, blanks, and no difference of simplified and traditional."""
    return fold_term(simplify_text(words))


def set_labour_price(known: ListedPrice | None, code: str, form: LabourPriceForm, line: str) -> ListedPrice:
    """Add a price; `line` is the code of the form's line. Raises `DomainError` if that day has another price."""
    terms = {term.valid_from: term for term in known.terms} if known else {}
    there = terms.get(form.valid_from)
    if there and there.price != form.price and not form.corrects:
        raise DomainError("price.day_taken", id=code, day=form.valid_from.isoformat())
    terms[form.valid_from] = PriceTerm(valid_from=form.valid_from, price=form.price)
    about = {"names": form.names, "lines": (line,), "work": form.work, "terms": _sorted(terms.values())}
    return known.but(**about) if known else ListedPrice(id=labour_id(code), kind="labour", code=code, **about)


def follow_part_price(known: ListedPrice | None, event: PartPriced, day: date) -> ListedPrice:
    """Take over what inventory says of a part, in whatever order its events arrive; of one day the newest holds."""
    new = PriceTerm(valid_from=day, price=event.price, revision=event.revision)
    terms = {term.valid_from: term for term in known.terms} if known else {}
    if day not in terms or terms[day].revision < new.revision:
        terms[day] = new
    about: dict[str, Any] = {"terms": _sorted(terms.values())}
    if known is None or known.revision < event.revision:
        said = {name: getattr(event, name) for name in ("model", "specification", "revision")}
        about |= said | {"names": {"en": event.name}, "lines": event.lines or (ANY_LINE,)}
    if known:
        return known.but(**about)
    return ListedPrice(id=part_id(event.part), kind="part", code=event.part, **about)


def _sorted(terms: Iterable[PriceTerm]) -> tuple[PriceTerm, ...]:
    return tuple(sorted(terms, key=lambda term: term.valid_from))


def list_spans(price: ListedPrice) -> Iterator[PriceSpan]:
    """Yield the prices with their days, oldest first; a price that is said again goes on."""
    open_span: PriceSpan | None = None
    for term in price.terms:
        if open_span and open_span.price == term.price:
            continue
        if open_span:
            yield open_span.model_copy(update={"valid_until": date.fromordinal(term.valid_from.toordinal() - 1)})
        open_span = PriceSpan(valid_from=term.valid_from, valid_until=None, price=term.price) if term.price else None
    if open_span:
        yield open_span


class PriceRow(Value):
    """One row of the price list, in the reader's language."""

    kind: PriceKind
    code: str
    name: str
    lines: tuple[str, ...]
    """Codes of product lines; `*`: every line."""
    line_names: tuple[str, ...]
    """Their names; empty: every line."""
    work: str | None
    """The kind of work, or `travel`; null for parts."""
    model: str | None
    specification: str | None
    price: Money | None
    """The price of the day, for one piece of a part; null: none on that day."""
    price_words: str
    """The same for people: `120.50 元`."""
    valid_from: Day | None
    """The first day of this price."""
    spans: tuple[PriceSpan, ...]
    """All prices with their days, past and announced ones too, oldest first."""


def show_price(listed: ListedPrice, day: date, locale: str, lines: Terms) -> PriceRow:
    """Return a row with the price of a day."""
    price, spans = listed.price_on(day), tuple(list_spans(listed))
    begun = [one for one in spans if one.valid_from <= day]
    return PriceRow(
        name=text_in(listed.names, locale),
        line_names=tuple(lines.name(code, locale) for code in listed.lines if code != ANY_LINE),
        price=price,
        price_words=price_words(price, locale) if price else "",
        valid_from=begun[-1].valid_from if begun and price else None,
        spans=spans,
        **{name: getattr(listed, name) for name in ("kind", "code", "lines", "work", "model", "specification")},
    )
