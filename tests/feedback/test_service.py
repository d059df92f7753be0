"""Feedback as a whole, by HTTP, events and the clock, on a real MongoDB and a real RabbitMQ."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import pytest

from aftersales.common.events.dispatch import RepairCompleted
from aftersales.common.events.intake import RequestCancelled
from aftersales.common.events.inventory import InventoryHeartbeat
from aftersales.common.heartbeat import BEAT, HeartbeatState
from aftersales.feedback.followups.domain import FollowUp
from aftersales.feedback.surveys.domain import Survey
from aftersales.feedback.timelines.domain import MILESTONES, Timeline
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, RunningSystem

Say = Callable[..., Any]
FOLLOWUP = "FU-261122-7K3F-1"
DONE = {"outcome": "reached", "clerk": "clerk-3", "remark": "很好"}
GOOD = {"attitude": 5, "skill": 4, "punctuality": 5, "result": 5}
BAD = {"attitude": 1, "skill": 2, "punctuality": 3, "result": 1, "suggestions": "请换人"}


@pytest.fixture
async def repaired(feedback: RunningService, say: Say) -> FollowUp:
    """Its callback is scheduled."""
    await feedback.deliver(say(RepairCompleted))
    followup: FollowUp = await eventually(lambda: feedback.get(FollowUp, FOLLOWUP))
    return followup


async def _call(feedback: RunningService, **headers: str) -> dict[str, Any]:
    answer = await feedback.http.post(f"/followups/{FOLLOWUP}/done", json=DONE, headers=headers)
    assert answer.status_code == 200, answer.text
    followup: dict[str, Any] = answer.json()
    return followup


async def _in_state(feedback: RunningService, state: str) -> FollowUp | None:
    followup: FollowUp = await feedback.get(FollowUp, FOLLOWUP)
    return followup if followup.state == state else None


async def test_a_callback_comes_due_warns_and_breaches_by_the_clock(
    built: RunningSystem, feedback: RunningService, repaired: FollowUp, clock: ManualClock
) -> None:
    """FBK-1, ALL-3."""
    assert repaired.state == "scheduled"
    clock.advance(hours=3)
    due = await eventually(lambda: _in_state(feedback, "due"))
    assert due.clocks[0].outcome == "open"
    clock.advance(hours=2)
    await eventually(lambda: _breached(feedback))
    await built.quiet()
    late: FollowUp = await feedback.get(FollowUp, FOLLOWUP)
    assert late.wake_at == late.clocks[0].wake_at, "only the ladder is left"
    assert (await _call(feedback))["state"] == "done"


async def _breached(feedback: RunningService) -> bool:
    followup: FollowUp = await feedback.get(FollowUp, FOLLOWUP)
    return followup.clocks[0].outcome == "breached" and followup.clocks[0].has_fired("80%")


async def test_a_repair_that_is_told_twice_is_called_about_once(
    built: RunningSystem, feedback: RunningService, repaired: FollowUp, say: Say
) -> None:
    await feedback.deliver(say(RepairCompleted))
    await built.quiet()
    assert [f.version for f in await feedback.find(FollowUp)] == [1]


async def test_the_token_is_told_once_and_stands_nowhere_else(
    built: RunningSystem, feedback: RunningService, repaired: FollowUp
) -> None:
    """ALL-6: not in lists, not in the audit trail, not in what goes out."""
    async with _overheard(feedback) as heard:
        token = (await _call(feedback))["survey_token"]
        assert len(token) == 43
        await feedback.http.post(f"/surveys/{token}", json=BAD)
        await built.quiet()
        await eventually(lambda: _said(heard, 3))
    assert [json.loads(body)["type"] for body in heard] == [
        "feedback.followup_done.v1",
        "feedback.due_changed.v1",
        "feedback.survey_answered.v1",
        "feedback.dissatisfaction_raised.v1",
    ]
    assert {json.loads(body)["subject"] for body in heard} == {FOLLOWUP}
    shown = await feedback.http.get(f"/followups/{FOLLOWUP}")
    listed = await feedback.http.get("/followups", params={"branch": "BJ01", "state": "done"})
    assert [item["id"] for item in listed.json()["items"]] == [FOLLOWUP]
    assert token not in shown.text + listed.text + "".join(heard)
    holders = [name for name in _COLLECTIONS if token in str(await feedback.runtime.mongo.rows(name, {}))]
    assert holders == ["followups"]


_COLLECTIONS = ("followups", "surveys", "timelines", "audit", "outbox", "inbox", "tallies", "parked")


@asynccontextmanager
async def _overheard(running_service: RunningService) -> AsyncIterator[list[str]]:
    """Listen to what the service says on the bus."""
    heard: list[str] = []

    async def note(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.append(message.body.decode())

    async with await aio_pika.connect(
        running_service.runtime.service.settings.amqp_url.get_secret_value()
    ) as connection:
        queue = await (await connection.channel()).declare_queue(exclusive=True)
        await queue.bind(running_service.runtime.topology.events, "#")
        await queue.consume(note, no_ack=True)
        yield heard


async def _said(heard: list[str], number: int) -> bool:
    return len(heard) >= number


async def test_a_callback_is_done_once_and_a_repeated_click_gets_the_same_answer(
    feedback: RunningService, repaired: FollowUp
) -> None:
    first = await _call(feedback, **{"Idempotency-Key": "click"})
    assert await _call(feedback, **{"Idempotency-Key": "click"}) == first
    again = await feedback.http.post(f"/followups/{FOLLOWUP}/done", json=DONE)
    assert (again.status_code, again.json()["code"]) == (409, "followup.already_done")
    assert len(await feedback.find(Survey)) == 1


async def test_a_survey_needs_no_login_and_shows_no_personal_data(feedback: RunningService, repaired: FollowUp) -> None:
    """FBK-2, ALL-6."""
    token = (await _call(feedback))["survey_token"]
    form = (await feedback.http.get(f"/surveys/{token}")).json()
    assert form == {
        "state": "open",
        "words": "How did we do? Please answer these questions.",
        "questions": ["attitude", "skill", "punctuality", "result"],
        "lowest": 1,
        "highest": 5,
    }


@pytest.mark.parametrize(("answers", "mark", "satisfied"), [(GOOD, 4.75, True), (BAD, 1.75, False)])
async def test_an_answer_is_kept_rated_and_noted(
    feedback: RunningService, repaired: FollowUp, answers: dict[str, Any], mark: float, satisfied: bool
) -> None:
    """FBK-2, FBK-8."""
    token = (await _call(feedback))["survey_token"]
    answer = await feedback.http.post(f"/surveys/{token}", json=answers)
    assert (answer.status_code, answer.json()["state"]) == (200, "answered")
    assert (await feedback.get(FollowUp, FOLLOWUP)).mark == mark
    (survey,) = await feedback.find(Survey)
    assert survey.answers.model_dump() == {"suggestions": ""} | answers
    timeline = (await feedback.http.get("/timelines/SR-261122-7K3F")).json()
    assert [fact["milestone"] for fact in timeline["facts"]] == ["answered", "followed_up", "repaired"]
    assert (timeline["figures"]["marks"], timeline["figures"]["satisfied"]) == (mark, int(satisfied))


async def test_a_survey_is_answered_once_however_many_try_at_once(feedback: RunningService, repaired: FollowUp) -> None:
    """FBK-2."""
    token = (await _call(feedback))["survey_token"]
    answers = await asyncio.gather(*(feedback.http.post(f"/surveys/{token}", json=GOOD) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert {answer.json().get("code") for answer in answers} == {None, "survey.already_answered"}


async def test_what_does_not_exist_is_not_found(feedback: RunningService) -> None:
    for method, path, status in (
        ("GET", f"/surveys/{'x' * 43}", 404),
        ("GET", "/surveys/short", 422),
        ("POST", f"/surveys/{'x' * 43}", 404),
        ("GET", "/followups/FU-261122-0000-1", 404),
        ("GET", "/followups/FU-261122-0000-0", 422),
        ("GET", "/timelines/SR-261122-0000", 404),
    ):
        answer = await feedback.http.request(method, path, json=GOOD if method == "POST" else None)
        assert answer.status_code == status, path


async def test_a_timeline_is_the_same_in_every_order_of_arrival(
    built: RunningSystem, feedback: RunningService, say: Say
) -> None:
    """FBK-8: five requests told of the same, each in another order with doubles; a sixth misses one and differs."""
    consumed = [kind for kind in MILESTONES if not kind.TYPE.startswith("feedback.")]
    story = [(kind, hours, 1 + hours // 12) for hours, kind in enumerate(consumed)]
    numbers = [f"SR-261122-000{i}" for i in range(6)]
    shuffle = random.Random(7)
    for number in numbers:
        told = story if number != numbers[-1] else [row for row in story if row[0] is not RequestCancelled]
        arriving = [say(kind, hours, visit, request=number) for kind, hours, visit in told]
        twice = arriving + shuffle.sample(arriving, 5)
        for event in shuffle.sample(twice, len(twice)):
            await feedback.deliver(event)
    await eventually(lambda: _all_there(feedback, len(numbers)))
    await built.quiet()
    ends = [
        (await feedback.get(Timeline, number)).model_dump(exclude={"id", "version", "correlation"})
        for number in numbers
    ]
    assert all(end == ends[0] for end in ends[:-1])
    assert len(ends[0]["facts"]) == len(story)
    assert ends[-1] != ends[0]


async def _all_there(feedback: RunningService, number: int) -> bool:
    return len(await feedback.find(Timeline)) == number


async def test_the_end_of_the_heartbeat_is_noted_and_an_old_beat_changes_nothing(
    built: RunningSystem, feedback: RunningService, clock: ManualClock
) -> None:
    newest = clock.advance(minutes=1)
    for at in (newest, clock.now().replace(minute=0)):
        await feedback.deliver(InventoryHeartbeat(started_at=at))
    await eventually(lambda: feedback.get(HeartbeatState, BEAT))
    await built.quiet()
    assert (await feedback.get(HeartbeatState, BEAT)).seen_at == newest
