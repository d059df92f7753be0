"""What people state about a product, and its words in the codes of the catalogues (INT-2, INT-3). Pure."""

from collections.abc import Collection
from typing import Annotated, Generic, NamedTuple, TypeVar
from unicodedata import normalize

from pydantic import StringConstraints

from aftersales.common.terms import NO_TERM, Term, UnclearTerm
from aftersales.intake.catalogues.domain import Glossary
from aftersales.values import Day, ForgivingForm
from aftersales.values.serials import ArchivedSerial, GivenSerial

from .contact import Address, Short
from .model import NO_MODEL, Listing

Batch = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
]
"""A production batch, in upper case."""


class NamedProduct(ForgivingForm):
    """A product as far as the caller knows it (INT-2)."""

    serial: GivenSerial = None
    """Null or a placeholder (`unknown`, `0000`, 不详): not known. The product then gets a number of its own, `PR-…`."""
    model: Term | None = None
    """The code of the model, its title or another word in the register."""
    line: Term | None = None
    """The product line in any word of the catalogue, also the required skill; the register's line applies to its
    models."""
    batch: Batch | None = None
    purchased_on: Day | None = None
    """The day of purchase; the warranty counts from it."""
    sold_by: Short = ""
    """The shop that sold it."""
    invoice: Short = ""
    """The number of the invoice."""
    installed_at: Address | None = None
    """The address of the product, if it is not the customer's."""


class ProductForm(NamedProduct):
    """A product for the archive (INT-3); omitted fields stay unchanged."""

    serial: ArchivedSerial
    model: Term
    line: Term


NOT_LISTED = Listing()
UNCLEAR_LINE = "unclear"
"""The product line of a product whose line nobody has named in words that a catalogue has."""


P = TypeVar("P", bound=NamedProduct)


class MatchedProduct(NamedTuple, Generic[P]):
    """A statement about a product in the codes of the catalogues."""

    form: P
    listing: Listing = NOT_LISTED
    unclear: UnclearTerm | None = None
    """The word for the line, if no catalogue has it."""


def match_product(
    known_line: str | None, form: P, listing: Listing, glossary: Glossary, named: Collection[str]
) -> MatchedProduct[P]:
    """Replace words for model and line by codes; `named` are the lines of policies.

    An unclear word does not replace `known_line`, the line of a known product.
    """
    codes: dict[str, str] = {}
    if listing.model:
        codes["model"] = listing.model.id
    elif form.model and form.model != NO_MODEL:
        codes["model"] = normalize("NFKC", form.model).upper()
    matched = glossary.match_line(form.line, named) if form.line else NO_TERM
    if form.line:
        codes["line"] = known_line if matched.unclear and known_line else matched.code or UNCLEAR_LINE
    return MatchedProduct(form.model_copy(update=codes), listing, matched.unclear)
