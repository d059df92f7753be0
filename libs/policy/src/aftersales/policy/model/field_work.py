"""People, visits and routines: licences, appointments, checklists, expenses, quotas (DSP, ALL-8). Pure."""

from typing import Annotated

from pydantic import Field, StrictBool

from aftersales.values import Code, Line, Money, Value

from .figures import Count, Duration, Every, MonthDay, Role, Share, Texts


class Appointments(Value):
    """DSP-5."""

    lead: Duration
    """The soonest that somebody can be there."""
    window: Duration
    """How long the agreed window is."""
    moves: Annotated[int, Field(ge=0, le=10, strict=True)] = 1
    """How often we may move it; the next one must be kept."""
    part_delay: Duration
    """INV-13: how much later it is when parts are missing and nobody knows until when."""


class Licence(Value):
    """What a licence to work (上岗证) costs and needs (DSP-1). An amount that is None is still to be set."""

    badge: Money | None
    monthly_fee: Money | None
    deposit: Money | None
    uniform_at_cost: StrictBool = True
    photos: Count
    suspended_by_unpaid_fine: StrictBool = False
    """Once the stage `fine` is breached."""


class Expenses(Value):
    """DSP-16."""

    travel_day: Duration
    """Working time that a day of travel counts."""
    forfeits_bonus: StrictBool = False
    """Unfiled journals or settlements lose the bonus."""


class Maintenance(Value):
    """Planned maintenance and inspections (DSP-15)."""

    every: Every | None = None
    utilities: tuple[Code, ...] = ()
    """Each is announced in writing before it is shut off."""
    inspect_before_season: Share | None = None
    """Which share of the machines of a district."""


class Tick(Value):
    code: Code
    text: Texts
    required: StrictBool = True
    """The order does not close without it (DSP-18)."""


class Quota(Value):
    role: Role
    count: Count
    every: Every


class Routine(Value):
    """What is due at intervals: a report, a meeting, a reconciliation."""

    every: Every
    day: MonthDay | None = None
    """By which day of the month, at the latest."""
    lasts: Duration | None = None
    role: Role
    """Who does it."""
    to: Role | None = None
    """Who gets it, and signs it where it needs a signature."""
    contents: tuple[Code, ...] = ()


class Phrases(Value):
    """What one says and what one does not (FBK-12): a forbidden phrase warns while a reply is written."""

    preferred: tuple[Line, ...] = ()
    forbidden: tuple[Line, ...] = ()


class Stock(Value):
    """The figures of the store (INV)."""

    yellow_after_months: Count
    """INV-6: without an issue."""
    red_after_months: Count
    stocktake_every: Every
    requisition_day: MonthDay | None = None
    """INV-10."""
    expiry_alert: Duration
    """INV-3: so long before a lot expires."""
    clean_every: Every
    """INV-17."""
