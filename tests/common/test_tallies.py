"""Tallies of instances that are gone are folded into one set of rows: no count is lost, doubled or taken back."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from common.counter import Counter
from prometheus_client.parser import text_string_to_metric_families

from aftersales.common.mongo import Writes
from aftersales.common.tallies import GONE, Folding
from aftersales.common.work.group import TALLIES, tally_id
from aftersales.policy import sla
from aftersales.policy.sla import Terms
from aftersales.testing import eventually
from aftersales.values.errors import Conflict, Unavailable

LABELS = (("branch", "b-1"), ("outcome", "met"), ("stage", "mending"))


async def count(counter, writer, amount=1.0, labels=LABELS):
    """What a transaction of that writer adds."""
    writes = Writes()
    new = {"name": "sla_deadlines", "labels": dict(labels), "writer": writer}
    writes.increments[TALLIES] = {tally_id(writer, "sla_deadlines", labels): (new, amount)}
    await counter.runtime.mongo.commit(writes)


async def rows(counter):
    return {row["writer"]: row["amount"] for row in await counter.runtime.mongo.rows(TALLIES, {})}


async def shown(counter):
    families = text_string_to_metric_families(await counter.metrics())
    family = next(family for family in families if family.name == "aftersales_sla_deadlines")
    return sum(sample.value for sample in family.samples if sample.labels["outcome"] == "met")


async def test_only_who_counted_nothing_between_two_looks_is_folded_and_who_comes_back_counts_on(counter):
    folding = Folding(counter.runtime.mongo, "counter@me")
    for writer in ("counter@me", "counter@old", "counter@older", "counter@live"):
        await count(counter, writer, 5.0)
    assert await folding.fold() == 0, "one look tells nothing"
    await count(counter, "counter@live")
    assert await folding.fold() == 2
    assert await rows(counter) == {"counter@me": 5, "counter@live": 6, GONE: 10}
    assert await shown(counter) == 21

    await count(counter, "counter@old", 2.0)
    await folding.fold()
    await folding.fold()
    assert await rows(counter) == {"counter@me": 5, GONE: 18}, "the one that came back, and the one that fell silent"
    assert await shown(counter) == 23


async def test_a_name_that_begins_like_another_is_not_folded_with_it(counter):
    folding = Folding(counter.runtime.mongo, "counter@me")
    await count(counter, "counter@a", 1.0)
    await count(counter, "counter@a|b", 1.0)
    await count(counter, "counter@ab", 1.0)
    await folding.fold()
    await count(counter, "counter@a|b", 1.0)
    await count(counter, "counter@ab", 1.0)
    assert await folding.fold() == 1
    assert await rows(counter) == {GONE: 1, "counter@a|b": 2, "counter@ab": 2}


PASSING = (Conflict, Unavailable)
"""What a writer answers with by doing its group again."""


async def insist(doing):
    """Do it until nothing is in its way."""

    async def done():
        with suppress(*PASSING):
            await doing()
            return True
        return False

    await eventually(done, 60)


async def fold_at_once(counter, over):
    """Fold whatever is there, as if ten minutes had passed in silence, again and again."""
    folding = Folding(counter.runtime.mongo, "counter@me")
    while not over.is_set():
        with suppress(*PASSING):
            await folding.fold()
            await folding.fold()
        await asyncio.sleep(0.05)


async def folded(counter):
    return (await rows(counter)).get(GONE)


async def watch(counter, seen, over):
    tallies = counter.runtime.counts.tallies
    while not over.is_set():
        await tallies.refresh()
        seen.append(sum(row["amount"] for row in tallies.rows))


@pytest.mark.parametrize("folders", [1, 2])
async def test_while_all_count_and_fold_no_count_is_lost_doubled_or_taken_back(counter, folders):
    """Writers that are only slow are folded under their hands, by two processes at once."""
    seen, over = [0.0], asyncio.Event()
    others = [watch(counter, seen, over), *(fold_at_once(counter, over) for _ in range(folders))]
    async with asyncio.TaskGroup() as group:
        for other in others:
            group.create_task(other)
        for number in range(15):
            await insist(partial(count, counter, f"counter@w{number % 3}"))
        await eventually(partial(folded, counter), 60)
        over.set()
    assert sum((await rows(counter)).values()) == 15
    assert (await rows(counter)).get(GONE), "some were folded"
    assert seen == sorted(seen), "a counter never goes back"


async def test_seconds_that_are_summed_in_another_order_are_the_same_to_the_millisecond(counter, clock):
    """A sum that were smaller by one bit would look like a restart to Prometheus."""
    for number in range(30):
        terms = Terms(target=timedelta(hours=1))
        clocks = sla.start_clock((), "mending", "mending-1", clock.now(), terms)
        clock.advance(seconds=0.1 + number / 1000)

        async def end(work, number=number, clocks=clocks):
            work.put(Counter(id=f"c{number}", clocks=sla.stop_clock(clocks, "mending-1", work.now)))

        await counter.do(end)
    name = "aftersales_stage_duration_seconds_sum"
    page = await counter.metrics()
    (line,) = (line for line in page.splitlines() if line.startswith(name))
    assert float(line.split()[-1]) == 3.435
