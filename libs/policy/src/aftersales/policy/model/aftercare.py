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
    """The code of the call."""
    after: Duration | None = None
    """Time from the completion to the call."""
    due: DueTime | None = None
    """The day and time of the call."""
    stage: StageName
    """The clock from that time until the customer is reached."""
    script: Code
    """The code of its script."""


class Callbacks(Value):
    """Callbacks after repairs (FBK-1)."""

    share: Share
    """The share of cases that are called back."""
    calls: tuple[Call, ...] = ()
    """The calls, in order."""
    cadence: dict[Code, Every] = Field(default_factory=dict)
    """Frequency of calls to customers of a class, with or without work."""
    quiet_hours: Windows = ""
    """Hours in which nobody is called, in addition to a customer's own quiet hours."""
    asks: tuple[Code, ...] = ()
    """Codes of what is recorded in addition to satisfaction."""
    lead_to: Role | None = None
    """The role that is told of a wish to upgrade or buy."""
    reviewed_every: Every | None = None
    """The interval between reviews of the results."""


Department = Literal["quality", "production", "sales", "parts", "finance", "shipping", "service"]
"""A department that results are handed to (ALL-4)."""
ResultKind = Literal[
    "repair",
    "repeat_repair",
    "dissatisfied",
    "remark",
    "suggestion",
    "praise",
    "lead",
    "complaint_quality",
    "complaint_service",
    "complaint_suggestion",
    "installation",
    "commissioning",
    "maintenance",
    "training",
    "consultation",
    "return",
    "exchange",
    "compensation",
    "complaint",
    "recall",
    "upgrade",
    "address_change",
    "order_cancellation",
    "delivery_delay",
    "missing_piece",
    "price_difference",
    "invoice",
    "parcel_problem",
]
"""What a case leads to (ALL-4): the cause that a repair found, a repair that did not hold, a bad survey,
the customer's remark, a suggestion, praise, the wish to buy (`lead`), a complaint of the public page by its kind. The
others are kinds of requests whose outcome concerns a department."""


class Say(Value):
    """One step of a script; `when` depends on the customer's answers so far."""

    when: Literal["always", "satisfied", "dissatisfied"] = "always"
    """`satisfied` and `dissatisfied` depend on the customer's answers; `always` is said in any case."""
    text: Texts
    """The words of the step."""


class Script(Value):
    """The script of a call (FBK-12). Without steps only its name is known, because the source has no words."""

    name: Texts
    """The name of the script."""
    steps: tuple[Say, ...] = ()
    """The steps, in order."""


class Question(Value):
    code: Code
    """The code of the question."""
    text: Texts
    """The question."""
    answer: Literal["mark", "words"] = "mark"
    """`mark`: a number from `lowest` to `highest`; `words`: free text."""


PassMark = Annotated[float, Field(ge=0, le=100, strict=True)]
"""A mark, from 0 to 100."""


class SurveySettings(Value):
    """The questions and marks of surveys (FBK-2)."""

    questions: tuple[Question, ...]
    """The questions, in order."""
    lowest: PassMark
    """The worst mark."""
    highest: PassMark
    """The best mark."""
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
    """The customer is called once more after the complaint is settled."""


class Returns(Value):
    """Rules for returns (FBK-4)."""

    no_reason: Duration | None = None
    """Time after receipt for returns without a reason."""
    quality: Duration | None = None
    """Time after receipt for returns because of a defect."""
    needs: tuple[Code, ...] = ()
    """Codes of the conditions of a return, such as `unused` or `photos`."""
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
    """The payer, by the reason of the return."""
    carriers: tuple[Line, ...] = ()
    """Accepted carriers."""
    collect: tuple[Line, ...] = ()
    """Carriers whose parcels are accepted carriage forward."""


class Limit(Value):
    """The amount up to which a role may decide alone; None means any amount."""

    role: Role
    """The role that decides."""
    up_to: Money | None = None
    """The highest amount; null means any."""
    free_carriage: StrictBool = False
    """The role may also waive carriage."""


Measure = Literal["warning", "talk", "demerit", "dismissal", "no_award", "expenses_cut", "amends"]
"""`demerit`: 记大过; `expenses_cut`: halved or refused, no allowance; `amends`: the loss is paid for."""


class Penalty(Value):
    """One row of the table of fines (FBK-5). Amounts that the sources leave blank are None and still to be set."""

    code: Code
    """The code of the offence."""
    name: Texts
    """The offence, for people."""
    amount: Money | None = None
    """The fine, or its lower end."""
    at_most: Money | None = None
    """The upper end, if the table gives a range."""
    share: Share | None = None
    """A share of `share_of`, by the size of the loss."""
    share_of: Literal["bonus", "wage"] | None = None
    """The pay of which `share` is taken."""
    bearer: Literal["culprit", "head", "delayer"] = "culprit"
    """`culprit`: the person at fault; `head`: the head of that department; `delayer`: the person who delayed it."""
    measures: tuple[Measure, ...] = ()
    """Measures in addition to the fine."""
    again: tuple[Measure, ...] = ()
    """Measures for the second and later times."""
    proof: Code
    """The code of the evidence that is required."""
    needs_cause: StrictBool = False
    """Proposed only if the delay was attributed to a person."""


class Reward(Value):
    code: Code
    """The code of the reward."""
    name: Texts
    """The reward, for people."""
    amount: Money | None = None
    """The amount; null is still to be set."""
    per: Literal["head", "case"] = "case"
    """Paid for each person (`head`) or for each case."""
    grades: Count | None = None
    """The number of grades in which it is given."""
    proof: Code
    """The code of the evidence that is required."""


class QualityAlert(Value):
    """Number of cases of one fault on one model or batch within the window that raises an alert (FBK-6)."""

    window: Duration
    """The time within which cases count together."""
    cases: Count
    """The number of cases that raises the alert."""
