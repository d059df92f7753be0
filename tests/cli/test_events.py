"""`aftersales events catch-up`, as an operator runs it, on real services."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from cli.system import NOBODY, Program, open_system

from aftersales.common.clock import SystemClock


@pytest.fixture(scope="module")
async def aftersales(urls) -> AsyncIterator[Program]:
    async with open_system(urls, SystemClock()) as program:
        yield program


async def test_services_read_again_what_they_missed(aftersales):
    since = (SystemClock().now() - timedelta(hours=1)).isoformat()
    done = await aftersales("events", "catch-up", "dispatch", "feedback", "--since", since)
    assert (done.code, done.err) == (0, "")
    assert [line.split(":")[0] for line in done.out.splitlines()] == ["dispatch", "feedback"]
    shown = await aftersales("events", "catch-up", "dispatch", "--since", since, "--json")
    assert set(shown.json) == {"dispatch"}
    assert shown.json["dispatch"]["running"] is False


async def test_a_day_begins_in_china_where_no_offset_is_given(aftersales):
    today = SystemClock().now().date().isoformat()
    done = await aftersales("--lang", "zh-Hans", "events", "catch-up", "intake", "--since", today)
    assert done.code == 0, done.err
    assert f"{today}T00:00:00+08:00" in done.out


async def test_what_is_too_old_is_refused_with_the_earliest_time(aftersales):
    done = await aftersales("events", "catch-up", "dispatch", "--since", "2001-01-01")
    assert done.code == 1
    assert "take effect a second time" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dispatch",), "--since"),
        (("dispatch", "--since", "昨天"), "is no time"),
        (("nobody", "--since", "2026-11-28"), "nobody is none of"),
        (("--since", "2026-11-28"), "SERVICE"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_asked(aftersales, arguments, words):
    done = await aftersales("events", "catch-up", *arguments)
    assert done.code == 2
    assert words in done.err


async def test_a_service_that_is_away_is_named(aftersales):
    done = await aftersales("--url", f"dispatch={NOBODY}", "events", "catch-up", "dispatch", "--since", "2026-11-28")
    assert done.code == 2
    assert "dispatch" in done.err
