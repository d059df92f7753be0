"""Catalogues (ALL-1, INT-6, INT-7, INT-9): codes with names, synonyms and what replaces them. Pure.

People, sheets and partners use their own words. A word is matched by code, name, synonym or symptom, in any case and
width, with or without hyphens, underscores and blanks. A word that nothing matches is kept and marked as unclear, with
suggestions; it never counts as something else.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from hashlib import blake2b
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from aftersales.common.aggregate import Aggregate
from aftersales.policy.model.cover import CAUSES, Cause
from aftersales.policy.model.figures import Texts
from aftersales.values import Code, Line, Value
from aftersales.values.errors import DomainError, Malformed

CatalogueName = Literal["lines", "faults", "causes", "reasons"]
"""The name of a catalogue."""
CATALOGUES: tuple[CatalogueName, ...] = get_args(CatalogueName)
Term = Annotated[Line, StringConstraints(max_length=100)]
"""A word or short phrase for something in a catalogue: its code, a name, a synonym, or words of somebody else."""
CURRENT = "current"
"""The id of the only `CatalogueList`."""
_SUGGESTED = 3
_APART = re.compile(r"[\s_\-\u2010-\u2015\u2212]+")
_CODE = TypeAdapter(Code)


class EntryForm(Value):
    """What a catalogue says of one thing."""

    names: Annotated[Texts, Field(min_length=1)]
    """What people read, by language."""
    synonyms: Annotated[tuple[Term, ...], Field(max_length=100)] = ()
    """Other words for it, in any language."""
    symptoms: Annotated[tuple[Term, ...], Field(max_length=100)] = ()
    """What customers say of a fault."""
    lines: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    """The product lines that have this fault; empty means all."""
    under: Code | None = None
    """The more general entry of which this is a case."""
    replaced_by: Code | None = None
    """The entry to use instead; this code and its words then mean that one."""


class CatalogueEntry(EntryForm):
    """One thing with its code."""

    code: Code

    @property
    def words(self) -> Iterator[str]:
        yield from (self.code, *self.names.values(), *self.synonyms, *self.symptoms)


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


class CatalogueList(Aggregate):
    """The digests of the catalogues, the only document that matching has to read every time."""

    COLLECTION: ClassVar[str] = "catalogue_lists"
    AUDITED: ClassVar[bool] = False  # it follows from the catalogues

    id: str = CURRENT
    branch: str = "-"
    digests: dict[CatalogueName, str] = Field(default_factory=dict)


class UnclearTerm(Value):
    """A word that no catalogue has, for somebody to clear up."""

    what: Literal["line", "fault"]
    word: str
    suggestions: tuple[str, ...] = ()
    """Codes that may be meant, the most likely first."""


def unclear_notes(*terms: UnclearTerm | None) -> Iterator[DomainError]:
    """Yield a note for each word, for the person who imported it."""
    for term in filter(None, terms):
        said = {"word": term.word, "suggestions": ", ".join(term.suggestions) or "-"}
        if term.what == "line":
            yield DomainError("catalogue.line_unclear", **said)
        else:
            yield DomainError("catalogue.fault_unclear", **said)


class MatchedTerm(NamedTuple):
    """What a word means."""

    code: str | None
    """The code in the catalogue; for an unclear word the word itself if it can be a code, else None."""
    unclear: UnclearTerm | None = None


NO_TERM = MatchedTerm(None)


class Terms:
    """One catalogue, prepared for matching."""

    def __init__(self, entries: Iterable[CatalogueEntry]) -> None:
        self.entries = {entry.code: entry for entry in entries}
        self._keys: dict[str, list[CatalogueEntry]] = {}
        for entry in self.entries.values():
            for key in dict.fromkeys(fold_term(word) for word in entry.words):
                self._keys.setdefault(key, []).append(entry)

    def match(self, word: str, line: str | None = None) -> str | None:
        """Return the code that a word means; of a fault, the one that the product line has."""
        found = self._keys.get(fold_term(word), [])
        fitting = [entry for entry in found if line is None or not entry.lines or line in entry.lines] or found
        codes = {self._current(entry.code) for entry in fitting}
        return codes.pop() if len(codes) == 1 else None

    def suggest(self, word: str, line: str | None = None) -> tuple[str, ...]:
        """Return codes with a similar word, or with one that is part of the other; the most likely first."""
        key = fold_term(word)
        parts = sorted((k for k in self._keys if len(k) > 1 and (k in key or key in k)), key=len, reverse=True)
        near = get_close_matches(key, self._keys, n=2 * _SUGGESTED, cutoff=0.6)
        found = (entry for k in (*parts, *near) for entry in self._keys[k])
        fits = (entry for entry in found if line is None or not entry.lines or line in entry.lines)
        return tuple(dict.fromkeys(self._current(entry.code) for entry in fits))[:_SUGGESTED]

    def name(self, code: str, locale: str) -> str:
        """Return what people read for a code in their language, else in English; a word of nobody's is its own name."""
        names: Mapping[Any, str] = self.entries[code].names if code in self.entries else {}
        return names.get(locale) or names.get("en") or next(iter(names.values()), code)

    def same_as(self, code: str) -> frozenset[str]:
        """Return the codes that count as the same fault: more general ones, and cases of it (INT-9).

        Their other words count too, because old records may have them instead of the code.
        """
        cases = {entry for entry in self.entries if code in self.general(entry)}
        codes = {code, *self.general(code), *cases}
        return frozenset({*codes, *(word for one in codes if one in self.entries for word in self.entries[one].words)})

    def general(self, code: str) -> Iterator[str]:
        """Yield the codes of which this one is a case, the closest first."""
        while (entry := self.entries.get(code)) and entry.under:
            yield (code := entry.under)

    def _current(self, code: str) -> str:
        while after := self.entries[code].replaced_by:
            code = after
        return code


class Glossary(NamedTuple):
    """All catalogues, prepared for matching."""

    lines: Terms
    faults: Terms
    causes: Terms
    reasons: Terms

    def match_line(self, word: str, named: Collection[str] = ()) -> MatchedTerm:
        """Return the product line that a word means; `named` are the lines of policies, which are known as well."""
        if code := self.lines.match(word):
            return MatchedTerm(code)
        if word in named:
            return MatchedTerm(word)
        return _unclear("line", word, self.lines.suggest(word))

    def match_fault(self, word: str, line: str) -> MatchedTerm:
        """Return the fault that a word means for a product of a line (INT-9)."""
        if code := self.faults.match(word, line):
            return MatchedTerm(code)
        return _unclear("fault", word, self.faults.suggest(word, line))


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


def fold_term(word: str) -> str:
    """Return what is compared of a word: no case, no width (Unicode NFKC), no hyphens, underscores and blanks."""
    return _APART.sub("", unicodedata.normalize("NFKC", word).casefold()) or word


def _unclear(what: Literal["line", "fault"], word: str, suggestions: tuple[str, ...]) -> MatchedTerm:
    try:
        code: str | None = _CODE.validate_python(word)
    except ValidationError:
        code = None
    return MatchedTerm(code, UnclearTerm(what=what, word=word, suggestions=suggestions))


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
