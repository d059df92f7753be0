"""What strangers get to see and to say (INT-11), on a real MongoDB."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.common.events.intake import ComplaintReceived
from aftersales.common.relay import OUTBOX
from aftersales.intake.public.domain.complaint import (
    About,
    ComplaintForm,
    PublicComplaint,
    receive_complaint,
    take_complaint,
)
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.testing import ManualClock
from aftersales.testing.system import RunningService

FORM: dict[str, Any] = {
    "branch": "BJ01",
    "channel": "phone",
    "customer": {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号"},
    "product": {"serial": "RF-0001", "model": "BCD-258", "line": "refrigerator"},
    "fault": "no-cooling",
}
COMPLAINT: dict[str, Any] = {"name": "王芳", "phone": "138 0013 8000", "text": "师傅迟到了两个小时"}


async def register(intake: RunningService) -> str:
    answer = await intake.http.post("/requests", json=FORM)
    number: str = answer.json()["id"]
    return number


async def look_up(intake: RunningService, number: str, tail: str = "8000", **headers: str) -> Any:
    return await intake.http.get(f"/public/requests/{number}", params={"phone_tail": tail}, headers=headers)


async def test_a_customer_sees_the_state_of_their_own_request_and_nothing_else(
    intake: RunningService, clock: ManualClock
) -> None:
    """INT-11, ALL-6. At the branch it is the next day already."""
    clock.advance(hours=16)
    number = await register(intake)
    for tail in ("8000", "138000", "8613800138000"):
        answer = await look_up(intake, number.lower(), tail, **{"Accept-Language": "zh-CN"})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "number": number,
            "state": "registered",
            "step": "registered",
            "state_words": "已登记，正在安排人员",  # noqa: RUF001
            "stage": None,
            "stage_words": None,
            "promised_by": None,
            "promised_words": None,
            "solution_promised": None,
            "solution_promised_words": None,
            "technician_words": None,
            "appointment_start": None,
            "appointment_end": None,
            "appointment_words": None,
            "registered_on": "2026-11-24",
            "branch": "北京",
        }


async def test_a_wrong_number_and_a_wrong_phone_are_answered_alike_and_after_the_same_reads(
    intake: RunningService,
) -> None:
    """INT-11: nobody learns which numbers there are, neither from the answer nor from its time."""
    number = await register(intake)
    await intake.runtime._cancel("timers")  # they look for requests that are due
    reads = []
    for wrong in ((number, "8001"), ("SR-261123-ZZZZ", "8000"), ("nonsense", "8000"), ("%00", "0000")):
        async with profiled(intake) as seen:
            answer = await look_up(intake, *wrong)
        said = {name: answer.json()[name] for name in ("status", "code", "params")}
        assert said == {"status": 404, "code": "public.request_unknown", "params": {}}
        reads.append([name for name in seen if name in {"requests", "customers"}])
    assert reads == [["requests", "customers"]] * 4


@asynccontextmanager
async def profiled(intake: RunningService) -> AsyncIterator[list[str]]:
    """The collections that are read inside, in order, as the database saw it."""
    database: Any = intake.runtime.mongo._db
    seen: list[str] = []
    await database.drop_collection("system.profile")
    await database.command({"profile": 2})
    yield seen
    await database.command({"profile": 0})
    rows = database["system.profile"].find({"op": "query"}).sort("$natural", 1)
    seen.extend([row["ns"].rpartition(".")[2] async for row in rows])


@pytest.mark.parametrize("tail", ["123", "", "abcd", "1" * 16, "80 00"])
async def test_less_than_four_digits_of_a_phone_are_not_enough(intake: RunningService, tail: str) -> None:
    assert (await look_up(intake, await register(intake), tail)).status_code == 422


async def test_nobody_guesses_the_phone_of_a_request_and_its_customer_is_not_locked_out(
    intake: RunningService, clock: ManualClock
) -> None:
    """INT-11: ten wrong tails an hour for one number, from wherever they come; then the whole phone is asked for."""
    from_elsewhere = strangers(intake)
    number = await register(intake)
    for tail in range(10):
        assert (await look_up(intake, number, f"{tail:04}", **next(from_elsewhere))).status_code == 404
    refused = await look_up(intake, number, **next(from_elsewhere))
    assert (refused.status_code, refused.json()["code"]) == (429, "public.whole_phone")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == str(refused.json()["params"]["seconds"]) == "360"
    customer = next(from_elsewhere)
    for whole in ("13800138000", "013800138000", "8613800138000", "00138000"):
        assert (await look_up(intake, number, whole, **customer)).status_code == 200
    assert (await look_up(intake, number, "8000", **customer)).status_code == 429, "four digits may be a guess"
    clock.advance(seconds=360)
    assert (await look_up(intake, number, **customer)).status_code == 200


async def test_nobody_tries_one_tail_on_all_numbers(intake: RunningService) -> None:
    """INT-11: ten wrong tails an hour from one address, for whichever numbers; a hundred whole phones."""
    number = await register(intake)
    statuses = [(await look_up(intake, f"SR-261123-{n:04}", "8000")).status_code for n in range(12)]
    assert statuses == [404] * 10 + [429] * 2
    refused = await look_up(intake, number, "8000")
    assert refused.json()["code"] == "public.whole_phone"
    assert (await look_up(intake, number, "13800138000")).status_code == 200


async def test_whole_phones_are_not_tried_without_end(intake: RunningService, clock: ManualClock) -> None:
    """INT-11: a hundred wrong ones an hour from one address."""
    number, statuses = await register(intake), []
    for n in range(110):
        clock.advance(seconds=2)
        statuses.append((await look_up(intake, number, f"139{n:08}")).status_code)
    assert statuses[:100] == [404] * 100
    assert statuses[-1] == 429


async def test_who_is_right_may_look_as_often_as_they_like(intake: RunningService, clock: ManualClock) -> None:
    """INT-11: only wrong tries count."""
    number = await register(intake)
    for _ in range(40):
        clock.advance(seconds=2)
        assert (await look_up(intake, number)).status_code == 200


def strangers(intake: RunningService) -> Iterator[dict[str, str]]:
    """Headers of callers from ever other addresses, behind one proxy of ours that writes ports too."""
    settings: Any = intake.runtime.service.settings
    settings.trusted_proxies = 1
    return ({"X-Forwarded-For": f"198.51.100.{n}:{50_000 + n}"} for n in range(250))


async def test_one_address_looks_up_so_often_a_minute_whoever_it_says_it_is(intake: RunningService) -> None:
    """INT-11: X-Forwarded-For counts only where a proxy of ours has written it."""
    settings: Any = intake.runtime.service.settings
    statuses = [
        (await look_up(intake, f"SR-261123-{n:04}", **{"X-Forwarded-For": f"192.0.2.{n}"})).status_code
        for n in range(31)
    ]
    assert statuses == [404] * 10 + [429] * 21
    assert (await look_up(intake, "z")).json()["code"] == "public.too_many"
    settings.trusted_proxies = 1
    behind = [{"X-Forwarded-For": f"192.0.2.99, 198.51.100.1:{40_000 + n}"} for n in range(31)]
    assert [(await look_up(intake, f"x{n}", **behind[n])).status_code for n in range(31)] == statuses
    assert (await look_up(intake, "y", **{"X-Forwarded-For": "192.0.2.99, 198.51.100.2"})).status_code == 404
    assert (await look_up(intake, "z")).status_code == 429, "the proxy did not say for whom it asks"


async def complain(intake: RunningService, **changes: Any) -> str:
    answer = await intake.http.post("/public/complaints", json=COMPLAINT | changes)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"number"}
    assert "location" not in answer.headers
    number: str = answer.json()["number"]
    return number


async def test_a_complaint_is_taken_in_and_taken_on(intake: RunningService) -> None:
    """INT-11, ALL-4."""
    await intake.runtime._cancel("timers")  # they start the clocks of complaints, at any moment
    number = await register(intake)
    own = await complain(intake, number=number.lower(), text="长" * 50_000)
    elsewhere = await complain(intake, number=number, phone="13900139000", branch="BJ01", kind="suggestion")
    listed = (await intake.http.get("/complaints", params={"state": "new", "limit": 1})).json()
    assert [one["id"] for one in listed["items"]] == [min(own, elsewhere)], "the oldest first, then by number"
    first, other = [(await intake.http.get(f"/complaints/{id}")).json() for id in (own, elsewhere)]
    assert (first["request"], first["branch"], first["phone"]) == (number, "BJ01", "+8613800138000")
    assert (other["request"], other["number"], other["kind"]) == (None, number, "suggestion")
    taken = await intake.http.post(f"/complaints/{own}/take", headers={"X-Actor": "desk-7"})
    assert (taken.json()["state"], taken.json()["taken_by"]) == ("taken", "desk-7")
    again = await intake.http.post(f"/complaints/{own}/take")
    assert (again.status_code, again.json()["code"]) == (409, "complaint.already_taken")
    assert (await intake.http.get("/complaints", params={"state": "new"})).json()["items"] == [other]


async def test_a_complaint_that_does_not_fit_is_refused_field_by_field(intake: RunningService) -> None:
    for changes, status, code in (
        ({"text": " "}, 422, "input.malformed"),
        ({"phone": "110-xx"}, 422, "input.malformed"),
        ({"text": "长" * 50_001}, 422, "input.malformed"),
        ({"branch": "XX99"}, 409, "branch.unknown"),
    ):
        answer = await intake.http.post("/public/complaints", json=COMPLAINT | changes)
        assert (answer.status_code, answer.json()["code"]) == (status, code), changes
    assert await intake.find(PublicComplaint) == []


async def test_one_address_complains_five_times_an_hour(intake: RunningService) -> None:
    for _ in range(5):
        await complain(intake)
    answer = await intake.http.post("/public/complaints", json=COMPLAINT)
    assert (answer.status_code, answer.json()["code"]) == (429, "public.too_many")
    assert len(await intake.find(PublicComplaint)) == 5


async def test_the_pages_information_is_read_once_a_minute_however_many_ask(
    intake: RunningService, clock: ManualClock
) -> None:
    await intake.runtime._cancel("timers")
    async with profiled(intake) as seen:
        answers = await asyncio.gather(*(intake.http.get("/public/info") for _ in range(20)))
        clock.advance(seconds=59)
        answers.append(await intake.http.get("/public/info"))
    assert seen.count("branches") == 1
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].headers["cache-control"] == "public, max-age=240"


async def test_a_complaint_is_told_without_anything_personal(intake: RunningService, clock: ManualClock) -> None:
    """ALL-6, and the honeypot: a suspect complaint is kept, and told once somebody takes it."""
    await intake.runtime._cancel("relay")
    number = await complain(intake, website="http://spam.example")
    assert (await intake.get(PublicComplaint, number)).state == "suspect"
    assert await told(intake) == []
    await intake.http.post(f"/complaints/{number}/take")
    (body,) = await told(intake)
    assert number in body
    assert not any(word in body for word in ("王芳", "13800138000", "迟到"))


async def told(intake: RunningService) -> list[str]:
    """The events about complaints that wait to be sent."""
    parcels = await intake.runtime.mongo.rows(OUTBOX, {})
    bodies = [message["body"].decode() for parcel in parcels for message in parcel["messages"]]
    return [body for body in bodies if ComplaintReceived.TYPE in body]


def received(*told: Any) -> tuple[PublicComplaint, Any]:
    """What is kept, and the one event that tells of it."""
    complaint, (event,) = receive_complaint(*told)
    return complaint, event


def test_a_complaint_speaks_for_a_request_only_with_its_customers_phone(
    registered: ServiceRequest, archive: Any, now: Any
) -> None:
    """INT-11."""
    form = ComplaintForm.model_validate(COMPLAINT | {"number": registered.id, "branch": "SH01"})
    about = About(registered, archive.customer)
    complaint, told = received("CP-261122-0001", form, about, now)
    assert (complaint.request, complaint.branch, told.branch) == (registered.id, "BJ01", "BJ01")
    stranger = form.model_copy(update={"phone": "+8613900139000"})
    complaint, told = received("CP-261122-0001", stranger, about, now)
    assert (complaint.request, complaint.branch, told.request) == (None, "SH01", None)
    nowhere = stranger.model_copy(update={"branch": None})
    complaint, told = received("CP-261122-0001", nowhere, None, now)
    assert (complaint.branch, told.branch) == ("-", None)


def test_a_suspect_complaint_is_told_when_it_is_taken_and_any_other_only_once(now: Any) -> None:
    """ALL-4."""
    form = ComplaintForm.model_validate(COMPLAINT)
    suspect, silence = receive_complaint("CP-261122-0001", form.model_copy(update={"website": "x"}), None, now)
    assert (suspect.state, silence) == ("suspect", ())
    taken, events = take_complaint(suspect, "desk-7", now + timedelta(hours=1))
    assert (taken.state, taken.taken_by) == ("taken", "desk-7")
    assert [(type(event), event.model_dump()["received_at"]) for event in events] == [(ComplaintReceived, now)]
    new, _ = receive_complaint("CP-261122-0001", form, None, now)
    assert take_complaint(new, "desk-7", now)[1] == ()


def test_a_complaint_needs_words_and_a_phone_to_answer_to() -> None:
    for lacking in ("name", "phone", "text"):
        with pytest.raises(ValidationError):
            ComplaintForm.model_validate({key: value for key, value in COMPLAINT.items() if key != lacking})
