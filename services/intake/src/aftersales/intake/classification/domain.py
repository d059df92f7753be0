"""Suggestions of what a contact is about (INT-4), by rules that a manager edits; a person decides.

A rule matches when the text has one of its words without a negation directly before it (不漏水, "no smoke"). Each
matching rule adds its weight to the kind, problem class and fault that it names; the heaviest is suggested.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import add
from typing import Annotated, ClassVar, Literal, NamedTuple, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from aftersales.common.aggregate import Aggregate
from aftersales.intake.vocabulary import ProblemClass, RequestKind, Urgency
from aftersales.values import Code, Value, Words

T = TypeVar("T")
ClassifierLanguage = Literal["zh-Hans", "zh-Hant", "en"]
"""The language of a text."""
RULES = "rules"
"""The id of the only document of rules."""
PRESSING = 3
"""The urgency of dangerous cases (INT-5)."""
_LETTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")


def fold_text(text: str) -> str:
    """Normalise width and case (Unicode NFKC), and reduce any space to one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _folded(word: str) -> str:
    folded = fold_text(word)
    if not folded.strip("*"):
        raise ValueError("classification.word_empty")
    return folded


_LONGEST = 60
ClassifierWord = Annotated[str, StringConstraints(max_length=_LONGEST), AfterValidator(_folded)]
"""A word or phrase. Latin letters match whole words, with `leak*` any ending; Chinese matches anywhere."""
WordList = Annotated[tuple[ClassifierWord, ...], Field(max_length=200)]
"""Words and phrases."""


class Vocabulary(Value):
    """The words of each language."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    zh_hans: Annotated[WordList, Field(alias="zh-Hans")] = ()
    """Words in simplified Chinese."""
    zh_hant: Annotated[WordList, Field(alias="zh-Hant")] = ()
    """Words in traditional Chinese."""
    en: WordList = ()
    """Words in English."""

    def of(self, language: ClassifierLanguage | None) -> tuple[str, ...]:
        """Return the words; None means all languages."""
        if language:
            return tuple(getattr(self, language.replace("-", "_").lower()))
        return tuple(dict.fromkeys((*self.zh_hans, *self.zh_hant, *self.en)))


class Rule(Value):
    """A suggestion that applies when one of the words is found."""

    id: Code
    """The code of the rule."""
    words: Vocabulary
    """The words that make the rule apply."""
    unless: Vocabulary = Vocabulary()
    """Negations directly before a word, in addition to the general ones; `*n't` matches the end of any word."""
    kind: RequestKind | None = None
    """The kind of request that is suggested."""
    problem_class: ProblemClass | None = None
    """The class of problem that is suggested."""
    fault: Code | None = None
    """The fault code that is suggested."""
    urgency: Urgency | None = None
    safety: Annotated[bool, Field(strict=True)] = False
    """Whether somebody may be hurt, which is pressing in any case."""
    weight: Annotated[int, Field(ge=1, le=100, strict=True)] = 1
    """From 1 to 100; the suggestion with the highest sum wins."""


def _distinct(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if len({rule.id for rule in rules}) < len(rules):
        raise ValueError("classification.rule_twice")
    return rules


class RuleBook(Value):
    """All rules, most important first; of two kinds with equal weight the one named earlier is suggested."""

    negations: Vocabulary = Vocabulary()
    """Words that cancel the word after them, such as `no` or 不."""
    rules: Annotated[tuple[Rule, ...], Field(max_length=500), AfterValidator(_distinct)]
    """The rules."""


class ClassificationRules(Aggregate):
    """The rule book in force; its versions are in the audit trail."""

    COLLECTION: ClassVar[str] = "classification_rules"

    branch: str = "-"
    book: RuleBook


class Described(Value):
    """A text to classify. Without a language, the words of all languages are searched."""

    text: Words
    """The text, in the customer's words."""
    lang: ClassifierLanguage | None = None
    """Its language; null: words of all languages count."""
    kind: RequestKind | None = None
    """The kind that the caller stated, if any; used when the words suggest none, or several equally."""


class Because(Value):
    """A word that was found, and its rule."""

    rule: str
    word: str


class Suggestion(Value):
    """Suggested values; None when no word suggests one."""

    kind: RequestKind | None
    problem_class: ProblemClass | None
    fault: str | None
    urgency: Urgency | None
    safety: bool
    because: tuple[Because, ...]
    rules_version: int


