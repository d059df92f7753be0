"""Months of branches (FBK-8): each in its own zone, closed for good, with lines for what became known later."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.common.events.dispatch import TechnicianAssigned
from aftersales.common.events.intake import BranchRegistered, RequestCancelled, RequestRegistered, RequestResolved
from aftersales.common.months import month_span
from aftersales.feedback.kpis.domain import (
    ClosedMonth,
    MonthClock,
    SummedFigures,
    begin_months,
    close_month,
    correct_month,
    set_clock,
    sum_up,
)
from aftersales.feedback.timelines.handlers import note_milestone
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService

Say = Callable[..., Any]
ZONES = {"SH01": "Asia/Shanghai", "BE01": "Europe/Berlin"}
PLACE = {"lat": 31.2, "lon": 121.4}
counts = st.dictionaries(st.integers(0, 9), st.integers(1, 5)).map(lambda found: tuple(sorted(found.items())))
figures = st.builds(
    SummedFigures,
    totals=st.fixed_dictionaries({"requests": st.integers(0, 50), "resolved": st.integers(0, 50)}),
    response=counts,
    resolution=counts,
)


def closed(found: SummedFigures, now: datetime) -> ClosedMonth:
    return close_month(begin_months("SH01", "Asia/Shanghai", now), found, (), now)[0]


@given(at_close=figures, later=st.lists(figures, max_size=4))
def test_a_closed_month_and_its_lines_always_add_up_to_what_is_known_now(
    at_close: SummedFigures, later: list[SummedFigures]
) -> None:
    month = closed(at_close, datetime(2026, 11, 22, tzinfo=UTC))
    lines: tuple[Any, ...] = ()
    for found in later:
        more = correct_month(month, lines, found)
        assert bool(more) == (sum_up(month.figures, *(line.figures for line in lines)) != sum_up(found))
        lines += more
        assert correct_month(month, lines, found) == (), "one fact is one line"
        assert sum_up(month.figures, *(line.figures for line in lines)) == sum_up(found)
    assert month.figures == at_close


def test_months_of_a_branch_that_changes_its_zone_leave_no_moment_out(now: datetime) -> None:
    clock = begin_months("SH01", "Asia/Shanghai", now)
    november, clock = close_month(clock, SummedFigures(totals={}), (), now)
    clock = set_clock(clock, "Europe/Berlin")
    december, clock = close_month(clock, SummedFigures(totals={}), (), now)
    assert (november.ends_at, december.begins_at) == (datetime(2026, 11, 30, 16, tzinfo=UTC),) * 2
    assert december.ends_at == clock.begins_at == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert (clock.month, clock.wake_at is not None and clock.wake_at > december.ends_at) == ("2027-01", True)


async def register(feedback: RunningService, branch: str, **changes: Any) -> None:
    said = {"branch": branch, "name": branch, "zone": ZONES[branch], "location": PLACE}
    since = {"hours_since": feedback.runtime.clock.now(), "hours_by": "desk"}
    await feedback.deliver(BranchRegistered.model_validate(said | since | changes))

    async def known() -> bool:
        clock = await feedback.get(MonthClock, branch)
        return clock is not None and clock.zone == (changes.get("zone") or ZONES[branch])

    await eventually(known)


async def month(feedback: RunningService, name: str, **query: str) -> Any:
    answer = await feedback.http.get(f"/kpis/months/{name}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def november(feedback: RunningService, say: Say) -> None:
    """Two requests at the same moments in each branch: in Berlin the second one is still November's."""
    for branch in ZONES:
        await register(feedback, branch)
        for number, hours in (("1", 0), ("2", 8 * 24 + 13)):  # 30 November, 17:00 UTC
            about = {"branch": branch, "request": f"SR-261122-{branch[:2]}0{number}"}
            await feedback.do(note_milestone, say(RequestRegistered, hours, **about))
            await feedback.do(note_milestone, say(TechnicianAssigned, hours + 1, **about))


async def closed_in(feedback: RunningService, clock: ManualClock, name: str) -> None:
    end = max(month_span(name, zone).end for zone in ZONES.values())
    clock.advance(seconds=(end + timedelta(days=1, hours=1) - clock.now()).total_seconds())

    async def found() -> bool:
        return len(await feedback.find(ClosedMonth, month=name)) == len(ZONES)

    await eventually(found)


async def test_fbk_8_a_branchs_month_is_its_zones_and_headquarters_is_the_sum(
    feedback: RunningService, november: None
) -> None:
    shanghai = await month(feedback, "2026-11", branch="SH01")
    berlin = await month(feedback, "2026-11", branch="BE01")
    assert (shanghai["kpis"]["requests"], berlin["kpis"]["requests"]) == (1, 2)
    assert (await month(feedback, "2026-12", branch="SH01"))["kpis"]["requests"] == 1
    both = await month(feedback, "2026-11")
    assert (both["kpis"]["requests"], both["closed"], both["branch"]) == (3, False, None)
    assert both["kpis"]["response_seconds"]["p50"] == 3600
    assert (await feedback.http.get("/kpis/months/2026-13")).status_code == 422


async def test_fbk_8_a_closed_month_stays_and_late_facts_are_lines_of_the_month_in_which_they_became_known(
    feedback: RunningService, november: None, clock: ManualClock, say: Say
) -> None:
    await closed_in(feedback, clock, "2026-11")
    before = await month(feedback, "2026-11")
    assert (before["closed"], before["kpis"]["requests"], before["corrections"]) == (True, 3, [])
    about = {"branch": "BE01", "request": "SR-261122-BE01"}
    await feedback.do(note_milestone, say(RequestResolved, 24 * 15, **about))
    away = {"branch": "SH01", "request": "SR-261122-SH01", "duplicate_of": "SR-261122-SH02"}
    await feedback.do(note_milestone, say(RequestCancelled, 24 * 15, **away))
    assert await month(feedback, "2026-11") == before
    await closed_in(feedback, clock, "2026-12")
    assert await month(feedback, "2026-11") == before
    december = await month(feedback, "2026-12")
    lines = {line["branch"]: line["figures"] for line in december["corrections"]}
    assert {line["month"] for line in december["corrections"]} == {"2026-11"}
    assert lines["BE01"]["totals"]["resolved"] == 1
    assert lines["BE01"]["resolution"] == [[15 * 86400, 1]]
    assert (lines["SH01"]["totals"]["requests"], lines["SH01"]["response"]) == (-1, [[3600, -1]])
    await closed_in(feedback, clock, "2027-01")
    assert (await month(feedback, "2027-01"))["corrections"] == [], "one fact is one line"


async def test_fbk_8_a_branch_that_told_no_zone_counts_by_the_services(feedback: RunningService, say: Say) -> None:
    await feedback.do(note_milestone, say(RequestRegistered, 8 * 24 + 13))
    assert (await month(feedback, "2026-12", branch="BJ01"))["kpis"]["requests"] == 1
    assert (await month(feedback, "2026-12"))["kpis"]["requests"] == 1


async def test_another_zone_applies_to_the_open_month(feedback: RunningService, november: None) -> None:
    await register(feedback, "SH01", zone="Europe/Berlin")
    assert (await month(feedback, "2026-11", branch="SH01"))["kpis"]["requests"] == 2
