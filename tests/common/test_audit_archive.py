"""Old audit records leave for the archive, and the trail is still proved as a whole (ALL-5)."""

import hashlib
import json
from datetime import timedelta

import pytest
from common.auditing import database, found, records, running_service, second_writer, work
from common.counter import Counter, add

from aftersales.common.trail.balance import BASES
from aftersales.common.work import audit, values

YEAR = timedelta(days=365)


@pytest.fixture
async def counter(urls, clock):
    """Documents changed by two writers in turn, two years ago and today."""
    async with running_service(urls, clock, retention={"audit": YEAR}) as built:
        clock.advance(days=-730)
        await work(built)
        clock.advance(days=730)
        yield built


async def leaving(counter, limit=200):
    answer = await counter.http.get("/archive/audit", params={"limit": limit})
    assert answer.is_success, answer.text
    return answer.json()["items"]


async def leave(counter, items, file="f"):
    proofs = [{"id": item["id"], "sha256": hashlib.sha256(item["line"].encode()).hexdigest()} for item in items]
    return await counter.http.post("/archive/audit/removals", json={"file": file, "items": proofs})


async def test_old_records_leave_and_the_trail_is_still_whole(counter):
    """ALL-5: all but the newest of each chain."""
    items = await leaving(counter)
    assert len(items) == 10
    for item in items[:3], items[3:]:
        assert (await leave(counter, item)).json()["kept"] == []
    assert await found(counter) == []
    assert [len(await records(counter, f"counter@{name}")) for name in ("test", "second")] == [1, 1]
    assert (await audit.verify_chains(counter.runtime.mongo, counter.runtime.auditor.keys)).broken == {}
    await work(counter)  # both chains go on
    assert await found(counter) == []
    told = (await counter.http.get(f"/audit/{Counter.COLLECTION}/c0")).json()
    assert (told["intact"], told["earlier_archived"]) == (True, True)


async def test_records_leave_with_the_values_of_their_changes(counter):
    """ALL-5."""
    items = await leaving(counter)
    assert all(json.loads(item["line"])["values"]["0"]["salt"] for item in items)
    whole = [json.loads(item["line"])["values"]["0"].get("after", {}) for item in items]
    assert [document["total"] for document in whole if document] == [1, 1]
    before = await counter.runtime.mongo.rows(values.VALUES, {})
    assert (await leave(counter, items)).json()["kept"] == []
    gone = {values.row_id(item["id"], 0) for item in items}
    left = await counter.runtime.mongo.rows(values.VALUES, {})
    assert {row["_id"] for row in before} - {row["_id"] for row in left} == gone


async def test_removing_the_same_records_again_changes_nothing(counter):
    items = await leaving(counter)
    first = (await leave(counter, items)).json()
    assert (await leave(counter, items)).json() == first
    assert await found(counter) == []


async def test_a_chain_leaves_from_its_beginning_and_only_what_is_anchored(counter):
    items = await leaving(counter)
    answer = await leave(counter, items[1:3])
    assert (answer.status_code, answer.json()["code"]) == (409, "archive.chain_broken")
    counter.runtime.clock.advance(days=-500)
    async with second_writer(counter) as change:
        await change("later")
        await change("later")
    counter.runtime.clock.advance(days=500)
    assert len(await leaving(counter)) == 11  # up to the one that was anchored
    await counter.runtime.auditor.anchor()
    assert len(await leaving(counter)) == 12  # up to the last but one


@pytest.mark.parametrize("document", ["c0", "c1"])
async def test_what_is_falsified_after_its_records_have_left_shows(counter, document):
    """ALL-5: a document that is changed or removed, and a base that is fitted to it."""
    await leave(counter, await leaving(counter))
    name = f"{Counter.COLLECTION}/{document}"
    row = await database(counter)[Counter.COLLECTION].find_one({"_id": document})
    await database(counter)[Counter.COLLECTION].update_one({"_id": document}, {"$set": {"total": 1000}})
    assert await found(counter) == [("audit.document_changed", name)]
    await database(counter)[Counter.COLLECTION].delete_one({"_id": document})
    assert await found(counter) == [("audit.document_gone", name)]
    await database(counter)[Counter.COLLECTION].insert_one(row)
    await database(counter)[BASES].update_one({"_id": name}, {"$inc": {"digests.0.n": 1}})
    assert await found(counter) == [("audit.document_changed", name)]


async def test_a_cut_tail_and_a_changed_head_of_the_archive_show(counter):
    """ALL-5."""
    await leave(counter, await leaving(counter))
    (last,) = await records(counter, "counter@second")
    await database(counter)["audit"].delete_one({"_id": last["_id"]})
    assert ("audit.head_missing", "counter@second") in await found(counter)
    await database(counter)["audit"].insert_one(last)
    await database(counter)[audit.ARCHIVED_HEADS].update_one({"_id": "counter@second"}, {"$set": {"seq": 6}})
    assert ("audit.record_broken", "counter@second") in await found(counter)


async def test_a_document_that_is_gone_leaves_no_base_once_all_its_records_have_left(counter):
    async def remove(work):
        work.delete(await work.require(Counter, "short"))

    counter.runtime.clock.advance(days=-500)
    await counter.do(add, "short", 1)
    await counter.do(remove)
    await counter.do(add, "c0", 1)
    await counter.runtime.auditor.anchor()
    counter.runtime.clock.advance(days=500)
    await leave(counter, await leaving(counter))
    bases = {row["_id"] for row in await counter.runtime.mongo.rows(BASES, {})}
    assert bases == {f"{Counter.COLLECTION}/c0", f"{Counter.COLLECTION}/c1"}
    assert await found(counter) == []
