"""Priority, warranty, and the payer of each kind of cost (INT-5, INT-6, INT-9, INT-14). Pure."""

from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import Field, StrictBool, StrictInt

from aftersales.values import Code, Value
from aftersales.values.prices import Price

from .figures import Count, Duration, Role, Texts, TimeOfDay

WarrantyState = Literal["in", "out", "extended", "lifetime", "contract"]
"""`lifetime`: out of warranty, with lifetime service; `contract`: a service contract covers it (INT-13)."""
Cause = Literal["manufacturing", "assembly", "material", "misuse", "man_made", "unknown"]
"""`man_made`: damage by people, for example a fall; `unknown`: not found yet."""
Work = Literal["repair", "installation", "commissioning", "maintenance", "training", "consultation", "recall"]
"""The kind of work."""
Payer = Literal["free", "cost", "list", "quote"]
"""What the customer pays: nothing, our cost price, the list price, or the amount of an accepted quotation."""
PAYERS: tuple[Payer, ...] = get_args(Payer)
"""All values, from the cheapest to the dearest."""
STATES: tuple[WarrantyState, ...] = get_args(WarrantyState)
CAUSES: tuple[Cause, ...] = get_args(Cause)
WORKS: tuple[Work, ...] = get_args(Work)


class Priority(Value):
    """INT-5: importance of the customer's class x urgency (1 to 3), compared with three thresholds."""

    importance: dict[Code, Annotated[int, Field(ge=1, le=100, strict=True)]]
    """Importance by customer class; a class that is missing counts 1."""
    thresholds: tuple[StrictInt, StrictInt, StrictInt]
    """The least scores for priorities 1, 2 and 3; a lower score has priority 4."""
    danger: Annotated[int, Field(ge=1, le=4, strict=True)] = 1
    """The priority, at least, of an item that is a danger to people, whatever its score."""

    def rank(self, customer_class: str, urgency: int, *, danger: bool = False, raised: int = 0) -> int:
        """Return 1 (immediately) to 4 (any time), raised by `raised` steps, for instance for a repeat repair."""
        score = self.importance.get(customer_class, 1) * urgency
        rank = next((rank for rank, least in enumerate(self.thresholds, 1) if score >= least), 4)
        return min(max(rank - raised, 1), self.danger if danger else 4)


class WarrantyTerm(Value):
    months: Annotated[int, Field(ge=0, le=600, strict=True)]
    """Counted from the day of purchase."""
    lifetime_service: StrictBool = False
    """When the term is over, the product is in the state `lifetime` instead of `out`."""
    scope: Texts
    """The parts and defects that are warranted."""
    liability: Texts
    """The exclusions, and the obligations of the seller."""


class Warranty(Value):
    """The warranty record given at sale (INT-6)."""

    standard: WarrantyTerm
    """The term of lines that `by_line` does not name."""
    by_line: dict[Code, WarrantyTerm] = Field(default_factory=dict)
    """Terms by the code of the product line."""

    def term(self, line: str) -> WarrantyTerm:
        return self.by_line.get(line, self.standard)


class CoverageRow(Value):
    """One row of the coverage table. An empty list means any."""

    warranty: tuple[WarrantyState, ...] = ()
    """States of the warranty that fit."""
    cause: tuple[Cause, ...] = ()
    """Causes of the fault that fit."""
    work: tuple[Work, ...] = ()
    """Kinds of work that fit."""
    lines: tuple[Code, ...] = ()
    """Product lines that fit."""
    parts: Payer
    """The price of parts for the customer."""
    labour: Payer
    """The price of labour for the customer."""
    travel: Payer
    """The price of travel for the customer."""
    price_list_first: StrictBool = False
    """The price list is shown before the work starts."""
    quotation_first: StrictBool = False
    """The work starts after the customer has accepted a quotation (DSP-17)."""
    without_purchase: StrictBool = False
    """The reason also fits a thing that nobody bought, such as a pipe; no proof of purchase is asked for then."""
    reason: Code
    """The code of the reason."""
    why: Texts
    """The reason as shown to the customer."""

    def fits(self, warranty: str, cause: str, work: str, line: str) -> bool:
        return (
            (not self.warranty or warranty in self.warranty)
            and (not self.cause or cause in self.cause)
            and (not self.work or work in self.work)
            and (not self.lines or line in self.lines)
        )


def decide_cover(rows: tuple[CoverageRow, ...], warranty: str, cause: str, work: str, line: str) -> CoverageRow | None:
    """Return the first row that fits; a policy that `lint` passes always has one."""
    return next((row for row in rows if row.fits(warranty, cause, work, line)), None)


SurchargeCase = Literal["rush", "holiday", "night"]
"""Work that may cost more (ALL-10)."""


class Surcharge(Value):
    """What labour and travel cost more in one case (ALL-10). All that apply are added; free work stays free."""

    case: SurchargeCase
    """Rush work, work on a public holiday, or work at night."""
    percent: Annotated[int, Field(ge=1, le=300, strict=True)] | None = None
    """Per cent of labour and travel; either this or `amount`."""
    amount: Price | None = None
    """An amount for the whole visit."""
    begins: TimeOfDay = "22:00"
    """The beginning of the night, in the branch's zone."""
    ends: TimeOfDay = "06:00"
    """The end of the night."""
    why: Texts
    """The reason as shown to the customer."""

    def at_night(self, clock: str) -> bool:
        """Return whether a time of day such as `23:15` is in the night, which may go past midnight."""
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


def choose_surcharges(rows: tuple[Surcharge, ...], cases: Collection[str], clock: str | None) -> tuple[Surcharge, ...]:
    """Return those that apply; `clock` is the local time of the work, None if nobody asked for one."""
    return tuple(
        row for row in rows if (clock is not None and row.at_night(clock) if row.case == "night" else row.case in cases)
    )


class RepeatRepair(Value):
    """INT-9: the same serial number with the same fault again, within `window` of the first repair."""

    window: Duration
    """Time from the first repair."""
    raises_by: Annotated[int, Field(ge=0, le=3, strict=True)] = 1
    """Number of priority steps."""
    opens_claim: StrictBool = False
    """The policy guarantees repairs: a compensation claim is opened."""
    claim_lines: tuple[Code, ...] = ()
    """The product lines with guaranteed repairs; empty means all."""
    reported_to: Role = "supervisor"
    """The role that is told."""

    def is_guaranteed(self, line: str) -> bool:
        """Whether a repair of this line that did not hold opens a claim."""
        return self.opens_claim and (not self.claim_lines or line in self.claim_lines)


class Grant(Value):
    """Services that a purchase grants (INT-14)."""

    code: Code
    """The code of the grant."""
    name: Texts
    """The name for people."""
    work: Work
    """The kind of work that is granted."""
    count: Count
    """The number of times."""
    remind_within: Duration
    """Time after the purchase within which the customer is reminded and can still use it; the reminder is due after
    two thirds of it."""
    expires_within: Duration = timedelta(days=90)
    """Time after the purchase at which it expires."""
    lines: tuple[Code, ...] = ()
    """Lines of the purchased product; empty means all that the policy covers."""
