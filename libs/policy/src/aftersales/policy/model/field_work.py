"""People, visits and routines: licences, appointments, checklists, expenses, quotas (DSP, ALL-8). Pure."""

from typing import Annotated

from pydantic import Field, StrictBool

from aftersales.values import Code, Line, Money, Value

from .figures import Count, Duration, Every, MonthDay, Role, Share, Texts


class Appointments(Value):
    """Rules for appointments (DSP-5)."""

    lead: Duration
    """The shortest time until a technician can be there."""
    window: Duration
    """Length of the agreed window."""
    moves: Annotated[int, Field(ge=0, le=10, strict=True)] = 1
    """Number of times that we may move an appointment; the next one must be kept."""
    part_delay: Duration
    """INV-13: delay of the appointment if parts are missing and their arrival is unknown."""


class Licence(Value):
    """Costs and requirements of a licence to work (上岗证, DSP-1). An amount that is None is still to be set."""

    badge: Money | None
    """The price of the badge."""
    monthly_fee: Money | None
    """The fee for each month."""
    deposit: Money | None
    """The deposit, which is returned."""
    uniform_at_cost: StrictBool = True
    """The technician pays the cost price of the uniform."""
    photos: Count
    """The number of photos that are handed in."""
    suspended_by_unpaid_fine: StrictBool = False
    """The licence is suspended when the stage `fine` is breached."""


class Expenses(Value):
    """Rules for expenses (DSP-16)."""

    travel_day: Duration
    """Working time that a day of travel counts."""
    forfeits_bonus: StrictBool = False
    """Missing journals or settlements forfeit the bonus."""


class Maintenance(Value):
    """Planned maintenance and inspections (DSP-15)."""

    every: Every | None = None
    """The interval between two visits."""
    utilities: tuple[Code, ...] = ()
    """Utilities whose shut-off must be announced in writing."""
    inspect_before_season: Share | None = None
    """Share of the machines of a district that are inspected before the season."""


class Tick(Value):
    code: Code
    """The code of the item."""
    text: Texts
    """The item to check."""
    required: StrictBool = True
    """The order cannot close without it (DSP-18)."""


class Quota(Value):
    role: Role
    """The role that must reach it."""
    count: Count
    """The number of cases."""
    every: Every
    """The interval."""


class Routine(Value):
    """A report, meeting or reconciliation that is due at intervals."""

    every: Every
    """The interval."""
    day: MonthDay | None = None
    """The latest day of the month."""
    lasts: Duration | None = None
    """The usual duration."""
    role: Role
    """The role that does it."""
    to: Role | None = None
    """The role that receives the result, and signs it if it needs a signature."""
    contents: tuple[Code, ...] = ()
    """Codes of the contents."""


class Phrases(Value):
    """Preferred and forbidden phrases (FBK-12): a forbidden phrase warns while a reply is written."""

    preferred: tuple[Line, ...] = ()
    """Phrases to use."""
    forbidden: tuple[Line, ...] = ()
    """Phrases to avoid."""


class Stock(Value):
    """The figures of the store (INV)."""

    yellow_after_months: Count
    """INV-6: months without an issue."""
    red_after_months: Count
    """Months without an issue after which stock is dead."""
    stocktake_every: Every
    """The interval between stocktakes."""
    requisition_day: MonthDay | None = None
    """The day of the month for requisitions (INV-10)."""
    expiry_alert: Duration
    """INV-3: time before a lot expires at which a warning is due."""
    clean_every: Every
    """Interval between cleanings of the store (INV-17)."""
