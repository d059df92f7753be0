"""Token buckets, and whom they count as one caller."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.common.http.throttle import Throttle, network_of

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


def test_a_token_that_is_given_back_can_be_taken_again():
    throttle = Throttle(2, MINUTE)
    for _ in range(10):
        assert throttle.take("a", NOW) == 0
        throttle.give_back("a")
    assert [throttle.take("a", NOW) for _ in range(3)] == [0, 0, 30]
    throttle.give_back("nobody")


def test_a_clock_that_goes_back_locks_nobody_out():
    throttle = Throttle(10, 60 * MINUTE)
    for _ in range(10):
        throttle.take("a", NOW)
    earlier = NOW - 60 * MINUTE
    assert [throttle.take("a", earlier) for _ in range(11)] == [0] * 10 + [360]
    assert throttle.take("a", NOW - 50 * MINUTE) == 0, "and none who came meanwhile"


@settings(deadline=None)
@given(st.lists(st.integers(-5000, 5000), max_size=60), st.integers(1, 5))
def test_nobody_waits_longer_than_for_one_token_whatever_the_clock_does(gaps, calls):
    throttle, at = Throttle(calls, MINUTE), NOW
    for gap in gaps:
        at += timedelta(seconds=gap)
        assert throttle.take("a", at) <= 60 / calls + 1


def test_only_so_many_callers_are_remembered_and_those_who_took_most_for_longest():
    throttle = Throttle(3, MINUTE, keys=100)
    assert [throttle.take("guesser", NOW) for _ in range(4)] == [0, 0, 0, 20]
    for n in range(10_000):
        assert throttle.take(f"stranger {n}", NOW) == 0
    assert throttle.take("guesser", NOW) == 20
    assert len(throttle._full_at) <= 100
    assert throttle.take("stranger 0", NOW + 2 * MINUTE) == 0
    throttle.take("stranger 1", NOW + 4 * MINUTE)


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51234", "192.0.2.7"),
        ("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::"),
        ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::"),
        ("unknown:80", "unknown"),
        ("", ""),
        ("no address" * 20, ("no address" * 20)[:64]),
    ],
)
def test_one_caller_is_one_network(address, who):
    assert network_of(address) == who
