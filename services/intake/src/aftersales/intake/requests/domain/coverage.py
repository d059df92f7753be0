"""Coverage (免费/收费, INT-6): who pays for parts, labour and travel by the policy's table, and why. Pure."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aftersales.common.events.intake import CoverageDecided, SurchargeTold
from aftersales.common.fields import shared_fields
from aftersales.intake.agreements.domain.contract import Covers
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.warranty import ProductWarranty, warranty_standing
from aftersales.intake.vocabulary import OF_AN_ORDER, RequestKind
from aftersales.policy.model import Policy
from aftersales.policy.model.cover import (
    PAYERS,
    Cause,
    CoverageRow,
    Payer,
    Surcharge,
    SurchargeCase,
    Work,
    choose_surcharges,
    decide_cover,
)
from aftersales.policy.sla.stages import policy_id
from aftersales.values import Day, Money, Value
from aftersales.values.messages import LOCALES, render_message
from aftersales.values.prices import price_words

from .prepaid import NOTHING, Prepaid

WORKS: dict[RequestKind, Work] = {
    "repair": "repair",
    "installation": "installation",
    "commissioning": "commissioning",
    "maintenance": "maintenance",
    "training": "training",
    "recall": "recall",
    "upgrade": "recall",
}


def work_of(kind: RequestKind) -> Work:
    """Return the kind of work that a kind of request needs; kinds without their own work count as consultation."""
    return WORKS.get(kind, "consultation")


class Inputs(Value):
    """The inputs of a coverage decision."""

    policy: str
    day: Day
    """The day the request came in. The warranty state of this day counts, however long the repair takes."""
    warranty: ProductWarranty
    cause: Cause
    work: Work
    line: str
    purchased_on: Day | None
    """None means unknown, which counts as out of warranty until a proof is shown."""
    warranty_until: Day | None
    """The last day of the warranty, including extensions."""
    prepaid: Prepaid = NOTHING
    """Terms of a contract or entitlement."""
    special: tuple[SurchargeCase, ...] = ()
    """Cases for which the policy has a surcharge."""


class AppliedSurcharge(Value):
    """What labour and travel cost more for this request."""

    case: SurchargeCase
    percent: int | None
    amount: Money | None
    why: dict[str, str]
    """The reason with the figure as shown to the customer, by language."""


class Component(Value):
    """A component whose payer differs from the previous decision."""

    component: str
    before: Payer
    after: Payer


class Coverage(Value):
    """A coverage decision. It is never edited; other inputs lead to a new decision."""

    at: datetime
    by: str
    inputs: Inputs
    parts: Payer
    labour: Payer
    travel: Payer
    price_list_first: bool
    quotation_first: bool
    reason: str
    """The code of the table row that decided."""
    why: dict[str, str]
    """The reason as shown to the customer, by language."""
    surcharges: tuple[AppliedSurcharge, ...] = ()
    """Surcharges for rush, holiday or night work; none if labour and travel are free."""
    price_list: str | None = None
    """The address of the prices that apply, if the customer pays list prices or sees the price list first."""
    uses: Literal["entitlement", "service"] | None = None
    """The prepaid unit that is used: of an entitlement, or of a contract's services."""
    differs: tuple[Component, ...] = ()
    """Differences from the previous decision, if any."""


class CoverageCase(NamedTuple):
    """The case to decide: product, kind of request, cause of the fault and prepaid terms."""

    product: Product
    kind: RequestKind
    cause: Cause = "unknown"
    prepaid: Prepaid = NOTHING
    surcharges: tuple[Surcharge, ...] = ()
    """Those of the policy that apply (`surcharges_of`)."""


class WorkTime(NamedTuple):
    """The time for which work is wanted, and the one at which it was ordered, in the branch's zone."""

    wanted: datetime | None
    ordered: datetime
    zone: str


def surcharges_of(policy: Policy, cases: Collection[str], time: WorkTime) -> tuple[Surcharge, ...]:
    """Return the surcharges of the policy that apply (ALL-10).

    Work is at night if it is wanted then. Rush work and emergencies without a wish are done when they are ordered.
    """
    at = time.wanted or (None if {"rush", "emergency"}.isdisjoint(cases) else time.ordered)
    clock = f"{at.astimezone(ZoneInfo(time.zone)):%H:%M}" if at else None
    return choose_surcharges(policy.surcharges, cases, clock)


def decide_coverage(case: CoverageCase, policy: Policy, day: date, at: datetime, by: str) -> Coverage:
    """Decide coverage by the policy of the request; `day` is the local day on which the request came in."""
    product, kind, cause, prepaid, surcharges = case
    state, until = warranty_standing(product, policy, day)
    inputs = Inputs(
        policy=policy_id(policy),
        day=day,
        warranty=state,
        cause=cause,
        work=work_of(kind),
        line=product.line,
        purchased_on=product.purchased_on,
        warranty_until=until,
        prepaid=prepaid,
        special=tuple(one.case for one in surcharges),
    )
    decided = _outcome(policy, inputs) | _explained(policy, inputs, case)
    return Coverage(at=at, by=by, inputs=inputs, **decided | _priced(decided, case))


def _priced(decided: dict[str, Any], case: CoverageCase) -> dict[str, Any]:
    """Add the surcharges, if there is something to pay for labour or travel, and where the prices are."""
    claimed = case.kind in CLAIMS | OF_AN_ORDER
    free = claimed or decided["labour"] == decided["travel"] == "free"
    listed = decided["price_list_first"] or "list" in (decided[name] for name in _COMPONENTS)
    return {
        "surcharges": () if free else tuple(map(_applied, case.surcharges)),
        "price_list": f"/public/prices?q={quote(case.product.line)}" if listed and not claimed else None,
    }


