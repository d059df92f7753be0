"""Months of branches in their own zones, over changes of the clocks (FBK-8)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aftersales.common.months import following_month, month_of, month_span

ZONES = sorted(available_timezones())
months = st.builds("{}-{:02}".format, st.integers(2000, 2040), st.integers(1, 12))


@given(zone=st.sampled_from(ZONES), month=months, share=st.floats(0, 1, exclude_max=True))
@example(zone="Asia/Shanghai", month="2026-11", share=0.0)
@example(zone="America/New_York", month="2026-11", share=0.999)
@example(zone="Australia/Lord_Howe", month="2026-04", share=0.5)
def test_a_moment_is_in_exactly_one_month_of_its_zone(zone, month, share):
    begin, end = month_span(month, zone)
    assert month_of(begin, zone) == month
    inside = min(begin + (end - begin) * share, end - timedelta(microseconds=1))  # a share of nearly 1 is rounded
    assert month_of(inside, zone) == month
    assert month_of(end, zone) == following_month(month)
    assert month_of(begin - timedelta(milliseconds=1), zone) == following_month(month, -1)
    assert month_span(following_month(month), zone).begin == end, "no moment lies between two months"
    assert timedelta(days=27, hours=22) < end - begin < timedelta(days=31, hours=3)


@pytest.mark.parametrize("zone", ["Asia/Beirut", "America/Asuncion", "Asia/Amman", "America/Havana"])
def test_where_the_clocks_skip_midnight_the_month_begins_with_the_change(zone):
    """Every month of these zones, whose clocks were changed at midnight, is next to the one before."""
    month = "2000-01"
    while month < "2040-12":
        begin, end = month_span(month, zone)
        assert month_of(begin, zone) == month != month_of(begin - timedelta(milliseconds=1), zone)
        assert month_span(following_month(month), zone).begin == end
        month = following_month(month)


def test_one_moment_is_in_different_months_of_two_branches():
    at = datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert month_of(at, "Asia/Shanghai") == "2026-12"
    assert month_of(at, "Europe/Berlin") == "2026-11"


@given(month=months, by=st.integers(-500, 500))
def test_months_are_counted_on_and_back(month, by):
    assert following_month(following_month(month, by), -by) == month
