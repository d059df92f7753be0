"""Where dispatch has personal data of customers (ALL-6); docs/privacy.md shows it. Pure."""

from aftersales.common.events.dispatch import DispatchPersonalDataErased
from aftersales.common.privacy.harmless import HARMLESS, OF_STAFF
from aftersales.common.privacy.holdings import CLOCK_TEXTS, Holding, PersonalData
from aftersales.dispatch.orders.domain.order import WorkOrder

ORDERS = Holding(
    WorkOrder,
    {"request": "requests"},
    personal=(
        *("location", "cause", "report.cause", "report.solution", "report.customer_remarks", "report.signed_by"),
        *("called_off", "quiet_hours", "deeds[].position", "waits[].why", *CLOCK_TEXTS),
    ),
    kept=(
        *("request", "product", "fault", "technician", "declined_by", "deferred_for"),
        *("report.parts_used", "owner", "policy", "contract", "response", "calendar", "quoted"),
        *("surcharges", "waits.by", "flag", "history.by", "deeds.what", "deeds.by"),
    ),
)
PERSONAL = PersonalData(
    holdings=(ORDERS,),
    harmless=HARMLESS | {"technicians": OF_STAFF, "second_looks": "numbers of orders"},
    announces=DispatchPersonalDataErased,
)
