"""Digests and handovers as people read them: who, what about, how late, whose move (ALL-3, ALL-7).

Names are looked up when somebody reads: they are in no event, and not in the stored digest or handover.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from aftersales.common.events.intake import DigestItem
from aftersales.policy.sla.wording import stage_words
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME, MASKED_TEXT

from .digest import Digest
from .handover import HandoverLine, ShiftHandover


class Say(Protocol):
    """Return the text of a code in the reader's language."""

    def __call__(self, code: str, /, **params: object) -> str: ...


class Case(NamedTuple):
    """The facts of a request by which people recognise it."""

    customer: str = ""
    line: str = ""
    kind: str = ""
    fault: str = ""
    description: str = ""


class Names(NamedTuple):
    """Names for codes, and cases by request."""

    cases: Mapping[str, Case]
    movers: Mapping[str, str]
    """Names of people, and titles of roles and departments in the reader's language."""


class DigestLine(DigestItem):
    """One mark as people read it."""

    customer: Annotated[str, MASKED_NAME]
    """The customer's name; empty for a promise that is about no request."""
    text: Annotated[str, MASKED_TEXT]
    """The whole line in the reader's language."""


class DigestMessage(Digest):
    """A digest with its lines in words."""

    items: tuple[DigestLine, ...] = ()


class ListedLine(HandoverLine):
    """A line with the facts by which people recognise the request."""

    customer: Annotated[str, MASKED_NAME]
    line: str
    kind: str
    fault: str
    description: Annotated[str, HIDDEN_TEXT]


def department_words(say: Callable[[str], str]) -> dict[str, str]:
    """Return words for the departments that results of cases are handed to (ALL-4)."""
    return {
        "quality": say("department.quality"),
        "production": say("department.production"),
        "sales": say("department.sales"),
        "parts": say("department.parts"),
        "finance": say("department.finance"),
        "shipping": say("department.shipping"),
        "service": say("department.service"),
    }


class Reader(NamedTuple):
    """The reader's zone, time and language."""

    zone: str
    now: datetime
    say: Say


def tell_digest(digest: Digest, names: Names, reader: Reader) -> DigestMessage:
    """Put a digest into words; lateness is that of the message, or of now for marks that still wait."""
    reader = reader._replace(now=digest.told_at if digest.told_at and not digest.waiting else reader.now)
    lines = []
    for item in digest.items:
        customer = names.cases.get(item.request, Case()).customer
        lines.append(DigestLine(**dict(item), customer=customer, text=_text(item, customer, names.movers, reader)))
    return DigestMessage.model_construct(**dict(digest) | {"items": tuple(lines)})


def _text(item: DigestItem, customer: str, movers: Mapping[str, str], reader: Reader) -> str:
    say = reader.say
    told = {
        "number": " ".join(filter(None, (item.request or item.subject, customer))),
        "stage": stage_words(say).get(item.stage, item.stage),
        "due": f"{item.deadline.astimezone(ZoneInfo(reader.zone)):%m-%d %H:%M}",
        "span": _minutes(abs(item.deadline - reader.now)),
        "mover": movers.get(item.mover, item.mover),
    }
    if item.kind == "warned":
        return say("digest.warned", share=item.mark, **told)
    if item.kind == "breached":
        return say("digest.breached", **told)
    if item.kind == "withdrawn":
        return say("digest.withdrawn", **told)
    return say("digest.escalated", role=movers.get(item.mark, item.mark), **told)


def _minutes(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours}:{minutes:02}"


def list_lines(handover: ShiftHandover, cases: Mapping[str, Case]) -> list[ListedLine]:
    return [ListedLine(**dict(line), **cases.get(line.request, Case())._asdict()) for line in handover.lines]
