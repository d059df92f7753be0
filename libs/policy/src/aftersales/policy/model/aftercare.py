"""Callbacks, surveys, complaints, returns and conduct after the work (FBK). Pure."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from aftersales.policy.calendars import Windows
from aftersales.values import Code, Line, Money, Value

from .figures import Count, Duration, Every, Role, Share, Texts
from .stages import DueTime, StageName


class Call(Value):
    """A callback after the work. Exactly one of `after` (its completion) and `due` (a later day) is set."""

    code: Code
    after: Duration | None = None
    due: DueTime | None = None
    stage: StageName
    """The clock from that time until the customer is reached."""
    script: Code


class Callbacks(Value):
    """Callbacks after repairs (FBK-1)."""

    share: Share
    """The share of cases that are called back."""
    calls: tuple[Call, ...] = ()
    cadence: dict[Code, Every] = Field(default_factory=dict)
    """Frequency of calls to customers of a class, with or without work."""
    quiet_hours: Windows = ""
    """Hours in which nobody is called, in addition to a customer's own quiet hours."""
    asks: tuple[Code, ...] = ()
    """Codes of what is recorded in addition to satisfaction."""
    lead_to: Role | None = None
    """The role that is told of a wish to upgrade or buy."""
    reviewed_every: Every | None = None


class Say(Value):
    """One step of a script; `when` depends on the customer's answers so far."""

    when: Literal["always", "satisfied", "dissatisfied"] = "always"
    text: Texts


class Script(Value):
    """The script of a call (FBK-12). Without steps only its name is known, because the source has no words."""

    name: Texts
    steps: tuple[Say, ...] = ()


class Question(Value):
    code: Code
    text: Texts
    answer: Literal["mark", "words"] = "mark"


PassMark = Annotated[float, Field(ge=0, le=100, strict=True)]


class SurveySettings(Value):
    """The questions and marks of surveys (FBK-2)."""

    questions: tuple[Question, ...]
    lowest: PassMark
    highest: PassMark
    pass_mark: PassMark
    """A mean mark below this opens a case."""
    public_mark: PassMark | None = None
    """A public rating below this is followed up."""


class Complaints(Value):
    """Rules for complaints (FBK-3)."""

    responsible: dict[Code, Role]
    """The responsible role by subject of the complaint."""
    signed_acceptance: StrictBool = True
    """A complaint closes only with the customer's signature."""
    final_call: StrictBool = True


class Returns(Value):
    """Rules for returns (FBK-4)."""

    no_reason: Duration | None = None
    """Time after receipt for returns without a reason."""
    quality: Duration | None = None
    """Time after receipt for returns because of a defect."""
    needs: tuple[Code, ...] = ()
    otherwise: Role
    """The role that decides when a return does not meet the rules."""
    inspect_first: StrictBool = True
    """The goods must be back and inspected before a refund or exchange."""
    advance_on_tracking: StrictBool = False
    """A replacement is sent on the return's tracking number, if the seller is at fault and it is urgent."""
    extends_order: Duration | None = None
    """Time by which an agreed return extends how long the order stays open."""
    alternatives: tuple[Literal["repair", "compensation", "longer_warranty"], ...] = ()
    """Offers that are made before an exchange."""


class Charges(Value):
    """The party that pays carriage in each case, and the accepted carriers (FBK-4)."""

    carriage: dict[Code, Literal["seller", "customer", "carrier"]]
    carriers: tuple[Line, ...] = ()
    collect: tuple[Line, ...] = ()
    """Carriers whose parcels are accepted carriage forward."""


class Limit(Value):
    """The amount up to which a role may decide alone; None means any amount."""

    role: Role
    up_to: Money | None = None
    free_carriage: StrictBool = False


Measure = Literal["warning", "talk", "demerit", "dismissal", "no_award", "expenses_cut", "amends"]
"""`demerit`: 记大过; `expenses_cut`: halved or refused, no allowance; `amends`: the loss is paid for."""


class Penalty(Value):
    """One row of the table of fines (FBK-5). Amounts that the sources leave blank are None and still to be set."""

    code: Code
    name: Texts
    amount: Money | None = None
    at_most: Money | None = None
    """The upper end, if the table gives a range."""
    share: Share | None = None
    """A share of `share_of`, by the size of the loss."""
    share_of: Literal["bonus", "wage"] | None = None
    bearer: Literal["culprit", "head", "delayer"] = "culprit"
    measures: tuple[Measure, ...] = ()
    again: tuple[Measure, ...] = ()
    """Measures for the second and later times."""
    proof: Code
    needs_cause: StrictBool = False
    """Proposed only if the delay was attributed to a person."""


class Reward(Value):
    code: Code
    name: Texts
    amount: Money | None = None
    per: Literal["head", "case"] = "case"
    grades: Count | None = None
    proof: Code


class QualityAlert(Value):
    """Number of cases of one fault on one model or batch within the window that raises an alert (FBK-6)."""

    window: Duration
    cases: Count
