"""A service policy: every figure of one way of doing business, with units. Unused sections are left out."""

from typing import Annotated

from pydantic import Field

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
from .cover import CoverageRow, Grant, Priority, RepeatRepair, Warranty
from .field_work import Appointments, Expenses, Licence, Maintenance, Phrases, Quota, Routine, Stock, Tick
from .figures import Share, Texts
from .stages import Level, Stage, StageName


class Scope(Value):
    """The items that a policy is for. An empty list means any."""

    branches: tuple[Code, ...] = ()
    lines: tuple[Code, ...] = ()
    work_types: tuple[Code, ...] = ()
    customer_classes: tuple[Code, ...] = ()


class Policy(Value):
    """A service policy (ALL-1). An item in progress keeps the name and version with which it started."""

    name: Code
    version: Annotated[int, Field(ge=0, strict=True)] = 0
    """Assigned when the policy is published; 0 for a preset or an unpublished policy."""
    title: Texts
    scope: Scope = Scope()
    effective_from: Day
    """The policy takes effect at the beginning of this day at the branch."""

    calendars: dict[Code, Hours] = Field(default_factory=dict)
    """Rush, holiday and duty hours (ALL-10, DSP-12); a branch's own hours are not part of the policy."""
    ladder: tuple[Level, ...] = ()
    """The roles that are told of a breach (ALL-3), unless the stage names its own."""
    stages: dict[StageName, Stage] = Field(default_factory=dict)

    priority: Priority
    warranty: Warranty
    coverage: tuple[CoverageRow, ...]
    """Read from top to bottom; the first row that fits decides."""
    repeat_repair: RepeatRepair | None = None
    entitlements: tuple[Grant, ...] = ()
    channels: tuple[Code, ...] = ()
    """The order in which channels are tried for a customer who was not reached (INT-1)."""

    appointments: Appointments | None = None
    licence: Licence | None = None
    expenses: Expenses | None = None
    maintenance: Maintenance | None = None
    checklists: dict[Code, tuple[Tick, ...]] = Field(default_factory=dict)
    stock: Stock | None = None

    callbacks: Callbacks | None = None
    scripts: dict[Code, Script] = Field(default_factory=dict)
    phrases: Phrases = Phrases()
    survey: SurveySettings | None = None
    complaints: Complaints | None = None
    returns: Returns | None = None
    charges: Charges | None = None
    goodwill: tuple[Limit, ...] = ()
    approvals: dict[Code, tuple[Limit, ...]] = Field(default_factory=dict)
    """The roles that may approve something, by amount; the first is asked first."""
    penalties: tuple[Penalty, ...] = ()
    rewards: tuple[Reward, ...] = ()
    quality_alert: QualityAlert | None = None

    quotas: dict[Code, Quota] = Field(default_factory=dict)
    routines: dict[Code, Routine] = Field(default_factory=dict)
    kpis: dict[Code, Share] = Field(default_factory=dict)
    """Shares that must be reached (FBK-8)."""

    def __hash__(self) -> int:
        """Hash the name and version, which nearly always differ; `==` compares all fields."""
        return hash((self.name, self.version))

    def ladder_of(self, stage: Stage) -> tuple[Level, ...]:
        return self.ladder if stage.ladder is None else stage.ladder
