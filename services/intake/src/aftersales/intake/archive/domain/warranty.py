"""The warranty of a product: its state on a day, and the record given at sale (INT-6). Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]

from aftersales.policy.model import Policy
from aftersales.policy.model.figures import Locale
from aftersales.policy.sla.stages import policy_id
from aftersales.values import Day, Value

from .product import Extension, Product

ProductWarranty = Literal["in", "out", "extended", "lifetime", "contract", "unknown"]
"""The policy's states and `unknown`, the state without a day of purchase; until a proof is shown it counts as `out`, or
as `lifetime` where the policy has lifetime service."""


class WarrantyStanding(NamedTuple):
    """The state of a product's warranty on a day, and its last day including extensions."""

    state: ProductWarranty
    until: date | None


def warranty_standing(product: Product, policy: Policy, day: date) -> WarrantyStanding:
    """Return the state on a day. The term is the model's, or else the policy's."""
    term, months = policy.warranty.term(product.line), term_of(product, policy)
    bought = product.purchased_on
    regular = bought + relativedelta(months=months, days=-1) if bought and months else None
    until = max((end for end in (regular, product.warranty_until) if end), default=None)
    if until is None and bought is None and months:
        return WarrantyStanding("unknown", None)
    if until is None or day > until:
        return WarrantyStanding("lifetime" if term.lifetime_service else "out", until)
    return WarrantyStanding("in" if regular and day <= regular else "extended", until)


def term_of(product: Product, policy: Policy) -> int:
    """Return the months of warranty, counted from the day of purchase."""
    months = product.warranty_months
    return policy.warranty.term(product.line).months if months is None else months


class WarrantyRecord(Value):
    """Term, scope and liability as given to the customer."""

    serial: str
    model: str
    line: str
    policy: str
    """The policy that would apply to a repair today."""
    months: int
    """The term, from the day of purchase."""
    purchased_on: Day | None
    proven: bool
    """Whether a proof of purchase was shown."""
    state: ProductWarranty
    until: Day | None
    """The last day, including extensions; None without a term or a known day of purchase."""
    lifetime_service: bool
    scope: str
    liability: str
    extensions: tuple[Extension, ...]


def describe_warranty(product: Product, policy: Policy, today: date, locale: str) -> WarrantyRecord:
    """Return the record in one language."""
    term = policy.warranty.term(product.line)
    state, until = warranty_standing(product, policy, today)
    return WarrantyRecord(
        serial=product.id,
        model=product.model,
        line=product.line,
        policy=policy_id(policy),
        months=term_of(product, policy),
        purchased_on=product.purchased_on,
        proven=bool(product.proofs),
        state=state,
        until=until,
        lifetime_service=term.lifetime_service,
        scope=_in(term.scope, locale),
        liability=_in(term.liability, locale),
        extensions=product.extensions,
    )


def _in(texts: Mapping[Locale, str], locale: str) -> str:
    """Return the text in this language, else in any."""
    return next((text for language, text in texts.items() if language == locale), next(iter(texts.values()), ""))
