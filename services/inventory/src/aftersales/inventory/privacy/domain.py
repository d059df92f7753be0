"""Inventory has no personal data of customers, only numbers (ALL-6); docs/privacy.md shows it. Pure."""

from aftersales.common.events.inventory import InventoryPersonalDataErased
from aftersales.common.privacy.harmless import HARMLESS, MASTER_DATA
from aftersales.common.privacy.holdings import PersonalData

PERSONAL = PersonalData(
    holdings=(),
    harmless=HARMLESS
    | dict.fromkeys(("parts", "price_announcements", "supersedences", "stock"), MASTER_DATA)
    | dict.fromkeys(("slips", "movements"), "parts, with the numbers of requests, orders and products"),
    announces=InventoryPersonalDataErased,
)
