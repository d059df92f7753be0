"""Human numbers: short, unique, and of no use for finding others."""

from collections import Counter as Count
from datetime import date
from itertools import pairwise

import pytest
from common.counter import Counter
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.common.work import UnitOfWork
from aftersales.values import NUMBER, human_number, number_tail

KEY = b"0123456789abcdef"
keys = st.binary(min_size=16, max_size=16)


def known_before(sequence: int, _key: bytes) -> int:
    """Scramble without a key: the way it was done once, to show that the test below notices it."""
    return sequence * 461_777 % 32**4


def steps(tail) -> Count[int]:
    """How far each of a thousand numbers is from the one before it, and how often it is so far."""
    tails = [tail(sequence, KEY) for sequence in range(1000)]
    return Count((after - before) % 32**4 for before, after in pairwise(tails))


def as_number(sequence: int, key: bytes) -> int:
    return int(number_tail(sequence, key).translate(str.maketrans("JKMNPQRSTVWXYZ", "IJKLMNOPQRSTUV")), 32)


@settings(deadline=None, max_examples=20)
@given(keys, st.integers(0, 2**40))
def test_so_many_numbers_in_a_row_are_all_different(key, first):
    tails = {number_tail(sequence, key) for sequence in range(first, first + 500)}
    assert len(tails) == 500
    assert all(NUMBER.match(f"SR-261122-{tail}") for tail in tails)


def test_the_next_number_does_not_follow_from_one_without_the_key():
    assert max(steps(as_number).values()) <= 3
    assert max(steps(known_before).values()) == 999


@settings(deadline=None)
@given(keys, keys, st.integers(0, 2**20 - 1))
def test_another_database_counts_differently(key, other, sequence):
    there = [number_tail(sequence + n, key) for n in range(4)]
    assert key == other or there != [number_tail(sequence + n, other) for n in range(4)]


async def test_a_database_keeps_its_key_and_two_replicas_share_it(counter):
    mongo = counter.runtime.mongo
    (first, key), (second, again) = [await mongo.reserve("numbers", 500) for _ in range(2)]
    assert (second - first, key == again, len(key)) == (500, True, 16)
    assert (await mongo.reserve("others", 1))[1] != key


@pytest.mark.parametrize("taken", [1, 3])
async def test_a_number_that_was_given_already_is_passed_over(counter, clock, taken):
    """As on the day when a database gets its key: numbers of the day before that may come again."""
    mongo = counter.runtime.mongo
    _, key = await mongo.reserve("numbers", 0)
    day = clock.now().astimezone(counter.runtime.writer._numbers._zone).date()
    given = [human_number("CO", day, sequence, key) for sequence in range(taken)]
    for number in given:
        await counter.do(_open, number)

    async def number_and_open(work: UnitOfWork) -> str:
        number = await work.number("CO")
        await _open(work, number)
        return number

    assert await counter.do(number_and_open) == human_number("CO", day, taken, key)


async def _open(work: UnitOfWork, number: str) -> None:
    work.put(Counter(id=number))


def test_int_17_a_number_is_read_out_with_its_day():
    assert human_number("SR", date(2026, 11, 22), 0, KEY) == f"SR-261122-{number_tail(0, KEY)}"
