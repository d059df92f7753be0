"""Callback clerks, the customers' answers (who is not satisfied gets another visit), and departments with results."""

from datetime import UTC, datetime, timedelta
from random import Random

from deploy.demo.day import Day, look_after, moment
from deploy.demo.offices import CUSTOMER, Document

QUESTIONS = ("attitude", "skill", "punctuality", "result")
ANSWER_RATE = 0.8
"""How many customers send the survey back."""
UNREACHABLE_RATE = 0.06
WORN_RATE = 0.6
"""How many causes are normal wear to the quality department."""


async def call_back(day: Day) -> None:
    """Call every customer whose callback is due (FBK-1)."""

    async def due() -> list[Document]:
        return await day.offices.every("feedback", "/followups", state="due")

    await look_after(day, due, _call)


async def _call(day: Day, seen: Document) -> None:
    followup = await day.offices.ask("feedback", f"/followups/{seen['id']}")
    if followup["state"] == "done":
        return
    contact = day.requests.get(followup["request"])
    dice = day.dice(contact.serial if contact else followup["request"], followup["visit"], "call")
    await day.spend(dice.uniform(3, 12))
    outcome = "unreachable" if dice.random() < UNREACHABLE_RATE else "reached"
    body = {"outcome": outcome, "clerk": f"C-{followup['branch']}"}
    at = moment(followup["repaired_at"]) + timedelta(minutes=dice.uniform(20, 60))
    if at < datetime.now(UTC):  # the repair was on paper, and so was the call
        body["at"] = at.isoformat()
    done = await day.offices.tell("feedback", f"/followups/{followup['id']}/done", body, who=body["clerk"])
    await _survey(day, done, dice)


async def _survey(day: Day, followup: Document, dice: Random) -> None:
    """Answer the survey, or not; a bad mark at the first visit reopens the request (FBK-2)."""
    contact = day.requests.get(followup["request"])
    angry = contact is not None and contact.scene == "dissatisfied" and followup["visit"] == 1
    if not angry and dice.random() > ANSWER_RATE:
        return day.end(contact)
    await day.spend(dice.uniform(5, 20))
    marks = (1, 2, 1, 2) if angry else tuple(dice.choice((3, 4, 5, 5, 5)) for _ in QUESTIONS)
    words = "修完第二天又坏了" if angry else ""
    answers = dict(zip(QUESTIONS, marks, strict=True)) | {"suggestions": words}
    await day.offices.tell("feedback", f"/surveys/{followup['survey_token']}", answers, who=CUSTOMER)
    if angry:
        return day.say("customer", f"{followup['request']} is dissatisfied ({words}): the request is opened again")
    if followup["visit"] > 1:
        day.say("customer", f"{followup['request']} is satisfied after visit {followup['visit']}")
    return day.end(contact)


async def answer_results(day: Day) -> None:
    """Let the quality and service departments say what they do about each result (ALL-4); the others are slower."""

    async def waiting() -> list[Document]:
        lists = (f"/departments/{department}/results" for department in ("quality", "service"))
        return [result for path in lists for result in await day.offices.every("feedback", path, state="open")]

    await look_after(day, waiting, _answer_result)


async def _answer_result(day: Day, result: Document) -> None:
    dice = day.dice(result["request"] or result["id"], 1, result["kind"])
    await day.spend(dice.uniform(5, 30))
    worn = result["kind"] == "repair" and dice.random() < WORN_RATE
    who = f"D-{result['department']}"
    body = {
        "results": [result["id"]],
        "outcome": "nothing_to_do" if worn else "accepted",
        "what": "正常磨损，无需处理" if worn else "已列入本周质量例会",  # noqa: RUF001 (full width is meant)
        "by": who,
    }
    path = f"/departments/{result['department']}/results/acknowledge"
    await day.offices.tell("feedback", path, body, who=who, key=f"acknowledge-{result['id']}")
