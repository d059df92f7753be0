"""A full example of each event that begins a document and of the other services' forms, with the rule that keeps it."""

from contracts.full_forms import DAY, GROUND, KNOWN, NOW, PLACE, PRODUCT, SHARED, SUBJECT
from contracts.kept import Row
from pydantic import BaseModel

from aftersales.common.events.dispatch import RepairCompleted, TechnicianAssigned
from aftersales.common.events.intake import RequestRegistered
from aftersales.common.events.partner import PartnerProductSold, PartnerServiceRequest
from aftersales.common.terms import Terms as WordTerms
from aftersales.dispatch.orders.domain.order import OrderPolicy, open_order
from aftersales.dispatch.orders.domain.report import ServiceReport
from aftersales.dispatch.technicians import domain as technicians
from aftersales.feedback.followups import domain as followups
from aftersales.intake.archive.domain import product as products
from aftersales.intake.partners import handlers as partners
from aftersales.inventory.parts import domain as parts
from aftersales.inventory.slips import domain as slips
from aftersales.policy.calendars import Calendar
from aftersales.policy.sla import Terms

ORDER = {"order": "WO-261122-7K3F", "request": "SR-261122-7K3F", "branch": "BJ01", "visit": 2, "at": NOW}
LATER = {"claimed": True, "received_at": NOW}
ON_THE_ORDER = dict.fromkeys(LATER, "on the order and the timeline")
CALENDAR = Calendar(zone="Asia/Shanghai")
REGISTERED = RequestRegistered(
    request="SR-261122-7K3F",
    customer="c-1",
    kind="installation",
    priority=2,
    registered_at=NOW,
    entered_at=NOW,
    work_type="commissioning",
    on_site=False,
    policy="appliance@0",
    calendar=CALENDAR,
    quiet_hours="12:00-14:00",
    cases=("rush",),
    repeats="SR-261122-0000",
    contract="HT-1",
    response={"arrival": 60},
    **{name: SUBJECT[name] for name in ("product", "fault", "wanted_at")},
    **{name: SHARED[name] for name in ("branch", "channel", "owner", "location")},
)
PLAN = followups.Plan(due_at=NOW, terms=Terms(target=3600))


_REPAIRED = RepairCompleted.model_validate(
    ORDER
    | {"technician": "T", "product": PRODUCT, "fault": "f", "cause": "x", "solution": "y"}
    | {"parts_used": [{"part": "P", "quantity": 1}], "policy": "appliance@0", "calendar": CALENDAR}
    | {"quiet_hours": "12:00-14:00", **LATER}
)


def opened(event: RequestRegistered) -> BaseModel:
    figures = {"lead": 0, "window": 0, "retry_after": 0, "shortage_delay": 0}
    return open_order("WO-1", event, NOW, "x", OrderPolicy.model_validate(figures | {"service": GROUND.policy}))[0]


EVENTS = [
    Row(
        REGISTERED,
        opened,
        left={
            "customer": "personal data stays in intake",
            "kind": "decides the policy, which the order keeps",
            "work_type": "decides the policy, which the order keeps",
            "on_site": "without a visit there is no order",
            "channel": "nothing of the visit depends on it",
            "repeats": "priority says it",
        },
    ),
    Row(
        technicians.RegisterTechnician.model_validate(
            {
                "name": "x",
                "branch": "BJ01",
                "skills": ["s"],
                "licence_until": NOW,
                "shift": {"start": 1},
                "suspended": True,
            }
        ),
        lambda form: technicians.register_technician(None, "T-1", form, technicians.KnownLines(WordTerms(()))),
    ),
    Row(
        ServiceReport.model_validate(
            {"cause": "x", "solution": "y", "parts_used": [{"part": "P", "quantity": 1}], "tested": True}
            | {"customer_remarks": "z", "signed_by": "王芳"}
        ),
        lambda report: RepairCompleted.model_validate(
            {**ORDER, "technician": "T", "product": PRODUCT, "fault": "f"}
            | report.model_dump(include=set(RepairCompleted.model_fields))
        ),
        left=dict.fromkeys(("tested", "customer_remarks"), "on the order, whose `report` is the whole form")
        | {"signed_by": "personal data stays at dispatch"},
    ),
    Row(
        TechnicianAssigned.model_validate(
            ORDER
            | {"technician": "T", "product": PRODUCT, "fault": "f", "priority": 2}
            | {"appointment_start": NOW, "appointment_end": NOW, "plan": 2, **LATER}
        ),
        lambda event: slips.open_slip(event, ()),
        left=dict.fromkeys(("technician", "fault", "priority", "at"), "nothing of the parts depends on it")
        | dict.fromkeys(("appointment_start", "appointment_end"), "parts are set aside at once")
        | ON_THE_ORDER,
    ),
    Row(
        _REPAIRED,
        lambda event: followups.schedule_followup(event, PLAN),
        left=dict.fromkeys(("product", "fault", "cause", "solution", "parts_used"), "on the warranty card")
        | dict.fromkeys(("at", "calendar", "quiet_hours"), "decides when it is due")
        | ON_THE_ORDER,
    ),
    Row(
        _REPAIRED,
        lambda event: products.record_repair(KNOWN, event).warranty_card[0],
        elsewhere={"parts_used": "parts"},
        left=dict.fromkeys(("order", "branch", "policy", "calendar", "quiet_hours"), "on the request")
        | {"product": "its card it is"}
        | ON_THE_ORDER,
    ),
    Row(
        followups.FinishFollowUp.model_validate(
            {"outcome": "unreachable", "clerk": "c", "remark": "x", "at": NOW, "position": PLACE, "decided_on": 3}
        ),
        lambda form: followups.record_outcome(followups.schedule_followup(_REPAIRED, PLAN), form, "token", NOW)[0],
        left=dict.fromkeys(("at", "position", "decided_on"), "on the callback's `deed`, which take_call makes"),
    ),
    Row(
        parts.RegisterPart.model_validate(
            {"name": "x", "model": "m", "specification": "s", "faults": ["f"], "lines": ["l"], "quantity_per_job": 2}
            | {"price": {"amount": 100, "currency": "CNY"}}
        ),
        lambda form: parts.register_part(None, "P-1", form, parts.KnownUses(WordTerms(()), WordTerms(())), NOW),
    ),
    Row(
        PartnerServiceRequest.model_validate(
            {"customer_name": "王芳", "purchased_on": DAY, "kind": "installation", "fault": "f", "description": "x"}
            | {
                "branch": "BJ01",
                "phone": "13800138000",
                "email": "a@b.example",
                "chat_id": "x",
                "unreachable": "x",
                "address": "x",
                "urgency": 3,
                "wanted_at": NOW,
                "danger": True,
                "rush": True,
            }
            | PRODUCT
            | {"location": PLACE}
        ),
        partners.request_form,
        elsewhere={"customer_name": "customer.name"}
        | {name: f"customer.{name}" for name in ("phone", "email", "chat_id", "unreachable", "address")}
        | {name: f"product.{name}" for name in ("serial", "model", "line", "purchased_on")},
    ),
    Row(
        PartnerProductSold.model_validate(
            {"customer_name": "王芳", "purchased_on": DAY, "batch": "B7", "branch": "BJ01", "phone": "13800138000"}
            | PRODUCT
            | {"address": "x", "email": "a@b.example", "chat_id": "x"}
        ),
        partners.sale_form,
        elsewhere={"customer_name": "name"}
        | {name: f"products.0.{name}" for name in ("serial", "model", "line", "batch", "purchased_on")},
    ),
]
