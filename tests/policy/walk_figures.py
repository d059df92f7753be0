"""What the rulebook promises, written down once more: the walk holds the shipped policies against it.

All items come in on Wednesday, 30 September 2026 at 11:30 in Shanghai: before lunch, before the National Day holidays
(1 to 7 October) and the Saturday that is worked instead (10 October). `ours`: a figure that the rulebook leaves open.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from policy.calendars import local
from policy.walker import AGREED_IN

START = local("2026-09-30 11:30")
AGREED = "agreed"
"""With the customer: `AGREED_IN` after the stage's start."""
MINUTE = timedelta(minutes=1)

OPEN = {
    "branch": [
        (local(f"2026-{day} {opens}"), local(f"2026-{day} {closes}"))
        for day in ("09-30", "10-08", "10-09", "10-10")
        for opens, closes in (("09:00", "12:00"), ("13:00", "18:00"))
    ],
    "duty": [
        (local(f"2026-{day} 08:00"), local(f"2026-{day} 22:00")) for day in ("09-30", "10-01", "10-02")
    ],  # DSP-12: 8:00-22:00, holidays or not
}
"""When a calendar is open, as far as the walk goes."""


class Figure(NamedTuple):
    rule: str
    until: int | str
    """Minutes, a time on the wall, or AGREED."""
    on: str = "always"

    def span(self, start: datetime) -> float:
        """How many minutes a stage may take that starts then."""
        if isinstance(self.until, int):
            return self.until
        end = start + AGREED_IN if self.until == AGREED else local(f"2026-{self.until}")
        return (end - start) / MINUTE

    def after(self, start: datetime, minutes: float) -> datetime:
        """When so many minutes have passed on its calendar: counted by hand, window by window."""
        if self.on == "always":
            return start + minutes * MINUTE
        for opens, closes in OPEN[self.on]:
            here = max((closes - max(opens, start)) / MINUTE, 0.0)
            if minutes <= here:
                return max(opens, start) + minutes * MINUTE
            minutes -= here
        raise AssertionError("the windows end before the walk does")

    def deadline(self, start: datetime) -> datetime:
        return self.after(start, self.span(start))

    def marks(self, start: datetime, ladder: Sequence[tuple[str, int]]) -> Iterator[tuple[str, datetime]]:
        """Warnings at 50 % and 80 %, the breach, and the chain (ALL-3)."""
        span = self.span(start)
        yield "50%", self.after(start, span * 0.5)
        yield "80%", self.after(start, span * 0.8)
        yield "breach", self.after(start, span)
        for role, later in ladder:
            yield role, self.after(start, span + later)


LADDER = (("owner", 0), ("supervisor", 30), ("centre", 120), ("headquarters", 480), ("leadership", 1440))
"""ALL-3: the chain; how long after the breach is ours."""
LADDERS = {("property", "dispatch"): (("supervisor", 0), ("centre", 30), ("headquarters", 120), ("leadership", 1440))}
"""DSP-2: the supervisor is told why at once."""

