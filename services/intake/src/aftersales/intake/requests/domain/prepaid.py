"""What a customer agreed or was granted beforehand: a contract's terms (INT-13), an entitlement (INT-14). Pure.

Coverage (INT-6) and clocks (ALL-3) ask when a request comes in; the request keeps the answer, with the reasons.
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
    """What was found of one contract."""

    contract: str
    why: Why


class Prepaid(Value):
    """What holds for one request, whatever becomes of the contract later."""

    contract: str | None = None
    covers: Covers = Covers()
    """What the customer pays by the contract."""
    included: bool = False
    """A service of this kind is included in the contract, and was left."""
    response: dict[StageName, Seconds] = Field(default_factory=dict)
    """Targets that the contract puts in the place of the policy's."""
    entitlement: str | None = None
    """What pays for all of it, and was left."""
    name: Texts = Field(default_factory=dict)
    """The entitlement's."""
    reasons: tuple[PrepaidReason, ...] = ()
    """Of every contract that was looked at."""


NOTHING = Prepaid()


class PrepaidQuestion(NamedTuple):
    """For what a request asks, and when it came in."""

    product: ProductRef
    kind: str
    """Of request, which contracts name."""
    work: str
    """The kind of work, which entitlements name."""
    day: date
    at: datetime


def find_prepaid(contracts: Iterable[Contract], entitlements: Iterable[Entitlement], asked: PrepaidQuestion) -> Prepaid:
    """Find what holds; an entitlement goes before a contract's service, for it expires sooner."""
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
    """The contract that covers the product, if any does."""

    contract: Contract | None
    included: bool
    """Whether a service of the wanted kind is included in it and left."""
    reasons: tuple[PrepaidReason, ...]
    """Of every contract that was looked at, those of the chosen one first."""


def choose_contract(contracts: Iterable[Contract], product: ProductRef, day: date, kind: str) -> Covering:
    """Choose among the customer's contracts: one with such a service left, then the most specific, then the longest."""
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
    """The less the better."""


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
    """How the contract names the product, and how loosely."""
    if product.serial in contract.serials:
        return "names_serial", 0
    if product.model in contract.models:
        return "names_model", 1
    if product.line in contract.lines:
        return "names_line", 2
    return None
