"""Key figures computed by MongoDB (FBK-8), against a plain computation over the same requests."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from math import ceil
from statistics import fmean
from typing import Any

import pytest

from aftersales.common.events.dispatch import RepairCompleted, TechnicianArrived, TechnicianAssigned
from aftersales.common.events.feedback import FollowupDone, SurveyAnswered
from aftersales.common.events.intake import (
    RepeatRepairFound,
    RequestCancelled,
    RequestRegistered,
    RequestReopened,
    RequestResolved,
)
from aftersales.feedback.timelines.domain import Timeline
from aftersales.feedback.timelines.handlers import note_milestone
from aftersales.testing.system import RunningService

Say = Callable[..., Any]


def _story(say: Say, dice: random.Random, index: int) -> list[Any]:
    """One request's events, as they may come: some are cancelled, some visited twice, some just begun."""
    start = float(index)
    number, branch = f"SR-261122-{index:04}", dice.choice(("BJ01", "SH01"))
    told: list[Any] = []

    def tell(kind: Any, hours: float, visit: int = 1, **more: Any) -> None:
        told.append(say(kind, start + hours, visit, request=number, branch=branch, **more))

    tell(RequestRegistered, 0)
    if dice.random() < 0.2:
        tell(RepeatRepairFound, 0)
    if dice.random() < 0.15:
        tell(RequestCancelled, 1)
        return told
    visits = dice.choice((0, 1, 1, 1, 2))
    for visit in range(1, visits + 1):
        day = visit * 24
        tell(TechnicianAssigned, dice.choice((0.25, 0.5, 3, 7)) + day - 24, visit)
        tell(TechnicianArrived, day + 1, visit, on_time=dice.random() < 0.7)
        tell(RepairCompleted, day + 2, visit)
        tell(RequestResolved, day + 2, visit)
        if dice.random() < 0.8:
            tell(FollowupDone, day + 5, visit)
            unhappy = visit < visits
            tell(SurveyAnswered, day + 6, visit, mark=1.5 if unhappy else 4.25, satisfied=not unhappy)
        if visit < visits:
            tell(RequestReopened, day + 6, visit + 1)
    return told


def _spread(values: list[int]) -> dict[str, float | None]:
    if not values:
        return {"mean": None, "p50": None, "p90": None}
    rank = sorted(values)
    return {"mean": fmean(rank), "p50": rank[ceil(len(rank) * 0.5) - 1], "p90": rank[ceil(len(rank) * 0.9) - 1]}


