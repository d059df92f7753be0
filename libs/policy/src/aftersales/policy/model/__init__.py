"""A service policy: every figure of one way of doing business, with units. Unused sections are left out."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StrictBool

from aftersales.policy.calendars import Hours
from aftersales.values import Code, Day, Value

from .aftercare import (
    Callbacks,
    Charges,
    Complaints,
    Limit,
    Penalty,
    QualityAlert,
    Returns,
    Reward,
    Script,
    SurveySettings,
)
from .aftercare import (
    Department as Department,
)
from .aftercare import (
    ResultKind as ResultKind,
)
from .cover import CoverageRow, Grant, Priority, RepeatRepair, Surcharge, Warranty
from .field_work import Appointments, Expenses, Licence, Maintenance, Phrases, Quota, Routine, Stock, Tick
from .figures import Duration, Share, Texts
from .stages import Level, Stage, StageName


class Scope(Value):
    """The items that a policy is for. An empty list means any."""

    branches: tuple[Code, ...] = ()
    """Codes of branches."""
    lines: tuple[Code, ...] = ()
    """Codes of product lines."""
    work_types: tuple[Code, ...] = ()
    """Kinds of work, such as `repair`."""
    customer_classes: tuple[Code, ...] = ()
    """Classes of customers: `A`, `B`, `C`, `key` for those with a team of their own, and `member` for members of any
    class."""


class Policy(Value):
    """A service policy (ALL-1). An item in progress keeps the name and version with which it started."""

    name: Code
    """The name under which versions are published."""
    version: Annotated[int, Field(ge=0, strict=True)] = 0
    """Assigned when the policy is published; 0 for a preset or an unpublished policy."""
    title: Texts
    """The title for people."""
    scope: Scope = Scope()
    """The items that the policy is for."""
    effective_from: Day
    """The policy takes effect at the beginning of this day at the branch."""

    calendars: dict[Code, Hours] = Field(default_factory=dict)
    """Rush, holiday and duty hours (ALL-10, DSP-12); a branch's own hours are not part of the policy."""
    ladder: tuple[Level, ...] = ()
    """The roles that are told of a breach (ALL-3), unless the stage names its own."""
    stages: dict[StageName, Stage] = Field(default_factory=dict)
    """The promises to customers, by stage."""

    priority: Priority
    """The calculation of the priority from class and urgency."""
    warranty: Warranty
    """The warranty terms, by product line."""
    coverage: tuple[CoverageRow, ...]
    """Read from top to bottom; the first row that fits decides."""
    surcharges: tuple[Surcharge, ...] = ()
    """What rush, holiday and night work costs more (ALL-10)."""
    repeat_repair: RepeatRepair | None = None
    """The rules for a repair that did not last."""
    entitlements: tuple[Grant, ...] = ()
    """Services that come with a purchase."""
    late_entry: Duration = timedelta(days=1)
    """How long after a contact it may be entered with its own time (INT-2)."""
    review_by_registrar: StrictBool = False
    """Whether the person who registered a form may also review it, as in a shop of three people (INT-2)."""
    channels: tuple[Code, ...] = ()
    """The order in which channels are tried for a customer who was not reached (INT-1)."""

    appointments: Appointments | None = None
    """The rules for appointments."""
    licence: Licence | None = None
    """Costs and requirements of a technician's licence."""
    expenses: Expenses | None = None
    """The rules for travel expenses."""
    maintenance: Maintenance | None = None
    """The rules for planned maintenance."""
    checklists: dict[Code, tuple[Tick, ...]] = Field(default_factory=dict)
    """Checklists by the kind of work."""
    stock: Stock | None = None
    """The figures of the store."""

    callbacks: Callbacks | None = None
    """The rules for calls after the work."""
    scripts: dict[Code, Script] = Field(default_factory=dict)
    """Scripts of calls, by their codes."""
    phrases: Phrases = Phrases()
    """Preferred and forbidden phrases."""
    survey: SurveySettings | None = None
    """The questions and marks of surveys."""
    complaints: Complaints | None = None
    """The rules for complaints."""
    returns: Returns | None = None
    """The rules for returns."""
    charges: Charges | None = None
    """The party that pays carriage."""
    goodwill: tuple[Limit, ...] = ()
    """The amounts up to which roles may be generous without asking."""
    approvals: dict[Code, tuple[Limit, ...]] = Field(default_factory=dict)
    """The roles that may approve something, by amount; the first is asked first."""
    penalties: tuple[Penalty, ...] = ()
    """The table of fines."""
    rewards: tuple[Reward, ...] = ()
    """The table of rewards."""
    results: dict[ResultKind, Department] = Field(default_factory=dict)
    """The department that each kind of result is handed to (ALL-4); kinds that are not named concern nobody."""
    quality_alert: QualityAlert | None = None
    """The number of like cases that raises an alert."""

    quotas: dict[Code, Quota] = Field(default_factory=dict)
    """Numbers of cases that a role must do at intervals, by code."""
    routines: dict[Code, Routine] = Field(default_factory=dict)
    """Reports, meetings and checks that are due at intervals, by code."""
    kpis: dict[Code, Share] = Field(default_factory=dict)
    """Shares that must be reached (FBK-8)."""

    def __hash__(self) -> int:
        """Hash the name and version, which nearly always differ; `==` compares all fields."""
        return hash((self.name, self.version))

    def ladder_of(self, stage: Stage) -> tuple[Level, ...]:
        return self.ladder if stage.ladder is None else stage.ladder
