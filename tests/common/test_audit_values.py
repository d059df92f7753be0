"""The values before and after each change can be read, are proved by the chain, and may be erased (ALL-5)."""

import hashlib
from datetime import UTC, datetime

import pytest
from common.auditing import database, found, records, running_service, work
from common.counter import Counter, add

from aftersales.common.mongo import decode_document, document_digest, encode_document
from aftersales.common.work import values

NAME = f"{Counter.COLLECTION}/c0"
NOON, LATER = datetime(2026, 11, 30, 12, 0, tzinfo=UTC), datetime(2026, 12, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
async def sealed(urls, clock):
    async with running_service(urls, clock) as built:
        yield built


async def history(counter, id="c0"):
    answer = await counter.http.get(f"/audit/{Counter.COLLECTION}/{id}")
    assert answer.is_success, answer.text
    return answer.json()


async def write_note(work, id, note):
    counter = await work.require(Counter, id)
    work.put(counter.but(note=note))


def stored_fields(before, after):
    """Return the fields as they are read back, and the number of others."""
    stored = values.describe_change(before and encode_document(before), after and encode_document(after))
    assert len(stored.raw) < values.MOST_BYTES + 1_000
    return values.fields_of(decode_document(stored))


def difference(before, after):
    """The fields that are stored for a change, by path: before and after as far as they existed."""
    fields, more = stored_fields(before, after)
    assert more == 0
    return {field.pop("path"): field for field in fields}


async def test_each_change_shows_its_fields_before_and_after(sealed):
    """ALL-5."""
    await sealed.do(add, "c0", 3)
    await sealed.do(write_note, "c0", "上门前请先打电话 “urgent”")
    await sealed.do(write_note, "c0", "")
    told = await history(sealed)
    assert [change["values"] for change in told["items"]] == ["readable"] * 3
    assert (told["intact"], told["sealed"]) == (True, True)
    first, second, third = (
        {field["path"]: (field["before"], field["after"]) for field in change["fields"]} for change in told["items"]
    )
    assert first == {"branch": (None, "b-1"), "total": (None, 3), "rings": (None, 0)}
    assert second == {"note": ("", "上门前请先打电话 “urgent”")}
    assert third == {"note": ("上门前请先打电话 “urgent”", "")}


async def test_a_removed_document_shows_what_it_was(sealed):
    """ALL-5."""

    async def remove(work):
        work.delete(await work.require(Counter, "c0"))

    await sealed.do(add, "c0", 3)
    await sealed.do(remove)
    (_, removed) = (await history(sealed))["items"]
    assert {field["path"]: (field["before"], field["after"]) for field in removed["fields"]} == {
        "branch": ("b-1", None),
        "total": (3, None),
        "rings": (0, None),
    }


async def test_a_long_text_is_cut_and_its_digest_proves_the_whole(sealed):
    """ALL-5: 100 kB of text, in Chinese."""
    text = "噪音很大、半夜会停。" * 3_400
    await sealed.do(add, "c0", 1)
    await sealed.do(write_note, "c0", text)
    await sealed.do(write_note, "c0", "短")
    (_, written, shortened) = (await history(sealed))["items"]
    cut = {"start": text[:1000], "length": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()}
    (field,) = written["fields"]
    assert (field["before"], field["after"], field["after_cut"]) == ("", None, cut)
    (field,) = shortened["fields"]
    assert (field["before_cut"], field["after"]) == (cut, "短")
    (row,) = await sealed.runtime.mongo.rows(
        values.VALUES, {"_id": values.row_id((await records(sealed, "counter@test"))[-1]["_id"], 0)}
    )
    assert len(encode_document(row).raw) < 5_000
    assert await found(sealed) == []


def test_entries_of_nested_lists_money_and_times_are_compared_one_by_one():
    """ALL-5."""
    before = {
        "_id": "SR-1",
        "version": 1,
        "charges": [{"code": "labour", "price": {"amount": 12050, "currency": "CNY"}}],
        "clocks": [{"key": "a", "due_at": NOON, "ended_at": None}, {"key": "b", "due_at": NOON, "ended_at": None}],
        "visits": [["李", "wang"], ["赵"]],
        "quantity": 1,
    }
    after = {
        "_id": "SR-1",
        "version": 2,
        "charges": [{"code": "labour", "price": {"amount": 0, "currency": "CNY"}}],
        "clocks": [{"key": "a", "due_at": LATER, "ended_at": None}, {"key": "b", "due_at": NOON, "ended_at": NOON}],
        "visits": [["李"], ["赵"]],
        "quantity": True,
    }
    assert difference(before, after) == {
        "charges[0].price.amount": {"before": 12050, "after": 0},
        "clocks[0].due_at": {"before": NOON, "after": LATER},
        "clocks[1].ended_at": {"before": None, "after": NOON},
        "visits[0][1]": {"before": "wang"},
        "quantity": {"before": 1, "after": True},
    }


def test_an_entry_added_at_either_end_or_taken_out_is_one_difference():
    """ALL-5."""
    entries = [{"at": NOON, "what": f"第 {n} 步"} for n in range(40)]
    new = {"at": LATER, "what": "new"}
    assert difference({"history": entries}, {"history": [*entries, new]}) == {"history[40]": {"after": new}}
    assert difference({"history": entries}, {"history": [new, *entries]}) == {"history[0]": {"after": new}}
    shorter = entries[:7] + entries[8:]
    assert difference({"history": entries}, {"history": shorter}) == {"history[7]": {"before": entries[7]}}


def test_a_field_that_another_version_renamed_shows_as_removed_and_added():
    """ALL-5."""
    assert difference(
        {"tel": "+8613800138000", "name": "王小明"}, {"phones": ["+8613800138000"], "name": "王小明"}
    ) == {
        "tel": {"before": "+8613800138000"},
        "phones": {"after": ["+8613800138000"]},
    }


def test_what_is_too_much_to_store_is_counted():
    """ALL-5: many fields, many bytes, and a document that is large when it is created."""
    fields, more = stored_fields({"x": 1}, {"x": 1} | {f"f{n}": n for n in range(300)})
    assert (len(fields), more) == (values.MOST_FIELDS, 100)
    texts = {f"f{n}": "长" * 999 for n in range(100)}
    for before, after in (({"x": 1}, {"x": 1} | texts), (None, texts), (texts, None)):
        fields, more = stored_fields(before, after)
        assert (len(fields), more) == (10, 90)
    fields, more = stored_fields({"deep": {}}, {"deep": {"list": [texts, texts]}})
    assert fields[0]["path"] == "deep.list[0].f0"
    assert (len(fields), more) == (10, 190)


async def test_values_that_were_altered_show_and_are_not_shown_as_true(sealed):
    """ALL-5."""
    await work(sealed)
    (row,) = await database(sealed)[values.VALUES].find({"_id": {"$regex": "test:0*3/"}}).to_list(1)
    ((place, stored),) = row["values"].items()
    stored["fields"][0]["after"] = 1_000_000
    await database(sealed)[values.VALUES].replace_one({"_id": row["_id"]}, row)
    (name,) = [change["document"] for change in (await records(sealed, "counter@test"))[2]["changes"]]
    assert await found(sealed) == [("audit.values_changed", name)]
    told = await history(sealed, name.rpartition("/")[2])
    assert not told["intact"]
    assert [change["fields"] for change in told["items"] if change["values"] == "altered"] == [[]]
    for rubbish in ("x", {"fields": "x"}, {"salt": b"", "after": 5}, [1]):
        await database(sealed)[values.VALUES].update_one({"_id": row["_id"]}, {"$set": {f"values.{place}": rubbish}})
        await found(sealed)
        assert (await history(sealed, name.rpartition("/")[2]))["items"]


async def test_values_that_were_erased_leave_the_chain_whole(sealed):
    """ALL-5: who, when and why stay proved; the digest confirms no guess of the values."""
    await sealed.do(add, "c0", 7)
    await sealed.do(add, "c1", 7)
    await database(sealed)[values.VALUES].delete_one({"_id": {"$regex": "test:0*1/"}})
    run = await sealed.runtime.auditor.verify()
    assert (run.findings, run.erased, run.readable) == ([], 1, run.changes - 1)
    (change,) = (await history(sealed))["items"]
    assert (change["values"], change["fields"], change["who"]) == ("erased", [], "test")
    first, second = (record["changes"][0]["values"] for record in await records(sealed, "counter@test"))
    guess = {"after": {"_id": "c0", "version": 1, "branch": "b-1", "total": 7}}
    assert document_digest(guess) not in (first, second)


async def test_records_from_before_values_were_stored_still_verify(sealed):
    """ALL-5: they show "digest only"."""
    await sealed.do(add, "c0", 1)
    (record,) = await records(sealed, "counter@test")
    del record["changes"][0]["values"], record["hash"]
    await database(sealed)["audit"].replace_one({"_id": record["_id"]}, sealed.runtime.auditor.keys.seal(record))
    await database(sealed)[values.VALUES].delete_many({})
    sealed.runtime.writer._chain_loaded = False
    await sealed.do(add, "c0", 1)
    run = await sealed.runtime.auditor.verify()
    assert (run.findings, run.digest_only, run.readable) == ([], 1, run.changes - 1)
    old, new = (await history(sealed))["items"]
    assert (old["values"], old["fields"], new["values"]) == ("digest_only", [], "readable")


async def test_a_service_without_a_key_says_so_to_the_auditor(urls, clock):
    """ALL-5."""
    async with running_service(urls, clock, audit_key="") as unsealed:
        await unsealed.do(add, "c0", 1)
        assert (await history(unsealed))["sealed"] is False
        assert "\naftersales_audit_sealed 0.0\n" in (await unsealed.http.get("/metrics")).text


async def test_a_service_with_a_key_says_so_in_its_metrics(sealed):
    assert "\naftersales_audit_sealed 1.0\n" in (await sealed.http.get("/metrics")).text
