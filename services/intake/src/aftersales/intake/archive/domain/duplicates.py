"""Who may be archived twice, and what speaks for it (INT-3). Pure."""

from typing import Literal

from aftersales.values import Value

from .customer import Customer, numbers
from .search import TAIL, likeness, squeezed

Reason = Literal["name_and_address", "name_and_phone_tail", "serial"]


class Duplicate(Value):
    """Somebody who may be the same customer."""

    customer: Customer
    reasons: tuple[Reason, ...]


def compare(one: Customer, other: Customer, *, share_a_product: bool) -> tuple[Reason, ...]:
    """What speaks for these two being the same; empty: nothing does."""
    reasons: list[Reason] = []
    if likeness(one) & likeness(other):
        reasons.append("name_and_address")
    if _names(one) & _names(other) and tails(one) & tails(other):
        reasons.append("name_and_phone_tail")
    if share_a_product:
        reasons.append("serial")
    return tuple(reasons)


def tails(customer: Customer) -> set[str]:
    """How the customer's numbers end."""
    return {number[-TAIL:] for number in numbers(customer)}


def _names(customer: Customer) -> set[str]:
    return {squeezed(name) for name in (customer.name, *customer.aliases)}
