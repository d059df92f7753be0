"""Words that no catalogue has, cleared up for all open requests that have them (ALL-1, INT-9). Pure."""

from typing import Literal

from aftersales.common.terms import CatalogueName, Term
from aftersales.intake.archive.domain.statement import NamedProduct
from aftersales.values import Code, Value

from .correction import CorrectRequest

CATALOGUE_OF: dict[Literal["line", "fault"], CatalogueName] = {"line": "lines", "fault": "faults"}


class ClearUpWord(Value):
    """What a word means."""

    what: Literal["line", "fault"]
    """Whether it stands for a product line or for a fault."""
    word: Term
    """The word as `GET /unclear-words` lists it."""
    code: Code
    """The entry that gets the word as a synonym."""


class ClearedWord(Value):
    """The requests that were corrected."""

    requests: tuple[str, ...]
    more: bool
    """Whether further requests have the word: send the same command again."""


def correction_of(command: ClearUpWord) -> CorrectRequest:
    """Return the correction of each request that has the word."""
    why = f"{command.word} = {command.code}"
    if command.what == "fault":
        return CorrectRequest(why=why, fault=command.word)
    return CorrectRequest(why=why, product=NamedProduct(line=command.word))
