"""Documents of the price list, and its filter."""

import re
from collections.abc import Collection, Iterator
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from aftersales.common.terms import Term, Terms
from aftersales.engine import Aggregate, Document, Index, Limit, Page, RequestContext
from aftersales.intake.catalogues.domain import require_code
from aftersales.intake.catalogues.store import load_glossary
from aftersales.intake.network.domain import local_day
from aftersales.values import Day

from .domain import ANY_LINE, ListedPrice, PriceKind, PriceRow, fold_words, show_price

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {ListedPrice: (Index("lines", "_id"),)}
_MOST_WORDS = 8


class PriceQuery(BaseModel):
    """What somebody looks for in the price list."""

    kind: PriceKind | None = None
    """Labour or parts only."""
    line: Term | None = None
    """A product line, in any word of the catalogue."""
    q: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] = ""
    """Words of a name, code, model or specification, or for a product line."""
    day: Day | None = None
    """The day of the prices; default: today."""
    cursor: Annotated[str, StringConstraints(max_length=1000)] | None = None
    """`next` of the page before."""
    limit: Limit = 50


async def list_prices(context: RequestContext, wanted: PriceQuery, locale: str) -> Page[PriceRow]:
    """Return a page of the prices of a day, labour first. Raises `Malformed` for a line that nobody knows."""
    lines, code = (await load_glossary(context.mongo)).lines, wanted.line
    if code and code not in (await context.catalogue.policy_index(context.mongo)).lines:
        code = require_code(lines, "lines", code)
    day = wanted.day or local_day(context.now, context.settings.zone)
    where = price_filter(wanted.model_copy(update={"line": code, "day": day}), lines)
    found = await context.page(ListedPrice, where, wanted.cursor, wanted.limit, sort="_id")
    return Page(items=[show_price(one, day, locale, lines) for one in found.items], next=found.next)


def price_filter(wanted: PriceQuery, lines: Terms) -> Document:
    """Return the filter for a query with a day and the code of a line.

    Each word of `q` is part of the text, or names the line.
    """
    day = str(wanted.day)
    offered: Document = {"$or": [{"listed_until": None}, {"listed_until": {"$gt": day}}]}
    both: list[Document] = [{"listed_from": {"$lte": day}}, offered]
    both += [{"kind": wanted.kind}] if wanted.kind else []
    both += [_of_line(wanted.line, lines)] if wanted.line else []
    return {"$and": [*both, *_words(wanted.q, lines)]}


def _words(q: str, lines: Terms) -> Iterator[Document]:
    words = [q] if lines.match(q) else q.split()[:_MOST_WORDS]
    for word in words:
        ways: list[Document] = [{"text": {"$regex": re.escape(fold_words(word))}}]
        if code := lines.match(word):
            ways.append(_of_line(code, lines))
        yield {"$or": ways}


def _of_line(code: str, lines: Terms) -> Document:
    """Return the filter for a line and the codes that it replaces, with what fits every line."""
    codes: Collection[str] = (code, *lines.replaced(code), ANY_LINE)
    return {"lines": {"$in": list(codes)}}