class Classifier:
    """The rules of one version, prepared for matching. Equal texts get equal suggestions."""

    def __init__(self, rules: ClassificationRules) -> None:
        self.version = rules.version
        self._book = rules.book
        self._ready: dict[ClassifierLanguage | None, tuple[_Matcher, ...]] = {}

    def suggest(self, described: Described) -> Suggestion:
        """Suggest values for the text by the rules."""
        text = fold_text(described.text)
        grams = _grams(text)
        matched = [(m.rule, word) for m in self._matchers(described.lang) if (word := m.found_in(text, grams))]
        held = [rule for rule, _ in matched]
        safety = any(rule.safety for rule in held)
        return Suggestion(
            kind=_heaviest(((rule.kind, rule.weight) for rule in held), described.kind),
            problem_class=_heaviest((rule.problem_class, rule.weight) for rule in held),
            fault=_heaviest((rule.fault, rule.weight) for rule in held),
            urgency=PRESSING if safety else max((rule.urgency for rule in held if rule.urgency), default=None),
            safety=safety,
            because=tuple(Because(rule=rule.id, word=word) for rule, word in matched),
            rules_version=self.version,
        )

    def danger_words(self, text: str) -> tuple[str, ...]:
        """Return the words of a text, in any language, that mean danger to people (INT-5)."""
        folded = fold_text(text)
        grams = _grams(folded)
        found = (m.found_in(folded, grams) for m in self._matchers(None) if m.rule.safety)
        return tuple(word for word in found if word)

    def _matchers(self, language: ClassifierLanguage | None) -> "tuple[_Matcher, ...]":
        if language not in self._ready:
            denials = self._book.negations.of(language)
            self._ready[language] = tuple(_matcher(rule, denials, language) for rule in self._book.rules)
        return self._ready[language]


def _heaviest(votes: Iterable[tuple[T | None, int]], said: T | None = None) -> T | None:
    weights: dict[T, int] = defaultdict(int)
    for voted, weight in votes:
        if voted is not None:
            weights[voted] += weight
    best = [voted for voted, weight in weights.items() if weight == max(weights.values())]
    return said if not best or said in best else best[0]


class _Matcher(NamedTuple):
    """A rule prepared for matching."""

    rule: Rule
    words: tuple[tuple[str, str], ...]
    """Each word with a gram of every text that contains it."""
    attached: tuple[str, ...]
    """Negations that may be the end of a longer word."""
    apart: tuple[str, ...]
    """Negations that are separate words."""

    def found_in(self, text: str, grams: set[str]) -> str | None:
        """Return the first word in the text without negation."""
        here = (word for word, gram in self.words if gram in grams)
        return next((word for word in here if any(self._undenied(text, at) for at in _places(text, word))), None)

    def _undenied(self, text: str, at: int) -> bool:
        before = text[max(0, at - _LONGEST - 1) : at].rstrip()
        if before.endswith(self.attached):
            return False
        denials = [denial for denial in self.apart if before.endswith(denial)] if before.endswith(self.apart) else ()
        return not any(len(before) == len(denial) or not _is_letter(before[-len(denial) - 1]) for denial in denials)


def _matcher(rule: Rule, general: tuple[str, ...], language: ClassifierLanguage | None) -> _Matcher:
    denials = (*general, *rule.unless.of(language))
    attached = tuple(denial.lstrip("*") for denial in denials if not _is_letter(denial[0]))
    apart = tuple(denial for denial in denials if _is_letter(denial[0]))
    return _Matcher(rule, tuple((word, _gram(word.rstrip("*"))) for word in rule.words.of(language)), attached, apart)


def _grams(text: str) -> set[str]:
    """Return every 1, 2 and 4 consecutive characters; a word whose gram is missing need not be searched for."""
    pairs = list(map(add, text, text[1:]))
    return {*text, *pairs, *map(add, pairs, pairs[2:])}


def _gram(stem: str) -> str:
    return stem[:4] if len(stem) >= 4 else stem[:2]


def _places(text: str, word: str) -> Iterator[int]:
    """Yield the positions of a word; words of letters must be whole."""
    stem = word.rstrip("*")
    whole = word == stem and _is_letter(stem[-1])
    at = text.find(stem)
    while at >= 0:
        end = at + len(stem)
        inside = at > 0 and _is_letter(stem[0]) and _is_letter(text[at - 1])
        if not inside and not (whole and end < len(text) and _is_letter(text[end])):
            yield at
        at = text.find(stem, at + 1)


def _is_letter(character: str) -> bool:
    """Return whether words of such characters are separated by spaces."""
    return character in _LETTERS
