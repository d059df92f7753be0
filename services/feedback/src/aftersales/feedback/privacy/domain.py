"""Where feedback has personal data of customers (ALL-6); docs/privacy.md shows it. Pure."""

from aftersales.common.events.feedback import FeedbackPersonalDataErased
from aftersales.common.privacy.harmless import HARMLESS
from aftersales.common.privacy.holdings import CLOCK_TEXTS, Holding, PersonalData
from aftersales.feedback.claims.domain import Claim
from aftersales.feedback.followups.domain import FollowUp
from aftersales.feedback.results.domain import CaseResults, DepartmentResult
from aftersales.feedback.surveys.domain import Survey

FOLLOWUPS = Holding(
    FollowUp,
    {"request": "requests"},
    personal=("remark", "survey_token", "deed.position", *CLOCK_TEXTS),
    kept=("request", "order", "technician", "policy", "clerk", "deed.what", "deed.by"),
)
SURVEYS = Holding(
    Survey,
    {"request": "requests"},
    personal=("answers.suggestions",),
    kept=("followup", "request"),
)
RESULTS = Holding(
    DepartmentResult,
    {"request": "requests", "reference": "complaints"},
    personal=("cause", "found", "what", *CLOCK_TEXTS),
    kept=("request", "product", "fault", "reference", "policy", "handed_by", "acknowledged_by"),
)
CASE_RESULTS = Holding(
    CaseResults,
    {"_id": "requests"},
    personal=("nothing_why",),
    kept=("kind", "product", "fault", "policy", "calendar", "results"),
)
CLAIMS = Holding(
    Claim,
    {"request": "requests", "repeats": "requests"},
    personal=("decision.why",),
    kept=("request", "repeats", "product", "fault", "technician", "decision.amount", "decision.by"),
)
PERSONAL = PersonalData(
    holdings=(FOLLOWUPS, SURVEYS, RESULTS, CASE_RESULTS, CLAIMS),
    harmless=HARMLESS
    | {"timelines": "times of a request's milestones, from which the key figures are counted"}
    | dict.fromkeys(("closed_months", "month_clocks"), "key figures of branches"),
    announces=FeedbackPersonalDataErased,
)
