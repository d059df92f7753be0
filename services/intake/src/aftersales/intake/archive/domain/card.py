"""Entries of the warranty card (保修卡): the date and content of each repair (INT-3). Pure."""

from datetime import datetime

from aftersales.values import Value


class CardPart(Value):
    part: str
    quantity: int


class CardEntry(Value):
    """One repair on the warranty card (保修卡)."""

    request: str
    visit: int
    at: datetime
    fault: str
    cause: str
    solution: str
    technician: str
    parts: tuple[CardPart, ...] = ()
