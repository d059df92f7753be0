"""Consents that a customer gives or withdraws (ALL-6). Pure."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from aftersales.values import Line, Moment, Value

from .contact import Short


class ConsentForm(Value):
    """A consent that the customer gives or withdraws."""

    given: Annotated[bool, Field(strict=True)]
    """True: the customer agrees; false: they withdraw their consent."""
    how: Line
    """The occasion, such as a call or a service report."""
    evidence: Short = ""
    """Where the evidence is, such as a recording or a scan."""
    at: Moment | None = None
    """The default is now."""


class Consent(Value):
    purpose: str
    given: bool
    at: datetime
    how: str
    evidence: str
    by: str
    """The person who recorded it."""


def by_time(consents: tuple[Consent, ...]) -> tuple[Consent, ...]:
    return tuple(sorted(consents, key=lambda one: one.at))
