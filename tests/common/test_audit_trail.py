"""The audit trail is proved (ALL-5): each way to falsify it is found, and nothing true is ever called false."""

import asyncio
from contextlib import suppress

import pytest
from common.auditing import KEY, OTHER, database, forge, found, records, running_service, second_writer, work
from common.counter import Counter, add
from pydantic import SecretStr

from aftersales.common.trail.anchors import ANCHORS
from aftersales.common.work import audit
from aftersales.values import uuid7
from aftersales.values.errors import Busy


@pytest.fixture
async def sealed(urls, clock):
    async with running_service(urls, clock) as built:
        yield built


@pytest.fixture
async def unsealed(urls, clock):
    async with running_service(urls, clock, audit_key=SecretStr("")) as built:
        yield built


async def test_a_trail_of_two_writers_that_take_turns_is_whole(sealed):
    """ALL-5."""
    await work(sealed)
    run = await sealed.runtime.auditor.verify()
    assert (run.findings, run.chains, run.anchors, run.changes) == ([], 2, 1, 12)
    assert run.documents >= 2
    assert run.sealed


async def test_the_order_of_the_writers_clocks_is_of_no_account(sealed):
    await sealed.do(add, "c", 1)
    sealed.runtime.clock.advance(hours=-2)
    async with second_writer(sealed) as change:
        await change("c")
        sealed.runtime.clock.advance(hours=2)
        await sealed.do(add, "c", 1)
    assert await found(sealed) == []


async def test_a_tail_that_was_cut_off_shows(sealed):
    """ALL-5: the records after an anchor are proved by the documents, the others by the anchor."""
    await work(sealed)
    last = (await records(sealed, "counter@second"))[-1]
    await database(sealed)["audit"].delete_one({"_id": last["_id"]})
    assert ("audit.head_missing", "counter@second") in await found(sealed)
    assert ("audit.document_changed", "counters_of_tests/c1") in await found(sealed)


async def test_a_tail_cut_off_with_the_document_put_back_shows_by_the_anchor(sealed):
    """ALL-5."""
    await sealed.do(add, "c", 1)
    before = await sealed.runtime.mongo.rows(Counter.COLLECTION, {"_id": "c"})
    await sealed.do(add, "c", 100)
    await sealed.runtime.auditor.anchor()
    last = (await records(sealed, "counter@test"))[-1]
    await database(sealed)["audit"].delete_one({"_id": last["_id"]})
    await database(sealed)[Counter.COLLECTION].replace_one({"_id": "c"}, before[0])
    assert await found(sealed) == [("audit.head_missing", "counter@test")]


async def test_a_chain_that_was_removed_shows_though_its_instance_is_gone(sealed):
    """ALL-5."""
    await work(sealed)
    await database(sealed)["audit"].delete_many({"writer": "counter@second"})
    assert ("audit.head_missing", "counter@second") in await found(sealed)


async def test_a_chain_of_a_writer_that_never_was_shows(sealed):
    """ALL-5."""
    await work(sealed)
    one = (await records(sealed, "counter@test"))[-1]
    made_up = [change | {"document": "counters_of_tests/nobody", "before": ""} for change in one["changes"]]
    gone = [change | {"before": change["after"], "after": "", "version": 0} for change in made_up]
    await forge(sealed, "counter@never", one | {"changes": made_up}, one | {"changes": gone})
    assert await found(sealed) == [("audit.record_unsealed", "counter@never")]
    await forge(sealed, "counter@never", one | {"changes": made_up + gone}, keys=audit.Keys(OTHER))
    assert ("audit.record_broken", "counter@never") in await found(sealed)


async def test_a_chain_written_anew_with_fresh_hashes_shows(sealed):
    """ALL-5: also where the first anchor of a database vouches for records from before the key."""
    await work(sealed)
    await work(sealed)
    chain = await records(sealed, "counter@second")
    for record in chain:
        for change in record["changes"]:
            change["who"] = "somebody else"
    await forge(sealed, "counter@second", *chain)
    assert {code for code, _ in await found(sealed)} >= {"audit.record_unsealed", "audit.head_missing"}


async def test_a_document_changed_past_the_audit_shows(sealed):
    """ALL-5."""
    await work(sealed)
    await database(sealed)[Counter.COLLECTION].update_one({"_id": "c0"}, {"$set": {"total": 1000}})
    assert await found(sealed) == [("audit.document_changed", "counters_of_tests/c0")]


async def test_a_document_removed_or_put_in_past_the_audit_shows(sealed):
    """ALL-5."""
    await work(sealed)
    (row,) = await sealed.runtime.mongo.rows(Counter.COLLECTION, {"_id": "c0"})
    await database(sealed)[Counter.COLLECTION].delete_one({"_id": "c0"})
    await database(sealed)[Counter.COLLECTION].insert_one(row | {"_id": "new"})
    assert await found(sealed) == [
        ("audit.document_changed", "counters_of_tests/new"),
        ("audit.document_gone", "counters_of_tests/c0"),
    ]