_EVERYWHERE = {
    "review": Figure("INT-2", "09-30 23:59"),
    "contact_again": Figure("DSP-5", "10-01 23:59"),
    "workshop": Figure("DSP-9", AGREED),
    "complaint_answer": Figure("FBK-3", 24 * 60),
    "complaint_verify": Figure("FBK-3", "10-10 23:59"),  # the third working day: 8, 9 and, made up, 10 October
    "complaint_timetable": Figure("FBK-3", AGREED),
    "department_reply": Figure("ALL-4, ours", "10-10 23:59"),  # the third working day
    "handover": Figure("ALL-7", "09-30 12:00"),
}
_DISPATCH, _ARRIVAL = Figure("DSP-2, ours", 15), Figure("DSP-3", AGREED)
_CALLBACK = Figure("FBK-1, ours", 60)
_COMPANY = {
    "confirm": Figure("INT-8", 120),
    "resolve": Figure("INT-8", 24 * 60),
    "dispatch": Figure("DSP-2, ours", 15, "duty"),
    "arrival": _ARRIVAL,
    "commissioning": Figure("INT-13", AGREED),
    "training": Figure("INT-13", AGREED),
    "callback": _CALLBACK,
}
FIGURES: dict[str, dict[str, Figure]] = {
    "appliance": {"dispatch": _DISPATCH, "arrival": _ARRIVAL, "callback": _CALLBACK},
    "agri-machinery": {
        "dispatch": Figure("DSP-2, ours", 5),
        "arrival": Figure("DSP-3", 30),
        "repair": Figure("DSP-8", 30),
        "callback": Figure("FBK-1, ours", "09-30 20:00"),
    },
    "building-materials": {
        "dispatch": Figure("DSP-2, ours", 120, "branch"),
        "arrival": _ARRIVAL,
        "callback": _CALLBACK,
        "fine": Figure("FBK-5", 24 * 60),
    },
    "e-bike": {
        "dispatch": _DISPATCH,
        "arrival": _ARRIVAL,
        "callback_quality": _CALLBACK,
        "callback_satisfaction": Figure("FBK-1", "09-30 20:00"),
        "callback_riding": Figure("FBK-1, ours", "09-30 20:00"),
    },
    "e-commerce": {
        "first_reply": Figure("INT-8", 5),
        "answer": Figure("INT-8", 24 * 60),
        "logistics_reply": Figure("FBK-4", 5),
        "logistics": Figure("FBK-4", 48 * 60),
        "refund": Figure("FBK-4", "10-09 23:59"),  # the second working day
        "complaint_followup": Figure("FBK-3", 30),
        "callback": Figure("FBK-1, ours", 24 * 60),
    },
    "enterprise": {"first_reply": Figure("INT-8", 24 * 60), **_COMPANY},
    "enterprise-12h": {"first_reply": Figure("INT-8", 12 * 60), **_COMPANY},
    "medical-equipment": {
        "dispatch": _DISPATCH,
        "arrival": _ARRIVAL,
        "callback": Figure("FBK-1, ours", "10-08 18:00"),  # the next working day
    },
    "property": {
        "dispatch": Figure("DSP-2", 15),
        "arrival": Figure("DSP-3", 20),
        "repair": Figure("DSP-8", "09-30 23:59"),
        "callback": Figure("FBK-1", 3 * 24 * 60),
    },
}
for _figures in FIGURES.values():
    _figures |= _EVERYWHERE

CASES: dict[tuple[str, str, str], Figure] = {
    ("agri-machinery", "arrival", "far"): Figure("DSP-3", 60),
    ("agri-machinery", "repair", "major"): Figure("DSP-8", 120),
    ("appliance", "dispatch", "rush"): Figure("ALL-10, ours", 5),
    ("appliance", "arrival", "rush"): Figure("ALL-10, ours", 120),
    ("appliance", "dispatch", "holiday"): Figure("ALL-10, ours", 30),
    ("appliance", "dispatch", "emergency"): Figure("INT-5, ours", 5),
    ("building-materials", "dispatch", "emergency"): Figure("INT-5, ours", 15),
    ("building-materials", "dispatch", "rush"): Figure("ALL-10, ours", 30),
    ("building-materials", "dispatch", "holiday"): Figure("ALL-10, ours", 120),
    ("building-materials", "arrival", "rush"): Figure("ALL-10, ours", 240),
    ("property", "dispatch", "emergency"): Figure("INT-5, ours", 5),
    ("property", "dispatch", "rush"): Figure("ALL-10, ours", 5),
    ("property", "repair", "emergency"): Figure("INT-5, ours", 120),
}
"""Policy, stage and case, where the case has a figure of its own."""
for _name in ("e-bike", "medical-equipment", "enterprise", "enterprise-12h"):
    CASES |= {
        (_name, "dispatch", "emergency"): Figure("INT-5, ours", 5),
        (_name, "dispatch", "rush"): Figure("ALL-10, ours", 5),
        (_name, "dispatch", "holiday"): Figure("ALL-10, ours", 30),
        (_name, "arrival", "rush"): Figure("ALL-10, ours", 120),
    }