def _rate(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _expected(stories: list[list[Any]]) -> dict[str, Any]:
    """Compute the same from the events themselves."""
    told = [event for story in stories for event in story]

    def of(kind: Any, events: list[Any]) -> list[Any]:
        return [event for event in events if isinstance(event, kind)]

    def seconds(story: list[Any], at: datetime) -> int:
        return int((at - story[0].registered_at).total_seconds())

    reached = [s for s in stories if of(RequestResolved, s)]
    arrivals, repairs = of(TechnicianArrived, told), of(RepairCompleted, told)
    marks = of(SurveyAnswered, told)
    return {
        "requests": len(stories),
        "resolved": len(reached),
        "cancelled": len(of(RequestCancelled, told)),
        "response_seconds": _spread([seconds(s, of(TechnicianAssigned, s)[0].at) for s in reached]),
        "resolution_seconds": _spread([seconds(s, of(RequestResolved, s)[-1].resolved_at) for s in reached]),
        "on_time_rate": _rate(sum(a.on_time for a in arrivals), len(arrivals)),
        "first_visit_fix_rate": _rate(sum(not of(RequestReopened, s) for s in reached), len(reached)),
        "repeat_repair_rate": _rate(sum(bool(of(RepeatRepairFound, s)) for s in stories), len(stories)),
        "satisfaction": {
            "mean_mark": _rate(sum(m.mark for m in marks), len(marks)),
            "share_satisfied": _rate(sum(m.satisfied for m in marks), len(marks)),
        },
        "callback_coverage": _rate(len(of(FollowupDone, told)), len(repairs)),
    }


def _is_close(figures: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return set(figures) == set(expected) and all(_is_close(figures[name], expected[name]) for name in expected)
    return bool(figures == (expected if expected is None else pytest.approx(expected)))


@pytest.fixture
async def stories(feedback: RunningService, say: Say) -> list[list[Any]]:
    """Forty requests, an hour apart, their events shuffled."""
    dice = random.Random(2026)
    stories = [_story(say, dice, index) for index in range(40)]
    events = [event for story in stories for event in story]
    for event in dice.sample(events, len(events)):
        await feedback.do(note_milestone, event)
    return stories


async def test_key_figures_agree_with_a_plain_computation(
    feedback: RunningService, stories: list[list[Any]], now: datetime
) -> None:
    """FBK-8: `from` counts, `to` does not (a figure that counts `to` must differ)."""
    for (since, until), branch in product(((0, 40), (3, 4), (10, 31), (100, 101)), (None, "BJ01", "SH01", "XX99")):
        times = {name: (now + timedelta(hours=hours)).isoformat() for name, hours in (("from", since), ("to", until))}
        answer = await feedback.http.get("/kpis", params=times | ({"branch": branch} if branch else {}))
        assert answer.status_code == 200, answer.text
        assert _is_close(answer.json(), _expected(_of(branch, stories[since:until]))), (since, until, branch)
        one_more = _of(branch, stories[since : until + 1])
        if len(one_more) > len(_of(branch, stories[since:until])):
            assert not _is_close(answer.json(), _expected(one_more))


def _of(branch: str | None, stories: list[list[Any]]) -> list[list[Any]]:
    return [story for story in stories if branch in (None, story[0].branch)]


async def test_a_range_that_is_none_is_malformed(feedback: RunningService) -> None:
    for since, until, code in (
        ("2026-11-23T00:00:00Z", "2026-11-22T00:00:00Z", "kpi.range_malformed"),
        ("2026-11-22T00:00:00Z", "2026-11-22T08:00:00+08:00", "kpi.range_malformed"),
        ("2026-11-22T00:00:00", "2026-11-23T00:00:00Z", "input.malformed"),
        ("0001-01-01T00:00:00+10:00", "2026-11-23T00:00:00Z", "input.malformed"),
    ):
        answer = await feedback.http.get("/kpis", params={"from": since, "to": until})
        assert (answer.status_code, answer.json()["code"]) == (422, code), (since, until)


async def test_key_figures_read_an_index_not_the_collection(feedback: RunningService, now: datetime) -> None:
    """FBK-8."""
    wanted = {"registered_at": {"$gte": now, "$lt": now + timedelta(days=1)}}
    for where in (wanted, wanted | {"branch": "BJ01"}):
        assert "IXSCAN" in str(await feedback.runtime.mongo.explain(Timeline, where))
    assert "COLLSCAN" in str(await feedback.runtime.mongo.explain(Timeline, {"figures.repairs": 1}))


async def test_repairs_that_did_not_hold_count_for_who_made_them_int_9(feedback: RunningService, say: Say) -> None:
    """Whoever comes the second time; a request of another branch does not count."""
    first, again = "SR-261122-0001", "SR-261122-0002"
    told = [
        say(RequestRegistered, 0, request=first),
        say(RepairCompleted, 2, request=first, technician="T-1"),
        say(RequestRegistered, 50, request=again),
        say(RepeatRepairFound, 50, request=again, repeats=first, technician="T-1"),
        say(RepairCompleted, 52, request=again, technician="T-2"),
        say(RequestRegistered, 60, request="SR-261122-0003", branch="SH01"),
        say(RepairCompleted, 61, request="SR-261122-0003", branch="SH01", technician="T-1"),
    ]
    for event in told:
        await feedback.do(note_milestone, event)
    span = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"}
    of_branch = (await feedback.http.get("/kpis/technicians", params=span | {"branch": "BJ01"})).json()
    assert of_branch == [
        {"technician": "T-1", "repairs": 1, "did_not_hold": 1, "repeat_repair_rate": 1.0},
        {"technician": "T-2", "repairs": 1, "did_not_hold": 0, "repeat_repair_rate": 0.0},
    ]
    everywhere = (await feedback.http.get("/kpis/technicians", params=span)).json()
    assert everywhere[0] | {"repeat_repair_rate": 0.5} == everywhere[0]
    wrong = await feedback.http.get("/kpis/technicians", params={"from": span["to"], "to": span["from"]})
    assert wrong.json()["code"] == "kpi.range_malformed"
