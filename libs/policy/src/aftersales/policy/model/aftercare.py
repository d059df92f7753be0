"""What comes after the work: callbacks, surveys, complaints, returns, conduct (FBK). Pure."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from aftersales.policy.calendars import Windows
from aftersales.values import Code, Line, Money, Value

from .figures import Count, Duration, Every, Role, Share, Texts
from .stages import DueTime, StageName


class Call(Value):
    """A callback after the work: due `after` its completion, or on a later day; exactly one of both."""

    code: Code
    after: Duration | None = None
    due: DueTime | None = None
    stage: StageName
    """The clock from then until the customer was reached."""
    script: Code


class Callbacks(Value):
    """FBK-1."""

    share: Share
    """Of the cases that are called back."""
    calls: tuple[Call, ...] = ()
    cadence: dict[Code, Every] = Field(default_factory=dict)
    """How often customers of a class are called, work or none."""
    quiet_hours: Windows = ""
    """Nobody is called then; a customer's own quiet hours come on top."""
    asks: tuple[Code, ...] = ()
    """What is recorded besides satisfaction."""
    lead_to: Role | None = None
    """Who is told of a wish to upgrade or buy."""
    reviewed_every: Every | None = None


class Say(Value):
    """One step of a script; `when` is what the customer has answered so far."""

    when: Literal["always", "satisfied", "dissatisfied"] = "always"
    text: Texts


class Script(Value):
    """FBK-12. The source may give a script no words: then its name alone is known."""

    name: Texts
    steps: tuple[Say, ...] = ()


class Question(Value):
    code: Code
    text: Texts
    answer: Literal["mark", "words"] = "mark"


PassMark = Annotated[float, Field(ge=0, le=100, strict=True)]


class SurveySettings(Value):
    """FBK-2."""

    questions: tuple[Question, ...]
    lowest: PassMark
    highest: PassMark
    pass_mark: PassMark
    """A mean mark below it opens a case."""
    public_mark: PassMark | None = None
    """A public rating below it is followed up."""


class Complaints(Value):
    """FBK-3."""

    responsible: dict[Code, Role]
    """Who is made responsible, by what the complaint is about."""
    signed_acceptance: StrictBool = True
    """It closes only with the customer's signature."""
    final_call: StrictBool = True


class Returns(Value):
    """FBK-4."""

    no_reason: Duration | None = None
    """After receipt, without a reason."""
    quality: Duration | None = None
    """After receipt, for a defect."""
    needs: tuple[Code, ...] = ()
    otherwise: Role
    """Who decides when it does not fit."""
    inspect_first: StrictBool = True
    """The goods are back and inspected before the refund or the exchange."""
    advance_on_tracking: StrictBool = False
    """Replaced in advance on the return's tracking number, if the seller is at fault and it is urgent."""
    extends_order: Duration | None = None
    """So much longer the order stays open once a return is agreed."""
    alternatives: tuple[Literal["repair", "compensation", "longer_warranty"], ...] = ()
    """What is offered before an exchange."""


class Charges(Value):
    """Who pays carriage in which case, and which carriers are taken (FBK-4)."""

    carriage: dict[Code, Literal["seller", "customer", "carrier"]]
    carriers: tuple[Line, ...] = ()
    collect: tuple[Line, ...] = ()
    """Whose parcels are accepted carriage forward."""


class Limit(Value):
    """What a role may decide alone: up to this amount; None: any."""

    role: Role
    up_to: Money | None = None
    free_carriage: StrictBool = False


Measure = Literal["warning", "talk", "demerit", "dismissal", "no_award", "expenses_cut", "amends"]
"""`demerit`: 记大过; `expenses_cut`: halved or refused, no allowance; `amends`: the loss is paid for."""


class Penalty(Value):
    """One row of the table of fines (FBK-5). Amounts that the sources leave blank are None, still to be set."""

    code: Code
    name: Texts
    amount: Money | None = None
    at_most: Money | None = None
    """The upper end, where the table gives a range."""
    share: Share | None = None
    """Of `share_of`, by the size of the loss."""
    share_of: Literal["bonus", "wage"] | None = None
    bearer: Literal["culprit", "head", "delayer"] = "culprit"
    measures: tuple[Measure, ...] = ()
    again: tuple[Measure, ...] = ()
    """What the second, the third … time brings."""
    proof: Code
    needs_cause: StrictBool = False
    """Proposed only when the delay was attributed to somebody."""


class Reward(Value):
    code: Code
    name: Texts
    amount: Money | None = None
    per: Literal["head", "case"] = "case"
    grades: Count | None = None
    proof: Code


class QualityAlert(Value):
    """FBK-6: so many cases of one fault on one model or batch within the window."""

    window: Duration
    cases: Count
