"""Coverage (免费/收费, INT-6): who pays for parts, labour and travel, by the policy's table, and why. Pure."""

from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from aftersales.common.events.intake import CoverageDecided
from aftersales.common.fields import shared_fields
from aftersales.intake.agreements.domain.contract import Covers
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.domain.warranty import warranty_standing
from aftersales.intake.vocabulary import RequestKind
from aftersales.policy.model import Policy
from aftersales.policy.model.cover import PAYERS, Cause, CoverageRow, Payer, WarrantyState, Work, decide_cover
from aftersales.policy.sla.stages import policy_id
from aftersales.values import Day, Value

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
    """The kind of work that a kind of request asks for; what has none of its own is consultation."""
    return WORKS.get(kind, "consultation")


class Inputs(Value):
    """What the decision was made from."""

    policy: str
    day: Day
    """When the request came in: what was in warranty then stays so, however long the repair takes."""
    warranty: WarrantyState
    cause: Cause
    work: Work
    line: str
    purchased_on: Day | None
    """None: nobody knows, which counts as out of warranty."""
    warranty_until: Day | None
    """The last day of the warranty, extensions included."""
    prepaid: Prepaid = NOTHING
    """What a contract or an entitlement gives."""


class Component(Value):
    """A component whose payer differs from the decision before."""

    component: str
    before: Payer
    after: Payer


class Coverage(Value):
    """A decision: nobody edits it; other inputs lead to another one."""

    at: datetime
    by: str
    inputs: Inputs
    parts: Payer
    labour: Payer
    travel: Payer
    price_list_first: bool
    quotation_first: bool
    reason: str
    """The code of the row that decided."""
    why: dict[str, str]
    """The reason as the customer reads it, by language."""
    uses: Literal["entitlement", "service"] | None = None
    """What is used up by it: one of an entitlement, or of a contract's services."""
    differs: tuple[Component, ...] = ()
    """From the decision before, where there was one."""


class CoverageCase(NamedTuple):
    """What is to be decided: the product, the kind of request, what broke it, and what was paid beforehand."""

    product: Product
    kind: RequestKind
    cause: Cause = "unknown"
    prepaid: Prepaid = NOTHING


def decide_coverage(case: CoverageCase, policy: Policy, day: date, at: datetime, by: str) -> Coverage:
    """Decide by the policy that the request keeps; `day` is when it came in, as the branch writes it."""
    product, kind, cause, prepaid = case
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
    )
    return Coverage(at=at, by=by, inputs=inputs, **_outcome(policy, inputs))


FREE = Covers(parts="free", labour="free", travel="free")


def _outcome(policy: Policy, inputs: Inputs) -> dict[str, Any]:
    """The warranty's row; an entitlement makes all of it free; a contract what it makes cheaper, as its row allows."""
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


def _row(policy: Policy, inputs: Inputs, warranty: WarrantyState) -> CoverageRow:
    row = decide_cover(policy.coverage, warranty, inputs.cause, inputs.work, inputs.line)
    if row is None:
        raise LookupError(f"{inputs.policy} decides nothing for {inputs}")  # lint refuses such a table
    return row


def _cheaper(one: Payer, other: Payer) -> Payer:
    return min(one, other, key=PAYERS.index)


def _dearer(one: Payer, other: Payer) -> Payer:
    return max(one, other, key=PAYERS.index)


_COMPONENTS = tuple(Covers.model_fields)


def compare_coverage(before: Coverage | None, after: Coverage) -> Coverage:
    """The new decision, with what it changes."""
    if before is None:
        return after
    differs = tuple(
        Component(component=name, before=getattr(before, name), after=getattr(after, name))
        for name in _COMPONENTS
        if getattr(before, name) != getattr(after, name)
    )
    return after.model_copy(update={"differs": differs})


def announce_coverage(before: Coverage | None, after: Coverage, **about: Any) -> tuple[CoverageDecided, ...]:
    """Tell of a decision, unless it comes to the same as the one before, or is the first and nothing comes first."""
    if before is None:
        asked = after.price_list_first or after.quotation_first
        return (_told(after, **about, revised=False),) if asked else ()
    told = _told(after, **about, revised=True)
    same = _told(before, **about, revised=True).model_copy(update={"decided_at": told.decided_at})
    return () if same == told else (told,)


def _told(coverage: Coverage, **more: Any) -> CoverageDecided:
    same = shared_fields(coverage.inputs, CoverageDecided) | shared_fields(coverage, CoverageDecided)
    return CoverageDecided(**same | more, decided_at=coverage.at)
