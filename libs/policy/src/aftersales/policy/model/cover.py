"""Priority, warranty, and who pays for what (INT-5, INT-6, INT-9, INT-14). Pure."""

from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import Field, StrictBool, StrictInt

from aftersales.values import Code, Value

from .figures import Count, Duration, Role, Texts

WarrantyState = Literal["in", "out", "extended", "lifetime", "contract"]
"""`lifetime`: out of warranty, with lifetime service; `contract`: a service contract covers it (INT-13)."""
Cause = Literal["manufacturing", "assembly", "material", "misuse", "man_made", "unknown"]
Work = Literal["repair", "installation", "commissioning", "maintenance", "training", "consultation", "recall"]
Payer = Literal["free", "cost", "list", "quote"]
"""What the customer pays: nothing, our cost price, the list price, or what an accepted quotation says."""
PAYERS: tuple[Payer, ...] = get_args(Payer)
"""From the cheapest to the dearest."""
STATES: tuple[WarrantyState, ...] = get_args(WarrantyState)
CAUSES: tuple[Cause, ...] = get_args(Cause)
WORKS: tuple[Work, ...] = get_args(Work)


class Priority(Value):
    """INT-5: importance of the customer's class x urgency (1 to 3), compared with three thresholds."""

    importance: dict[Code, Annotated[int, Field(ge=1, le=100, strict=True)]]
    """By customer class; a class that is not named counts 1."""
    thresholds: tuple[StrictInt, StrictInt, StrictInt]
    """The least score for priority 1, 2 and 3; below it is 4."""
    danger: Annotated[int, Field(ge=1, le=4, strict=True)] = 1
    """The priority of anything that is a danger to people, whatever its score."""

    def rank(self, customer_class: str, urgency: int, *, danger: bool = False, raised: int = 0) -> int:
        """1 (at once) to 4 (whenever); `raised` lifts it by so many, for instance for a repeat repair."""
        score = self.importance.get(customer_class, 1) * urgency
        rank = next((rank for rank, least in enumerate(self.thresholds, 1) if score >= least), 4)
        return min(max(rank - raised, 1), self.danger if danger else 4)


class WarrantyTerm(Value):
    months: Annotated[int, Field(ge=0, le=600, strict=True)]
    """From the day of purchase."""
    lifetime_service: StrictBool = False
    """When the term is over, the product is in the state `lifetime` instead of `out`."""
    scope: Texts
    """What is warranted."""
    liability: Texts
    """What is not, and what is owed."""


class Warranty(Value):
    """The record that is given at sale (INT-6)."""

    standard: WarrantyTerm
    by_line: dict[Code, WarrantyTerm] = Field(default_factory=dict)

    def term(self, line: str) -> WarrantyTerm:
        return self.by_line.get(line, self.standard)


class CoverageRow(Value):
    """One row of the coverage table. An empty list means any."""

    warranty: tuple[WarrantyState, ...] = ()
    cause: tuple[Cause, ...] = ()
    work: tuple[Work, ...] = ()
    lines: tuple[Code, ...] = ()
    parts: Payer
    labour: Payer
    travel: Payer
    price_list_first: StrictBool = False
    """The price list is shown before the work starts."""
    quotation_first: StrictBool = False
    """The work starts when the customer has accepted a quotation (DSP-17)."""
    reason: Code
    why: Texts
    """The reason as the customer reads it."""

    def fits(self, warranty: str, cause: str, work: str, line: str) -> bool:
        return (
            (not self.warranty or warranty in self.warranty)
            and (not self.cause or cause in self.cause)
            and (not self.work or work in self.work)
            and (not self.lines or line in self.lines)
        )


def decide_cover(rows: tuple[CoverageRow, ...], warranty: str, cause: str, work: str, line: str) -> CoverageRow | None:
    """The first row that fits; a policy that `lint` passes always has one."""
    return next((row for row in rows if row.fits(warranty, cause, work, line)), None)


class RepeatRepair(Value):
    """INT-9: the same serial number with the same fault again, within `window` of the first repair."""

    window: Duration
    raises_by: Annotated[int, Field(ge=0, le=3, strict=True)] = 1
    """So many priorities."""
    opens_claim: StrictBool = False
    """The policy guarantees repairs: a compensation claim is opened."""
    reported_to: Role = "supervisor"


class Grant(Value):
    """What a purchase grants (INT-14)."""

    code: Code
    name: Texts
    work: Work
    count: Count
    remind_within: Duration
    """Of the purchase; then the customer is reminded of it."""
    expires_within: Duration = timedelta(days=90)
    """Of the purchase."""
    lines: tuple[Code, ...] = ()
    """Of products; empty: any that the policy covers."""
