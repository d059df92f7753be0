"""A customer whose every personal field has a word that stands nowhere else, and the search for these words."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from e2e.story import BRANCH, call, furnish, repair

from aftersales.testing import eventually
from aftersales.testing.system import RunningSystem
from aftersales.values import sibling_number

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24) + b"canary-in-the-picture" + bytes(300_000)
PHONES = {"phone": "13987601234", "second phone": "13987605678", "contact's phone": "13987609012"}
WORDS = {
    name: f"canary{number:02d}{name.replace(' ', '')}"
    for number, name in enumerate(
        (
            *("name", "alias", "address", "second address", "contact", "user", "wechat", "chat", "vip", "membership"),
            *("consent", "email", "description", "detail", "account", "note", "said", "caller", "reply"),
            *("evidence", "proof", "letter", "letter text", "reference", "signer", "remark of report", "file name"),
            *("cause", "solution", "callback", "suggestion", "complaint", "complainant", "complaint answer"),
            *(
                "handed over",
                "contract",
                "why corrected",
                "installed at",
                "other name",
                "other address",
                "review",
                "cancelled",
            ),
        )
    )
}
"""Words by the field that they are in."""
IN_EVENTS = {"cause", "solution", "why corrected", "cancelled", "membership"}
"""Free text, and the level of membership, in events; the journal removes them after 7 days (docs/privacy.md)."""
SERIAL = "SN-CANARY-1"
CLERK = {"X-Actor": "clerk-1"}
A_WHILE = timedelta(seconds=110)
"""For a lease: less than the eraser's own."""


def mentioned(text: bytes) -> set[str]:
    """The fields whose word or number stands in a text."""
    folded = text.lower()
    marks = {name: word.lower().encode() for name, word in WORDS.items()}
    marks |= {name: number[-8:].encode() for name, number in PHONES.items()}
    return {name for name, mark in marks.items() if mark in folded} | (
        {"bytes"} if b"canary-in-the" in folded else set()
    )


async def search_databases(system: RunningSystem) -> dict[str, set[str]]:
    """Where the canaries are: the fields by `service.collection`, from the raw bytes of every document."""
    found: dict[str, set[str]] = {}
    raw: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
    for name, running in system.services.items():
        database = running.runtime.mongo._db
        for collection in await database.list_collection_names():
            async for row in database.get_collection(collection, codec_options=raw).find({}):
                if fields := mentioned(bytes(row.raw)):
                    found.setdefault(f"{name}.{collection}", set()).update(fields)
    return found


async def live_a_case(system: RunningSystem, clock: Any) -> Mapping[str, Any]:
    """A case from the call to the survey, with everything that can be said of a customer; its numbers."""
    await furnish(system)
    intake, w = system.intake, WORDS
    request = await call(intake, "POST", "/requests", FORM, **CLERK, **{"Idempotency-Key": "first"})
    number, customer = request["id"], request["customer"]
    question = await _describe(system, number, customer)
    await repair(
        system,
        number,
        {
            "cause": w["cause"],
            "solution": w["solution"],
            "parts_used": [{"part": "P-100", "quantity": 1}],
            "tested": True,
            "customer_remarks": w["remark of report"],
            "signed_by": w["signer"],
        },
    )
    await _look_back(system, number, clock)
    return {"request": number, "customer": customer, "question": question}


FORM = {
    "branch": BRANCH,
    "channel": "phone",
    "customer": {
        "name": WORDS["name"],
        "phone": PHONES["phone"],
        "address": WORDS["address"],
        "email": f"{WORDS['email']}@example.org",
        "chat_id": WORDS["chat"],
    },
    "product": {
        "serial": SERIAL,
        "model": "BCD-470",
        "line": "refrigerator",
        "purchased_on": "2026-03-01",
        "installed_at": {"text": WORDS["installed at"]},
    },
    "location": {"lat": 31.2, "lon": 121.4},
    "fault": "no-cooling",
    "description": WORDS["description"],
    "order": {"platform": "taobao", "account": WORDS["account"]},
    "details": {"extra": WORDS["detail"]},
}