async def test_a_document_removed_by_the_writer_is_no_finding(sealed):
    async def remove(work):
        work.delete(await work.require(Counter, "c0"))

    await work(sealed)
    await sealed.do(remove)
    await sealed.do(add, "c0", 1)
    await sealed.do(remove)
    assert await found(sealed) == []


async def test_without_a_key_anchors_that_are_known_outside_find_a_full_rewrite(unsealed, tmp_path):
    """ALL-5: chains, documents and anchors all written anew, without a flaw."""
    unsealed.runtime.service.settings.audit_anchor_path = str(tmp_path / "anchors.jsonl")
    await work(unsealed)
    assert (tmp_path / "anchors.jsonl").stat().st_mode & 0o777 == 0o600
    chain = await records(unsealed, "counter@second")
    for record in chain:
        for change in record["changes"]:
            change["who"] = "somebody else"
    await forge(unsealed, "counter@second", *chain)
    await database(unsealed)[ANCHORS].delete_many({})
    unsealed.runtime.auditor._known = []
    await unsealed.runtime.auditor.anchor()
    assert await found(unsealed) == [("audit.anchor_missing", "1")]


async def test_anchors_that_were_removed_show(sealed):
    """ALL-5."""
    await work(sealed)
    sealed.runtime.clock.advance(days=2)
    await database(sealed)[ANCHORS].delete_many({})
    assert await found(sealed) == [("audit.anchor_missing", "1"), ("audit.anchors_missing", "")]


async def test_an_anchor_that_was_changed_shows(sealed):
    """ALL-5."""
    await work(sealed)
    await database(sealed)[ANCHORS].update_one({"_id": 1}, {"$set": {"heads.0.seq": 1}})
    assert ("audit.anchor_broken", "1") in await found(sealed)


async def test_what_is_no_record_at_all_is_a_finding_and_not_a_crash(sealed):
    await work(sealed)
    for junk in ({"_id": "counter@junk:1"}, {"_id": "counter@test:zzz", "writer": 1, "seq": "x", "changes": None}):
        await database(sealed)["audit"].insert_one(junk)
    assert {subject for _, subject in await found(sealed)} >= {"counter@junk:1", "counter@test:zzz"}


async def test_records_from_before_the_key_are_vouched_for_by_the_first_sealed_anchor_alone(unsealed):
    await work(unsealed)
    unsealed.runtime.auditor.keys = unsealed.runtime.writer._chain._keys = audit.Keys(f"{KEY} {OTHER}")
    await work(unsealed, 1)
    assert await found(unsealed) == []
    await work(unsealed, 1)
    assert await found(unsealed) == [("audit.record_unsealed", "counter@second")]  # whose replica still has no key


async def test_a_key_can_be_replaced_while_the_old_one_still_verifies(sealed):
    await work(sealed)
    sealed.runtime.auditor.keys = sealed.runtime.writer._chain._keys = audit.Keys(f"{OTHER} {KEY}")
    await sealed.do(add, "c0", 1)
    await sealed.runtime.auditor.anchor()
    assert await found(sealed) == []
    sealed.runtime.auditor.keys = audit.Keys(OTHER)
    assert "audit.key_unknown" in {code for code, _ in await found(sealed)}


async def test_instances_whose_names_begin_alike_have_chains_of_their_own(sealed):
    """ALL-5: the records of `test:8101` were taken for the newest of `test`."""
    async with second_writer(sealed, "test:8101") as change:
        await change("c")
    async with second_writer(sealed, "test") as change:
        await change("c")
    heads = {head["writer"]: head["seq"] for head in await audit.read_heads(sealed.runtime.mongo)}
    assert heads["counter@test:8101"] == 1
    assert set(heads) == {"counter@test", "counter@test:8101"}
    assert await found(sealed) == []


async def test_writes_during_a_verification_raise_no_false_alarm(sealed):
    """ALL-5: two writers change, create and remove the same few documents meanwhile."""
    done = asyncio.Event()

    async def flip(work):
        if counter := await work.get(Counter, "now-and-then"):
            work.delete(counter)
        else:
            work.put(Counter(id="now-and-then", note=uuid7()))

    async def busy(change):
        while not done.is_set():
            with suppress(Busy):  # the other writer was quicker, eight times
                await asyncio.gather(*(change(f"c{n % 3}") for n in range(5)))
            await asyncio.sleep(0.01)

    async def flipping():
        while not done.is_set():
            with suppress(Busy):
                await sealed.do(flip)
            await asyncio.sleep(0.01)

    await work(sealed)
    async with second_writer(sealed) as change:
        writing = asyncio.gather(busy(lambda name: sealed.do(add, name, 1)), busy(change), flipping())
        try:
            for _ in range(4):
                assert await found(sealed) == []
                await sealed.runtime.auditor.anchor()
        finally:
            done.set()
            await writing
    assert await found(sealed) == []
