"""One customer of the demo takes papers home: the signed request form and the warranty card of her washing machine."""

from deploy.demo.day import Contact, Day
from deploy.demo.offices import Document

IN_CHINESE = {"language": "zh-Hans"}


async def hand_over(day: Day, contact: Contact, request: Document) -> None:
    """Print both, and note who got them (INT-17)."""
    clerk = f"desk-{contact.row['branch']}"
    printed = {}
    for path in (f"/requests/{request['id']}/form", f"/products/{contact.serial}/warranty-card"):
        document: Document = await day.offices.tell("intake", path, IN_CHINESE, who=clerk)
        given = {"to": contact.row["name"], "how": "paper", "signed": document["kind"] == "request_form"}
        await day.offices.tell("intake", f"/documents/{document['id']}/handed-over", given, who=clerk)
        printed[document["kind"]] = document["id"]
    form, card = printed["request_form"], printed["warranty_card"]
    day.say("desk", f"{request['id']} {contact.row['name']} signs the form {form} and gets the warranty card {card}")
