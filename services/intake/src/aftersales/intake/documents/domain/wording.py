"""The words on printed documents: payers, urgency, times and labels in one language. Pure."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aftersales.common.documents.paper import Letterhead, PaperLanguage
from aftersales.intake.archive.domain.model import NO_MODEL
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.statement import UNCLEAR_LINE
from aftersales.intake.catalogues.domain import Glossary
from aftersales.intake.identity.domain import CompanyIdentity, text_in
from aftersales.intake.network.domain import Branch
from aftersales.intake.requests.domain.lookup import ReaderWords
from aftersales.intake.requests.domain.words import words_of_reader
from aftersales.intake.vocabulary import ProblemClass, Urgency
from aftersales.policy.model.cover import Payer
from aftersales.values import format_phone
from aftersales.values.messages import render_message


class PaperWords(NamedTuple):
    """The words of one language for a document."""

    language: PaperLanguage
    reader: ReaderWords
    cause: Callable[[str], str]
    public_url: str
    """The address of the public page; empty: none."""

    def say(self, code: str, **params: object) -> str:
        """Return the text of a code."""
        return render_message(code, self.language, params)

    def payer(self, payer: Payer) -> str:
        words: dict[Payer, str] = {
            "free": self.say("paper.payer_free"),
            "cost": self.say("paper.payer_cost"),
            "list": self.say("paper.payer_list"),
            "quote": self.say("paper.payer_quote"),
        }
        return words[payer]

    def urgency(self, urgency: Urgency) -> str:
        words = (self.say("paper.urgency_low"), self.say("paper.urgency_normal"), self.say("paper.urgency_high"))
        return words[urgency - 1]

    def problem(self, problem: ProblemClass) -> str:
        words: dict[ProblemClass, str] = {
            "technical": self.say("paper.problem_technical"),
            "quality": self.say("paper.problem_quality"),
            "usage": self.say("paper.problem_usage"),
        }
        return words[problem]

    def serial(self, serial: str, *, numbered: bool) -> str:
        """Return the serial number, or say that it is not known, with the number of ours."""
        return serial if numbered else self.say("paper.serial_unknown", number=serial)

    def line(self, product: Product) -> str:
        """Return the name of the product line; without one, the word for it that no catalogue has, if there is one."""
        if product.line != UNCLEAR_LINE:
            return self.reader.line(product.line)
        return product.unclear.word if product.unclear else self.say("paper.not_known")

    def model(self, model: str) -> str:
        return self.say("paper.not_known") if model == NO_MODEL else model

    def day(self, day: date | None) -> str:
        return day.isoformat() if day else self.say("paper.not_known")

    def listed(self, words: Iterable[str]) -> str:
        return (", " if self.language == "en" else "、").join(words)

    def link(self, request: str) -> str:
        """Return the address of the public page about a request."""
        return f"{self.public_url}?lang={self.language}&number={request}" if self.public_url else ""

    def letterhead(self, branch: Branch, identity: CompanyIdentity | None) -> Letterhead:
        """Return the head of the page: the company's identity (ALL-2), then the branch with its address and phone."""
        phone = format_phone(branch.phone) if branch.phone else ""
        own = " · ".join(text for text in (branch.name, branch.address, phone) if text)
        if identity is None:
            return Letterhead(name=branch.name, lines=(own,) if own != branch.name else ())
        reach = " · ".join(text for text in (identity.phone, identity.website) if text)
        header = text_in(identity.header, self.language) if identity.header else ""
        return Letterhead(
            name=text_in(identity.name, self.language),
            lines=tuple(line for line in (header, reach, own) if line),
            logo=identity.logo.sha256 if identity.logo else None,
        )


def words_on_paper(language: PaperLanguage, glossary: Glossary, public_url: str) -> PaperWords:
    causes = partial(glossary.causes.name, locale=language)
    return PaperWords(language, words_of_reader(language, glossary), causes, public_url)


def local_minute(at: datetime, zone: str) -> str:
    """Return a time as people write it at the branch."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
