"""A slice of `make fuzz`: odd messages by the hundred, each handled, refused with a reason or parked."""

import pytest
from faults.fuzz.hunt import hunt
from faults.fuzz.messages import Maker

COUNT = 1000


@pytest.mark.timeout(300)
async def test_no_odd_message_is_lost_stops_the_line_or_makes_something_untrue_true(killable):
    found = await hunt(killable, seed=7, count=COUNT)

    assert not found.findings, "\n".join(found.findings)
    assert found.fates.total() == COUNT
    assert min(found.fates["parked with a reason"], found.fates["handled"]) > 50
    assert found.fates["refused by the broker"] > 5


def test_message_n_of_a_seed_is_always_the_same():
    first, again, other = (Maker(seed, "SR-261129-1Z7K") for seed in (7, 7, 8))
    assert [first.message(n) for n in range(200)] == [again.message(n) for n in range(200)]
    assert [first.message(n) for n in range(200)] != [other.message(n) for n in range(200)]
