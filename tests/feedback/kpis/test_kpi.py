"""Key figures (FBK-8): arithmetic against a plain oracle."""

from collections import Counter
from math import ceil, isclose
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aftersales.feedback.kpis.domain import Spread, compute_kpis, compute_spread
from aftersales.feedback.timelines.domain import SUMMED
from aftersales.values import Moment


def _nearest_rank(values: list[int], percent: int) -> int:
    """Take the textbook's way: the smallest value that at least so many per cent do not exceed."""
    return sorted(values)[ceil(len(values) * percent / 100) - 1]


@given(st.lists(st.integers(0, 50) | st.integers(0, 10**7), min_size=1, max_size=60))
def test_percentiles_and_mean_agree_with_the_sorted_list(values: list[int]) -> None:
    """FBK-8, and percentiles that forget how often a value occurs must be seen (below)."""
    got = compute_spread(sorted(Counter(values).items()))
    assert (got.p50, got.p90) == (_nearest_rank(values, 50), _nearest_rank(values, 90))
    assert got.mean is not None
    assert isclose(got.mean, fmean(values), abs_tol=1e-9)


def test_a_duration_that_occurs_often_weighs_as_often() -> None:
    counts = [(1, 98), (100, 1), (1000, 1)]
    assert compute_spread(counts) == Spread(mean=11.98, p50=1, p90=1)
    forgetful = [(seconds, 1) for seconds, _ in counts]
    assert compute_spread(forgetful).p50 == 100


def test_without_durations_there_is_no_spread() -> None:
    assert compute_spread([]) == Spread(mean=None, p50=None, p90=None)


def test_a_rate_over_nothing_is_unknown_not_zero() -> None:
    figures = compute_kpis(dict.fromkeys(("requests", *SUMMED), 0), [], [])
    assert (figures.requests, figures.resolved, figures.cancelled) == (0, 0, 0)
    assert figures.on_time_rate is None
    assert figures.first_visit_fix_rate is None
    assert figures.callback_coverage is None
    assert figures.satisfaction.mean_mark is None
    assert figures.satisfaction.share_satisfied is None


def test_rates_are_shares_of_what_they_are_about() -> None:
    totals = dict.fromkeys(SUMMED, 0) | {
        "requests": 10,
        "resolved": 7,
        "cancelled": 1,
        "arrivals": 8,
        "on_time": 6,
        "repaired": 8,
        "fixed_at_first": 4,
        "repairs": 10,
        "callbacks": 9,
        "surveys": 5,
        "marks": 20,
        "satisfied": 4,
    }
    figures = compute_kpis(totals, [(60, 1)], [])
    assert (figures.requests, figures.resolved, figures.cancelled) == (10, 7, 1)
    assert (figures.on_time_rate, figures.first_visit_fix_rate, figures.callback_coverage) == (0.75, 0.5, 0.9)
    assert (figures.satisfaction.mean_mark, figures.satisfaction.share_satisfied) == (4, 0.8)
    assert figures.response_seconds.p90 == 60


@pytest.mark.parametrize("text", ["2026-11-22T00:00:00", "0001-01-01T00:00:00+10:00", "yesterday"])
def test_a_moment_without_a_zone_or_outside_the_calendar_is_malformed(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python(text)
