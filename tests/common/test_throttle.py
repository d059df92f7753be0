"""Token buckets, and whom they count as one caller."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.common.throttle import Throttle, network

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_so_many_at_once_and_then_one_at_a_time():
    throttle = Throttle(3, MINUTE)
    assert [throttle.take("a", NOW) for _ in range(4)] == [0, 0, 0, 20]
    assert throttle.take("b", NOW) == 0
    assert throttle.take("a", NOW + timedelta(seconds=19)) == 1
    assert [throttle.take("a", NOW + timedelta(seconds=20)) for _ in range(2)] == [0, 20]
    assert [throttle.take("a", NOW + 3 * MINUTE) for _ in range(4)] == [0, 0, 0, 20]


@given(st.lists(st.integers(0, 90), max_size=40), st.integers(1, 5))
def test_never_more_than_the_burst_and_what_has_been_refilled(gaps, calls):
    throttle = Throttle(calls, MINUTE)
    taken, at = [], NOW
    for gap in gaps:
        at += timedelta(seconds=gap)
        if not throttle.take("a", at):
            taken.append(at)
    for first, start in enumerate(taken):
        for last in range(first, len(taken)):
            refilled = (taken[last] - start) / (MINUTE / calls)
            assert last - first + 1 <= calls + refilled + 1e-6


def test_waiting_as_long_as_was_said_is_enough():
    throttle = Throttle(2, MINUTE)
    throttle.take("a", NOW)
    throttle.take("a", NOW)
    wait = throttle.take("a", NOW)
    assert throttle.take("a", NOW + timedelta(seconds=wait)) == 0


def test_only_so_many_callers_are_remembered():
    throttle = Throttle(1, MINUTE, keys=2)
    assert [throttle.take(key, NOW) for key in "abc"] == [0, 0, 0]
    assert throttle.take("c", NOW) == 60
    assert throttle.take("a", NOW) == 0


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("no address" * 20, ("no address" * 20)[:64]),
    ],
)
def test_one_caller_is_one_network(address, who):
    assert network(address) == who