async def _describe(system: RunningSystem, number: str, customer: str) -> str:
    intake, w = system.intake, WORDS
    particulars = {
        "aliases": [w["alias"]],
        "phones": [{"number": PHONES["phone"]}, {"number": PHONES["second phone"]}],
        "addresses": [{"text": w["address"]}, {"text": w["second address"]}],
        "contacts": [{"name": w["contact"], "phone": {"number": PHONES["contact's phone"]}}],
        "users": [{"name": w["user"]}],
        "wechat": w["wechat"],
        "vip": {"team": w["vip"]},
        "membership": {"level": w["membership"]},
    }
    await call(intake, "PATCH", f"/customers/{customer}", particulars, **CLERK)
    consent = {"given": True, "how": w["consent"]}
    await call(intake, "PUT", f"/customers/{customer}/consents/letters", consent, **CLERK)
    sent = await intake.http.post(
        f"/customers/{customer}/files", params={"name": f"{w['file name']}.png", "request": number}, content=PNG
    )
    assert sent.status_code == 201, sent.text
    for path, body in (
        ("notes", {"text": w["note"]}),
        ("contacts", {"channel": "phone", "caller": w["caller"], "said": w["said"]}),
        ("review", {"remark": w["review"]}),
    ):
        await call(intake, "POST", f"/requests/{number}/{path}", body, **CLERK, **{"Idempotency-Key": path})
    corrected = {"address": w["other address"], "caller": w["other name"], "why": w["why corrected"]}
    await call(intake, "PATCH", f"/requests/{number}", corrected)
    proof = {"purchased_on": "2026-03-01", "evidence": w["proof"], "invoice": w["evidence"]}
    await call(intake, "POST", f"/products/{SERIAL}/proof", proof)
    form = await call(intake, "POST", f"/requests/{number}/form", {"language": "en"})
    await call(intake, "POST", f"/documents/{form['id']}/handed-over", {"to": w["handed over"], "how": "email"})
    letter = {"direction": "in", "channel": "letter", "subject": w["letter"], "text": w["letter text"]}
    letter |= {"reference": w["reference"], "customer": customer, "request": number}
    await call(intake, "POST", "/correspondence", letter, **CLERK)
    complaint = {"name": w["complainant"], "phone": PHONES["phone"], "text": w["complaint"], "number": number}
    received = await call(intake, "POST", "/public/complaints", complaint)
    answer = {"channel": "phone", "text": w["complaint answer"], "settled": True}
    await call(intake, "POST", f"/complaints/{received['number']}/answer", answer)
    question = await _ask(system, customer)
    await system.quiet()
    return question


async def _ask(system: RunningSystem, customer: str) -> str:
    """A question that is answered and stays open, and a contract that ends with the day."""
    intake, w = system.intake, WORDS
    question = {"branch": BRANCH, "channel": "phone", "customer": {"id": customer}, "kind": "consultation"}
    asked = await call(intake, "POST", "/requests", question | {"description": w["description"]})
    told = {"channel": "phone", "text": w["reply"]}
    await call(intake, "POST", f"/requests/{asked['id']}/replies", told)
    agreed = {"customer": customer, "branch": BRANCH, "serials": [SERIAL], "training_hours": 4}
    agreed |= {"valid_from": "2026-11-01", "valid_until": "2026-11-23"}
    contract = await call(intake, "POST", "/contracts", agreed)
    taught = {"day": "2026-11-23", "hours": 1, "people": 2, "subject": w["contract"]}
    await call(intake, "POST", f"/contracts/{contract['id']}/training", taught)
    return str(asked["id"])


async def _look_back(system: RunningSystem, number: str, clock: Any) -> None:
    clock.advance(hours=5.1)
    followup = f"{sibling_number(number, 'FU')}-1"

    async def due() -> bool:
        answer = await system.feedback.http.get(f"/followups/{followup}")
        return answer.status_code == 200 and answer.json()["state"] == "due"

    await eventually(due)
    told = {"outcome": "reached", "clerk": "c-1", "remark": WORDS["callback"]}
    done = await call(system.feedback, "POST", f"/followups/{followup}/done", told, **{"Idempotency-Key": "call"})
    marks = {"attitude": 5, "skill": 5, "punctuality": 4, "result": 5, "suggestions": WORDS["suggestion"]}
    await call(system.feedback, "POST", f"/surveys/{done['survey_token']}", marks)
    await system.quiet()
