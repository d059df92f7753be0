"""Customers who may be archived twice, and the evidence for it (INT-3). Pure."""

from typing import Literal

from aftersales.values import Value

from .customer import Customer, phone_numbers
from .search import TAIL, likeness_tokens, squeeze_text

DuplicateReason = Literal["name_and_address", "name_and_phone_tail", "serial"]


class Duplicate(Value):
    """A customer who may be the same."""

    customer: Customer
    reasons: tuple[DuplicateReason, ...]


def compare_customers(one: Customer, other: Customer, *, share_a_product: bool) -> tuple[DuplicateReason, ...]:
    """Return the reasons why these may be the same customer."""
    reasons: list[DuplicateReason] = []
    if likeness_tokens(one) & likeness_tokens(other):
        reasons.append("name_and_address")
    if _names(one) & _names(other) and phone_tails(one) & phone_tails(other):
        reasons.append("name_and_phone_tail")
    if share_a_product:
        reasons.append("serial")
    return tuple(reasons)


def phone_tails(customer: Customer) -> set[str]:
    return {number[-TAIL:] for number in phone_numbers(customer)}


def _names(customer: Customer) -> set[str]:
    return {squeeze_text(name) for name in (customer.name, *customer.aliases)}
