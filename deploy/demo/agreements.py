"""One customer of the demo has a service contract for her washing machine: who pays, and by when, is in it (INT-13)."""

from datetime import timedelta

from deploy.demo.day import Day

NUMBER, SERIAL = "HT-2026-0042", "XQB80-364543"


async def sign(day: Day) -> None:
    """Record the contract; on another day it is there already, and runs on."""
    contact, today = day.contacts[SERIAL], day.began.date()
    (customer,) = (await day.offices.ask("intake", "/customers", q=contact.row["phone"]))["items"]
    terms = {
        "customer": customer["id"],
        "branch": contact.row["branch"],
        "serials": [SERIAL],
        "valid_from": (today - timedelta(days=30)).isoformat(),
        "valid_until": (today + timedelta(days=335)).isoformat(),
        "covers": {"parts": "free", "labour": "free", "travel": "free"},
        "response": {"first_reply": 7200},
    }
    await day.offices.put("intake", f"/contracts/{NUMBER}", terms, who="manager")
