"""The time of a deed, whatever the clock of the device says (ADR 18)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.common.deeds import DONE_NOW, SKEW, DeedForm, ReportReceipt, judge_deed, judge_time
from aftersales.values import to_millis
from aftersales.values.errors import Malformed

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
hours = st.floats(-50, 50).map(lambda hours: to_millis(NOW + timedelta(hours=hours)))


@given(stated=hours, since=hours)
def test_a_deed_lies_between_the_last_one_and_its_report_and_moves_no_further_than_it_must(stated, since):
    if stated > NOW + SKEW:
        with pytest.raises(Malformed) as refusal:
            judge_time(stated, since, NOW)
        assert refusal.value.code == "deed.in_future"
        return
    at = judge_time(stated, since, NOW)
    assert min(since, NOW) <= at <= NOW
    assert at == stated or at in {since, NOW}
    if since <= stated <= NOW:
        assert at == stated


@given(stated=st.lists(hours.filter(lambda at: at <= NOW), min_size=2, max_size=8), since=hours)
def test_deeds_keep_their_order_whatever_times_are_stated(stated, since):
    times = []
    for one in stated:
        since = judge_time(one, since, NOW)
        times.append(since)
    assert times == sorted(times)


def test_a_deed_is_claimed_if_its_time_is_not_that_of_the_report_and_keeps_both():
    receipt = ReportReceipt(NOW, "T1", 7)
    at_once = judge_deed("arrive", DONE_NOW, NOW - timedelta(hours=2), receipt)
    assert (at_once.at, at_once.claimed, at_once.stated_at, at_once.found) == (NOW, False, None, 7)
    form = DeedForm.model_validate({"at": "2026-11-23T17:00:00+08:00", "decided_on": 5})
    claimed = judge_deed("arrive", form, NOW - timedelta(hours=2), receipt)
    assert (claimed.at, claimed.received_at, claimed.claimed) == (NOW - timedelta(hours=1), NOW, True)
    assert (claimed.stated_at, claimed.decided_on, claimed.by) == (None, 5, "T1")
    early = judge_deed("arrive", form, NOW - timedelta(minutes=30), receipt)
    assert (early.at, early.claimed) == (NOW - timedelta(minutes=30), True)
    assert early.stated_at == NOW - timedelta(hours=1), "what was stated stays on record"
    ahead = judge_deed("arrive", DeedForm(at=NOW + SKEW), NOW, receipt)
    assert (ahead.at, ahead.claimed, ahead.stated_at) == (NOW, False, NOW + SKEW)


@pytest.mark.parametrize("at", ["2026-11-23T17:00:00", 1795000000, "1795000000", "2026-11-23"])
def test_a_time_without_its_offset_is_none(at):
    with pytest.raises(ValueError, match="at"):
        DeedForm.model_validate({"at": at})
