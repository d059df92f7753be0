"""Words of the business and their codes (ALL-1, INT-9): matching for every service. Pure.

People, sheets and partners use their own words. A word is matched by code, name, synonym or symptom, in any case and
width, with or without hyphens, underscores and blanks. A word that nothing matches is kept and marked as unclear, with
suggestions; it never counts as something else.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from aftersales.policy.model.figures import Texts
from aftersales.values import Code, Line, Value

CatalogueName = Literal["lines", "faults", "causes", "reasons"]
"""The name of a catalogue."""
CATALOGUES: tuple[CatalogueName, ...] = get_args(CatalogueName)
Term = Annotated[Line, StringConstraints(max_length=100)]
"""A word or short phrase for something in a catalogue: its code, a name, a synonym, or words of somebody else."""
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


class UnclearTerm(Value):
    """A word that no catalogue has, for somebody to clear up."""

    what: Literal["line", "fault"]
    word: str
    suggestions: tuple[str, ...] = ()
    """Codes that may be meant, the most likely first."""


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

    def replaced(self, code: str) -> Iterator[str]:
        """Yield the codes that this one replaces, directly or in turn; old records may have them."""
        return (old for old in self.entries if old != code and self._current(old) == code)

    def general(self, code: str) -> Iterator[str]:
        """Yield the codes of which this one is a case, the closest first."""
        return self._chain(code, lambda entry: entry.under)

    def _current(self, code: str) -> str:
        return (code, *self._chain(code, lambda entry: entry.replaced_by))[-1]

    def _chain(self, code: str, step: Callable[[CatalogueEntry], str | None]) -> Iterator[str]:
        """Follow a step from entry to entry. A copy that is being filled may lack some, or lead in a circle."""
        seen = {code}
        while (entry := self.entries.get(code)) and (after := step(entry)) and after not in seen:
            seen.add(after)
            yield (code := after)


def fold_term(word: str) -> str:
    """Return what is compared of a word: no case, no width (Unicode NFKC), no hyphens, underscores and blanks."""
    return _APART.sub("", unicodedata.normalize("NFKC", word).casefold()) or word


def match_line(lines: Terms, word: str, named: Collection[str] = ()) -> MatchedTerm:
    """Return the product line that a word means; `named` are the lines of policies, which are known as well."""
    if code := lines.match(word):
        return MatchedTerm(code)
    if word in named:
        return MatchedTerm(word)
    return _unclear("line", word, lines.suggest(word))


def match_fault(faults: Terms, word: str, line: str) -> MatchedTerm:
    """Return the fault that a word means for a product of a line (INT-9)."""
    if code := faults.match(word, line):
        return MatchedTerm(code)
    return _unclear("fault", word, faults.suggest(word, line))


def match_all(words: Iterable[str], match: Callable[[str], MatchedTerm]) -> tuple[tuple[str, ...], list[UnclearTerm]]:
    """Return the code of each word, or the word itself if it is unclear, and the unclear words."""
    found = [(word, match(word)) for word in words]
    codes = dict.fromkeys(word if matched.unclear else matched.code or word for word, matched in found)
    return tuple(codes), [matched.unclear for _, matched in found if matched.unclear]


def _unclear(what: Literal["line", "fault"], word: str, suggestions: tuple[str, ...]) -> MatchedTerm:
    try:
        code: str | None = _CODE.validate_python(word)
    except ValidationError:
        code = None
    return MatchedTerm(code, UnclearTerm(what=what, word=word, suggestions=suggestions))