for _name in ("enterprise", "enterprise-12h"):
    CASES |= {
        (_name, "confirm", "emergency"): Figure("INT-8, ours", 15),
        (_name, "resolve", "emergency"): Figure("INT-8, ours", 240),
        (_name, "dispatch", "holiday"): Figure("ALL-10, ours", 30, "duty"),
    }
for _name in sorted(FIGURES.keys() - {"e-commerce"}):
    CASES[_name, "first_reply", "emergency"] = Figure("INT-5, ours", 5)
ONLY_IN_CASES = {(name, stage) for name, stage, _ in CASES if stage not in FIGURES[name]}
"""Policies and stages that are promised in special cases only."""

PAUSES = {
    "arrival": ("waiting_customer", "waiting_part"),
    "workshop": ("waiting_part", "waiting_approval"),
    "repair": ("waiting_customer", "waiting_part", "waiting_approval", "meal_break", "interrupted"),  # DSP-7
    "resolve": ("waiting_customer", "waiting_part", "waiting_approval", "meal_break", "interrupted"),
}
"""ALL-3: which waiting stops which clock, wherever nothing else is said."""
OTHER_PAUSES = {
    ("agri-machinery", "arrival"): ("waiting_customer",),
    ("property", "arrival"): ("waiting_customer",),
    ("property", "repair"): ("waiting_customer", "waiting_part", "waiting_approval"),
}
REASONS = ("waiting_customer", "waiting_part", "waiting_approval", "meal_break", "interrupted")

MILESTONES = {
    "review": ("request_registered", "request_reviewed"),
    "first_reply": ("request_registered", "customer_answered"),
    "answer": ("question_referred", "customer_answered"),
    "confirm": ("request_registered", "appointment_agreed"),
    "resolve": ("request_registered", "request_resolved"),
    "dispatch": ("request_registered", "technician_assigned"),
    "arrival": ("technician_assigned", "technician_arrived"),
    "repair": ("technician_arrived", "repair_completed"),
    "contact_again": ("customer_not_reached", "customer_contacted"),
    "workshop": ("unit_taken", "unit_returned"),
    "commissioning": ("contract_signed", "commissioning_completed"),
    "training": ("contract_signed", "customer_trained"),
    "fine": ("fine_confirmed", "fine_paid"),
    "logistics_reply": ("parcel_problem_reported", "parcel_problem_answered"),
    "logistics": ("parcel_problem_reported", "parcel_problem_solved"),
    "refund": ("goods_inspected", "refund_paid"),
    "complaint_followup": ("complaint_marked_serious", "complaint_followed_up"),
    "callback": ("followup_due", "followup_done"),
    "callback_quality": ("followup_due", "followup_done"),
    "callback_satisfaction": ("followup_due", "followup_done"),
    "callback_riding": ("followup_due", "followup_done"),
    "complaint_answer": ("complaint_registered", "complaint_answered"),
    "complaint_verify": ("complaint_registered", "complaint_verified"),
    "complaint_timetable": ("timetable_promised", "complaint_resolved"),
    "department_reply": ("result_handed", "result_acknowledged"),
    "handover": ("shift_ended", "shift_settled"),
}
"""What starts and what stops a stage, wherever nothing else is said."""
OTHER_MILESTONES = {
    ("agri-machinery", "arrival"): ("request_registered", "technician_arrived"),  # DSP-3: from the receipt
    ("property", "arrival"): ("request_registered", "technician_arrived"),  # DSP-3
    ("property", "repair"): ("request_registered", "repair_completed"),  # DSP-8
}


def milestones(policy: str, stage: str) -> tuple[str, str]:
    return OTHER_MILESTONES.get((policy, stage), MILESTONES[stage])


def pauses(policy: str, stage: str) -> tuple[str, ...]:
    return OTHER_PAUSES.get((policy, stage), PAUSES.get(stage, ()))


def ladder(policy: str, stage: str) -> tuple[tuple[str, int], ...]:
    return LADDERS.get((policy, stage), LADDER)
