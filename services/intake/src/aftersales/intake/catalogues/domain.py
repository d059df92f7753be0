"""Catalogues (ALL-1, INT-6, INT-7, INT-9): what headquarters keeps of each word, and its publication. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event
from aftersales.common.events.intake import CatalogueChanged
from aftersales.common.terms import (
    CatalogueEntry,
    CatalogueName,
    EntryForm,
    MatchedTerm,
    Terms,
    UnclearTerm,
    fold_term,
    match_fault,
    match_line,
)
from aftersales.policy.model.cover import CAUSES, Cause
from aftersales.values import Value
from aftersales.values.errors import DomainError, Malformed

CURRENT = "current"
"""The id of the only `CatalogueList`, and of the only `CatalogueAnnouncement`."""


class CatalogueForm(Value):
    """All entries of a catalogue."""

    entries: Annotated[tuple[CatalogueEntry, ...], Field(max_length=5000)]
    """All entries; those that are missing here are removed."""


class Catalogue(Aggregate):
    """A catalogue; its id is its name."""

    COLLECTION: ClassVar[str] = "catalogues"

    branch: str = "-"
    entries: tuple[CatalogueEntry, ...] = ()

    @property
    def digest(self) -> str:
        """A digest of the content, the same wherever the content is the same."""
        return blake2b(self.model_dump_json(include={"id", "entries"}).encode(), digest_size=16).hexdigest()

    def derived_events(self, before: Aggregate | None) -> Iterable[Event]:
        """Yield what changed, for the other services. A packaged catalogue is announced as a whole instead."""
        return entry_changes(self, before) if isinstance(before, Catalogue) else ()


class CatalogueList(Aggregate):
    """The digests of the catalogues, the only document that matching has to read every time."""

    COLLECTION: ClassVar[str] = "catalogue_lists"
    AUDITED: ClassVar[bool] = False  # it follows from the catalogues

    id: str = CURRENT
    branch: str = "-"
    digests: dict[CatalogueName, str] = Field(default_factory=dict)


class CatalogueAnnouncement(Aggregate):
    """The one publication of all entries: packaged ones, and those saved before catalogues were published."""

    COLLECTION: ClassVar[str] = "catalogue_announcements"
    AUDITED: ClassVar[bool] = False

    id: str = CURRENT
    branch: str = "-"


def entry_changes(catalogue: Catalogue, before: Catalogue | None = None) -> Iterator[CatalogueChanged]:
    """Yield an event for each entry that is new, changed or gone; without `before`, for every entry."""
    old = {entry.code: entry for entry in before.entries} if before else {}
    for entry in catalogue.entries:
        if old.pop(entry.code, None) != entry:
            yield _change(catalogue, entry)
    for entry in old.values():
        yield _change(catalogue, entry, removed=True)


def _change(catalogue: Catalogue, entry: CatalogueEntry, *, removed: bool = False) -> CatalogueChanged:
    about = {"catalogue": catalogue.id, "revision": catalogue.version, "removed": removed}
    return CatalogueChanged.model_validate(about | entry.model_dump())


def unclear_notes(*terms: UnclearTerm | None) -> Iterator[DomainError]:
    """Yield a note for each word, for the person who imported it."""
    for term in filter(None, terms):
        said = {"word": term.word, "suggestions": ", ".join(term.suggestions) or "-"}
        if term.what == "line":
            yield DomainError("catalogue.line_unclear", **said)
        else:
            yield DomainError("catalogue.fault_unclear", **said)


class Glossary(NamedTuple):
    """All catalogues, prepared for matching."""

    lines: Terms
    faults: Terms
    causes: Terms
    reasons: Terms

    def match_line(self, word: str, named: Collection[str] = ()) -> MatchedTerm:
        """Return the product line that a word means; `named` are the lines of policies, which are known as well."""
        return match_line(self.lines, word, named)

    def match_fault(self, word: str, line: str) -> MatchedTerm:
        """Return the fault that a word means for a product of a line (INT-9)."""
        return match_fault(self.faults, word, line)


def require_code(terms: Terms, name: CatalogueName, word: str) -> str:
    """Return the code that a word means. Raises `Malformed` with suggestions."""
    if code := terms.match(word):
        return code
    known = terms.suggest(word) or tuple(terms.entries)
    raise Malformed("catalogue.word_unknown", catalogue=name, word=word, suggestions=", ".join(known[:20]))


def require_cause(causes: Terms, word: str) -> Cause:
    """Return the cause of the policies that a word means, directly or as a case of it (INT-6). Raises `Malformed`."""
    code = require_code(causes, "causes", word)
    for cause in CAUSES:
        if code == cause or cause in causes.general(code):
            return cause
    raise Malformed("catalogue.cause_undecided", id=code, causes=", ".join(CAUSES))


def save_entries(catalogue: Catalogue, form: CatalogueForm) -> Catalogue:
    """Replace the entries. Raises `Malformed` for a code or word that stands twice, or that leads nowhere."""
    _check_codes(catalogue.id, form.entries)
    _check_words(catalogue.id, form.entries)
    return catalogue.but(entries=form.entries)


def save_entry(catalogue: Catalogue, code: str, form: EntryForm) -> Catalogue:
    """Add an entry, or replace the one with this code. Raises `Malformed` like `save_entries`."""
    entries = {one.code: one for one in catalogue.entries} | {code: CatalogueEntry(code=code, **dict(form))}
    return save_entries(catalogue, CatalogueForm(entries=tuple(entries.values())))


def _check_codes(catalogue: str, entries: Sequence[CatalogueEntry]) -> None:
    codes = {entry.code: entry for entry in entries}
    twice = [code for code, times in Counter(entry.code for entry in entries).items() if times > 1]
    if twice:
        raise Malformed("catalogue.code_twice", catalogue=catalogue, id=twice[0])
    for entry in entries:
        for step in (attrgetter("under"), attrgetter("replaced_by")):
            chain = [entry.code]
            while after := step(codes[chain[-1]]):
                if after not in codes:
                    raise Malformed("catalogue.code_unknown", catalogue=catalogue, id=after, entry=chain[-1])
                if after in chain:
                    raise Malformed("catalogue.circle", catalogue=catalogue, id=after)
                chain.append(after)


def _check_words(catalogue: str, entries: Sequence[CatalogueEntry]) -> None:
    """Refuse a word of two entries, unless they are for different lines or one is replaced."""
    held: dict[str, list[CatalogueEntry]] = {}
    for entry in (one for one in entries if not one.replaced_by):
        for key, word in {fold_term(word): word for word in entry.words}.items():
            for other in held.get(key, []):
                if not (entry.lines and other.lines and {*entry.lines}.isdisjoint(other.lines)):
                    raise Malformed(
                        "catalogue.word_twice", catalogue=catalogue, word=word, id=entry.code, other=other.code
                    )
            held.setdefault(key, []).append(entry)
