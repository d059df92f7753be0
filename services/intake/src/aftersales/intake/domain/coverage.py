"""Coverage (免费/收费, INT-6): who pays for parts, labour and travel, by the policy's table, and why. Pure."""

from datetime import date, datetime
from typing import NamedTuple

from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]

from aftersales.common.policy.model import Policy
from aftersales.common.policy.model.cover import Cause, Payer, WarrantyState, Work, decide
from aftersales.common.stages import policy_id
from aftersales.common.values import Day, Value

from .form import RequestKind
from .product import Product

WORKS: dict[RequestKind, Work] = {
    "repair": "repair",
    "installation": "installation",
    "commissioning": "commissioning",
    "maintenance": "maintenance",
    "training": "training",
    "recall": "recall",
    "upgrade": "recall",
}
"""The kind of work that a kind of request asks for; the others are consultation."""


class Inputs(Value):
    """What the decision was made from."""

    policy: str
    warranty: WarrantyState
    cause: Cause
    work: Work
    line: str
    purchased_on: Day | None
    """None: no proof of purchase, which counts as out of warranty."""
    warranty_until: Day | None
    """The last day of the warranty, extensions included."""
    contract: str | None = None


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
    """The code of the row that decided; its words are the policy's."""
    why: dict[str, str]
    """The reason as the customer reads it, by language."""
    differs: tuple[Component, ...] = ()
    """From the decision before, where there was one."""


class Case(NamedTuple):
    """What is to be decided: the product, the kind of request, what broke it, and a contract that covers it."""

    product: Product
    kind: RequestKind
    cause: Cause = "unknown"
    contract: str | None = None


def decide_coverage(case: Case, policy: Policy, today: date, at: datetime, by: str) -> Coverage:
    """Decide by the policy that the request keeps; `today` is the branch's date."""
    inputs = _inputs(case, policy, today)
    row = decide(policy.coverage, inputs.warranty, inputs.cause, inputs.work, inputs.line)
    if row is None:
        raise LookupError(f"{policy_id(policy)} decides nothing for {inputs}")  # lint refuses such a table
    return Coverage(
        at=at, by=by, inputs=inputs, reason=row.reason, why=dict(row.why), **row.model_dump(include=_DECIDED)
    )


_COMPONENTS = ("parts", "labour", "travel")
_DECIDED = {*_COMPONENTS, "price_list_first", "quotation_first"}


def compared(before: Coverage | None, after: Coverage) -> Coverage:
    """The new decision, with what it changes."""
    if before is None:
        return after
    differs = tuple(
        Component(component=name, before=getattr(before, name), after=getattr(after, name))
        for name in _COMPONENTS
        if getattr(before, name) != getattr(after, name)
    )
    return after.model_copy(update={"differs": differs})


def _inputs(case: Case, policy: Policy, today: date) -> Inputs:
    product = case.product
    term = policy.warranty.term(product.line)
    bought = product.purchased_on
    regular = bought + relativedelta(months=term.months) - relativedelta(days=1) if bought else None
    ends = [day for day in (regular, product.warranty_until) if day]
    until = max(ends, default=None)
    warranty: WarrantyState = "lifetime" if term.lifetime_service else "out"
    if case.contract:
        warranty = "contract"
    elif regular and today <= regular:
        warranty = "in"
    elif until and today <= until:
        warranty = "extended"
    return Inputs(
        policy=policy_id(policy),
        warranty=warranty,
        cause=case.cause,
        work=WORKS.get(case.kind, "consultation"),
        line=product.line,
        purchased_on=bought,
        warranty_until=until,
        contract=case.contract,
    )
