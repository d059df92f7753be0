"""The policies that a process keeps in memory are those that are committed (ALL-1)."""

import asyncio

from aftersales.common.mongo import Writes, to_document
from aftersales.common.policies import PolicyCatalogue, PolicyList, PublishedPolicy, publish_in_catalogue
from aftersales.policy.presets import load_presets
from aftersales.policy.sla.stages import policy_id

OURS = next(iter(load_presets())).model_copy(update={"name": "ours", "version": 1})
THEIRS = OURS.model_copy(update={"effective_from": OURS.effective_from.replace(year=2031)})


def published(policy, now):
    return PublishedPolicy(id=policy_id(policy), policy=policy, published_at=now, published_by="chief")


async def store_as_another_replica(mongo, now):
    writes = Writes()
    writes.insert(PublishedPolicy.COLLECTION, to_document(published(THEIRS, now).but(version=1)))
    writes.insert(PolicyList.COLLECTION, to_document(PolicyList(published=(policy_id(THEIRS),), version=1)))
    await mongo.commit(writes)


async def test_all_1_a_replica_that_published_too_late_goes_by_what_is_stored(counter):
    catalogue, mongo = PolicyCatalogue(), counter.runtime.mongo
    staged = []

    async def publish(work):
        """What the same piece registers goes by it; then the other replica is quicker."""
        if await work.get(PublishedPolicy, policy_id(OURS)) is None:
            await publish_in_catalogue(work, published(OURS, work.now))
            staged.append(await catalogue.get(work, policy_id(OURS)))
            staged.extend((await catalogue.policy_index(work)).policies)
            await store_as_another_replica(mongo, work.now)

    await counter.do(publish)
    assert staged == [OURS, OURS]
    assert (await catalogue.get(mongo, policy_id(OURS))) == THEIRS
    assert (await catalogue.policy_index(mongo)).policies == (THEIRS,)


async def test_all_1_what_an_earlier_piece_of_the_group_staged_is_not_kept_either(counter):
    catalogue = PolicyCatalogue()

    async def publish(work):
        await publish_in_catalogue(work, published(OURS, work.now))

    async def look(work):
        return await catalogue.get(work, policy_id(OURS)), policy_id(OURS) in catalogue._known

    counter.runtime.writer._gather = 1
    _, (seen, kept) = await asyncio.gather(counter.do(publish), counter.do(look))
    assert (seen, kept) == (OURS, False)
    assert await counter.do(look) == (OURS, True)