def _surcharge_words(row: Surcharge, why: str, locale: str) -> str:
    if row.amount:
        return render_message(
            "coverage.surcharge_amount", locale, {"why": why, "amount": price_words(row.amount, locale)}
        )
    return render_message("coverage.surcharge_percent", locale, {"why": why, "percent": row.percent})


def _applied(row: Surcharge) -> AppliedSurcharge:
    """Return the surcharge with its reason in every language of the policy."""
    words = {locale: _surcharge_words(row, why, locale) for locale, why in row.why.items()}
    return AppliedSurcharge(case=row.case, percent=row.percent, amount=row.amount, why=words)


CLAIMS: frozenset[RequestKind] = frozenset({"return", "exchange", "compensation", "complaint"})
"""Kinds for which nothing is charged, and whose outcome is decided separately."""


_CLAIM = {locale: render_message("coverage.claim", locale, {}) for locale in LOCALES}
_PURCHASE_UNKNOWN = {locale: render_message("coverage.purchase_unknown", locale, {}) for locale in LOCALES}


def _explained(policy: Policy, inputs: Inputs, case: CoverageCase) -> dict[str, Any]:
    """Replace the reason where the table's row would tell the customer something untrue."""
    if case.kind in CLAIMS | OF_AN_ORDER:
        return {"reason": "claim", "why": _CLAIM}
    prepaid = inputs.prepaid.entitlement or inputs.prepaid.contract
    bought = case.product.numbered or not _row(policy, inputs, inputs.warranty).without_purchase
    if inputs.warranty == "unknown" and bought and not prepaid and _depends_on_purchase(policy, inputs):
        return {"reason": "purchase_unknown", "why": _PURCHASE_UNKNOWN}
    return {}


def _depends_on_purchase(policy: Policy, inputs: Inputs) -> bool:
    within, now = _row(policy, inputs, "in"), _row(policy, inputs, inputs.warranty)
    return any(getattr(within, name) != getattr(now, name) for name in _COMPONENTS)


FREE = Covers(parts="free", labour="free", travel="free")


def _outcome(policy: Policy, inputs: Inputs) -> dict[str, Any]:
    """Apply the warranty's row; an entitlement makes all free, a contract lowers charges as far as its row allows."""
    prepaid, row = inputs.prepaid, _row(policy, inputs, inputs.warranty)
    usual = shared_fields(row, Coverage)
    if prepaid.entitlement:
        nothing_first = {"price_list_first": False, "quotation_first": False}
        named = {"reason": "entitlement", "why": prepaid.name, "uses": "entitlement"}
        return dict.fromkeys(_COMPONENTS, "free") | nothing_first | named
    if not prepaid.contract:
        return usual
    by_contract = _row(policy, inputs, "contract")
    used = prepaid.included and (inputs.work != "repair" or any(usual[name] != "free" for name in _COMPONENTS))
    agreed = FREE if used else prepaid.covers
    pays = {
        name: _cheaper(usual[name], _dearer(getattr(by_contract, name), getattr(agreed, name))) for name in _COMPONENTS
    }
    if not used and all(pays[name] == usual[name] for name in pays):
        return usual
    asked = any(pays[name] != "free" for name in pays)
    first = {name: usual[name] and asked for name in ("price_list_first", "quotation_first")}
    told = {"reason": by_contract.reason, "why": by_contract.why, "uses": "service" if used else None}
    return pays | first | told


def _row(policy: Policy, inputs: Inputs, warranty: ProductWarranty) -> CoverageRow:
    if warranty == "unknown":
        warranty = "lifetime" if policy.warranty.term(inputs.line).lifetime_service else "out"
    row = decide_cover(policy.coverage, warranty, inputs.cause, inputs.work, inputs.line)
    if row is None:
        raise LookupError(f"{inputs.policy} decides nothing for {inputs}")  # the policy linter refuses it
    return row


def _cheaper(one: Payer, other: Payer) -> Payer:
    return min(one, other, key=PAYERS.index)


def _dearer(one: Payer, other: Payer) -> Payer:
    return max(one, other, key=PAYERS.index)


_COMPONENTS = tuple(Covers.model_fields)


def compare_coverage(before: Coverage | None, after: Coverage) -> Coverage:
    """Return the new decision with its changes."""
    if before is None:
        return after
    differs = tuple(
        Component(component=name, before=getattr(before, name), after=getattr(after, name))
        for name in _COMPONENTS
        if getattr(before, name) != getattr(after, name)
    )
    return after.model_copy(update={"differs": differs})


def announce_coverage(before: Coverage | None, after: Coverage, **about: Any) -> tuple[CoverageDecided, ...]:
    """Announce a decision, unless it repeats the previous one, or is a first one without anything to tell."""
    if before is None:
        asked = after.price_list_first or after.quotation_first or bool(after.surcharges)
        return (_told(after, **about, revised=False),) if asked else ()
    told = _told(after, **about, revised=True)
    same = _told(before, **about, revised=True).model_copy(update={"decided_at": told.decided_at})
    return () if same == told else (told,)


def _told(coverage: Coverage, **more: Any) -> CoverageDecided:
    same = shared_fields(coverage.inputs, CoverageDecided) | shared_fields(coverage, CoverageDecided)
    told = tuple(SurchargeTold(**shared_fields(one, SurchargeTold)) for one in coverage.surcharges)
    return CoverageDecided(**same | more | {"surcharges": told}, decided_at=coverage.at)
