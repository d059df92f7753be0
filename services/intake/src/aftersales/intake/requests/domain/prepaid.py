"""Prepaid terms of a customer: a contract's terms (INT-13) and entitlements (INT-14). Pure.

Coverage (INT-6) and clocks (ALL-3) use them when a request comes in; the request stores the terms with the reasons.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, NamedTuple

from pydantic import Field

from aftersales.common.events.intake import ProductRef
from aftersales.intake.agreements.domain.contract import Contract, Covers
from aftersales.intake.agreements.domain.entitlement import Entitlement
from aftersales.policy.model.figures import Texts
from aftersales.policy.model.stages import StageName
from aftersales.policy.sla.model import Seconds
from aftersales.values import Value

Why = Literal[
    "names_serial",
    "names_model",
    "names_line",
    "names_other_products",
    "not_begun",
    "ended",
    "service_included",
    "service_used_up",
    "service_not_included",
]


class PrepaidReason(Value):
    """A finding about one contract."""

    contract: str
    why: Why


class Prepaid(Value):
    """The prepaid terms of one request, whatever happens to the contract later."""

    contract: str | None = None
    covers: Covers = Covers()
    """The customer's prices by the contract."""
    included: bool = False
    """Whether the contract includes a service of this kind and one was left."""
    response: dict[StageName, Seconds] = Field(default_factory=dict)
    """Targets of the contract that replace the policy's."""
    entitlement: str | None = None
    """The entitlement that pays for everything, if any was left."""
    name: Texts = Field(default_factory=dict)
    """The entitlement's name."""
    reasons: tuple[PrepaidReason, ...] = ()
    """Findings about every contract that was looked at."""


NOTHING = Prepaid()


class PrepaidQuestion(NamedTuple):
    """What a request asks for, and when it came in."""

    product: ProductRef
    kind: str
    """The kind of request, as contracts name it."""
    work: str
    """The kind of work, as entitlements name it."""
    day: date
    at: datetime


def find_prepaid(contracts: Iterable[Contract], entitlements: Iterable[Entitlement], asked: PrepaidQuestion) -> Prepaid:
    """Find the terms that apply; an entitlement is used before a contract's service because it expires sooner."""
    contract, included, reasons = choose_contract(contracts, asked.product, asked.day, asked.kind)
    granted = next((one for one in entitlements if one.work == asked.work and one.is_left(asked.at)), None)
    found = Prepaid(reasons=reasons)
    if contract:
        terms = {"covers": contract.covers, "response": contract.response}
        found = found.model_copy(update=terms | {"contract": contract.id, "included": included})
    if granted:
        found = found.model_copy(update={"entitlement": granted.id, "name": granted.name})
    return found


class Covering(NamedTuple):
    """The contract that covers the product, if any."""

    contract: Contract | None
    included: bool
    """Whether the contract includes a service of the wanted kind and one is left."""
    reasons: tuple[PrepaidReason, ...]
    """Findings about every contract that was looked at, the chosen one first."""


def choose_contract(contracts: Iterable[Contract], product: ProductRef, day: date, kind: str) -> Covering:
    """Choose the best contract: one with such a service left first, then the most specific, then the longest."""
    looked_at = [_look(contract, product, day, kind) for contract in contracts]
    looked_at.sort(key=lambda found: (*found.rank, -found.contract.valid_until.toordinal(), found.contract.id))
    reasons = tuple(PrepaidReason(contract=found.contract.id, why=why) for found in looked_at for why in found.why)
    if looked_at and looked_at[0].covers:
        best = looked_at[0]
        return Covering(best.contract, best.why[-1] == "service_included", reasons)
    return Covering(None, included=False, reasons=reasons)


class _Look(NamedTuple):
    contract: Contract
    covers: bool
    why: tuple[Why, ...]
    rank: tuple[int, int]
    """Smaller is better."""


def _look(contract: Contract, product: ProductRef, day: date, kind: str) -> _Look:
    named = _naming(contract, product)
    if named is None:
        return _Look(contract, False, ("names_other_products",), (9, 9))
    why, specific = named
    if not contract.valid_from <= day <= contract.valid_until:
        return _Look(contract, False, (why, "ended" if day > contract.valid_until else "not_begun"), (8, specific))
    service = next((service for service in contract.services if service.kind == kind), None)
    if service is None:
        return _Look(contract, True, (why, "service_not_included"), (1, specific))
    if service.left < 1:
        return _Look(contract, True, (why, "service_used_up"), (1, specific))
    return _Look(contract, True, (why, "service_included"), (0, specific))


def _naming(contract: Contract, product: ProductRef) -> tuple[Why, int] | None:
    """Return how the contract names the product, and how loosely."""
    if product.serial in contract.serials:
        return "names_serial", 0
    if product.model in contract.models:
        return "names_model", 1
    if product.line in contract.lines:
        return "names_line", 2
    return None
