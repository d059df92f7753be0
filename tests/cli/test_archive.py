"""Items that ended long ago leave for files and come back; nothing is lost, doubled or begun again on the way."""

import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from cli.system import Program, open_system
from pydantic import ValidationError

from aftersales.cli.archive_files import Broken, Draft, load_manifest, save_manifest, verify_archive_file
from aftersales.cli.archive_files import write_archive_file as write_file
from aftersales.common.dead_letters import StoredDeadLetter
from aftersales.common.events.dispatch import PartNeeded
from aftersales.common.retained import Archived
from aftersales.common.settings import ServiceSettings, WrongSettings
from aftersales.inventory.main import build_service as inventory
from aftersales.inventory.settings import Settings as InventorySettings
from aftersales.inventory.slips.domain import IssueSlip
from aftersales.inventory.stock.domain import Movement
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import ServiceRow

YEAR = timedelta(days=365)
OLD, NEW, OPEN = "IS-230101-AAAA-1", "IS-261123-AAAA-1", "IS-230101-BBBB-1"


@pytest.fixture
async def program(urls) -> AsyncIterator[Program]:
    """Inventory with old and new slips, ended and open ones, and movements of two years ago and of today."""
    rows: list[ServiceRow] = [(inventory, InventorySettings)]
    periods = {"slips": YEAR, "movements": YEAR}
    clock = ManualClock()
    async with open_system(urls, clock, rows, retention=periods) as opened:
        service = opened.system.inventory
        await service.do(put_slips)
        clock.advance(days=-730)
        await service.do(put_movements, "old", 120)
        clock.advance(days=730)
        await service.do(put_movements, "new", 3)
        yield opened


async def put_slips(work):
    for id, state in ((OLD, "used"), (NEW, "used"), (OPEN, "open")):
        work.put(IssueSlip(id=id, branch="sh-01", order="WO", request="SR", visit=1, state=state))


async def put_movements(work, prefix, count):
    for n in range(count):
        what = {"kind": "received", "part": "压缩机\u2028", "lot": "l", "bin": "b", "quantity": n, "at": work.now}
        work.put(Movement(id=f"{prefix}-{n:04d}", branch="sh-01", **what))


async def archive(program, *arguments, **environment):
    return await program("archive", *arguments, **environment)


async def ids(program, kind):
    return {state.id for state in await program.system.inventory.find(kind)}


async def digests(program):
    rows = await program.system.inventory.runtime.mongo.rows("movements", {}, sort=("_id",))
    return [json.dumps(row, default=str) for row in rows]


def files(folder):
    return sorted(path.name for path in folder.iterdir())


async def test_what_ended_long_ago_leaves_for_a_file_and_comes_back_as_it_was(program, tmp_path):
    before = await digests(program)
    done = await archive(program, "write", tmp_path, "--service", "inventory")
    assert done.code == 0, done.err
    assert await ids(program, IssueSlip) == {NEW, OPEN}
    assert await ids(program, Movement) == {"new-0000", "new-0001", "new-0002"}
    marks = await program.system.inventory.find(Archived)
    assert (len(marks), {mark.branch for mark in marks}) == (121, {"sh-01"}), "other branches are told 404, not 410"
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    (manifest,) = [load_manifest(path) for path in tmp_path.glob("*movements*.json")]
    assert (manifest.documents, manifest.removed, manifest.first) == (120, True, "old-0000")
    assert (await program.system.inventory.runtime.auditor.verify()).findings == []

    restored = await archive(program, "restore", tmp_path, "--all")
    assert restored.code == 0, restored.err
    assert await digests(program) == before
    assert await program.system.inventory.find(Archived) == []
    assert (await program.system.inventory.runtime.auditor.verify()).findings == []


async def test_the_audit_trail_says_who_archived_and_restored(program, tmp_path):
    await archive(program, "write", tmp_path, "--service", "inventory")
    await archive(program, "restore", tmp_path, OLD)
    told = (await program.system.inventory.http.get(f"/audit/slips/{OLD}")).json()
    assert [change["why"] for change in told["items"]] == ["put_slips", "archive_documents", "restore_documents"]
    assert told["intact"]


async def test_an_archived_item_is_gone_and_a_late_event_does_not_begin_it_again(program, tmp_path):
    await archive(program, "write", tmp_path, "--service", "inventory")
    service = program.system.inventory
    gone = await service.http.get(f"/slips/{OLD}")
    assert (gone.status_code, gone.json()["code"]) == (410, "archive.archived")
    what = {"order": "WO-230101-AAAA", "request": "SR-230101-AAAA", "branch": "sh-01", "visit": 1}
    await service.deliver(PartNeeded(part="fan", quantity=1, at=service.runtime.clock.now(), **what))

    async def parked():
        return await service.find(StoredDeadLetter)

    (letter,) = await eventually(parked)
    assert letter.reason == "archive.archived"
    assert await ids(program, IssueSlip) == {NEW, OPEN}
    await archive(program, "restore", tmp_path, OLD)
    assert (await service.http.post(f"/dead/{letter.id}/replay")).is_success
    await service.quiet()
    assert await ids(program, IssueSlip) == {NEW, OPEN, OLD}


async def test_a_run_that_broke_off_is_finished_by_the_next(program, tmp_path):
    """Broken off: while a file was written, and between a complete file and the removal."""
    service = program.system.inventory
    (tmp_path / "inventory-slips-half.jsonl.gz").write_bytes(b"half a file")
    page = (await service.http.get("/archive/movements", params={"limit": 100})).json()
    draft = Draft("inventory", "movements", service.runtime.clock.now())
    path = write_file(tmp_path, draft, [item["line"] for item in page["items"]])
    removal = {"id": "old-0000", "sha256": hashlib.sha256(page["items"][0]["line"].encode()).hexdigest()}
    body = {"file": load_manifest(path).file, "items": [removal]}
    assert (await service.http.post("/archive/movements/removals", json=body)).json()["removed"] == ["old-0000"]

    done = await archive(program, "write", tmp_path, "--service", "inventory")
    assert done.code == 0, done.err
    held = [line.id for path in tmp_path.glob("*movements*.json") for line in verify_archive_file(path)[1]]
    assert sorted(held) == [f"old-{n:04d}" for n in range(120)]
    assert await ids(program, Movement) == {"new-0000", "new-0001", "new-0002"}
    assert "inventory-slips-half.jsonl.gz" not in files(tmp_path)


async def test_what_changed_after_it_was_written_stays(program, tmp_path):
    service = program.system.inventory

    async def change(work):
        work.put((await work.require(Movement, "old-0007")).but(quantity=7000))

    page = (await service.http.get("/archive/movements", params={"limit": 100})).json()
    path = write_file(
        tmp_path, Draft("inventory", "movements", service.runtime.clock.now()), [item["line"] for item in page["items"]]
    )
    await service.do(change)
    done = await archive(program, "write", tmp_path, "--service", "inventory")
    assert done.code == 0, done.err
    assert load_manifest(path).kept == ["old-0007"]
    shown = await archive(program, "show", tmp_path, "old-0007")  # the second file has it as it is now
    assert [json.loads(line)["quantity"] for line in shown.out.split("\n")[:-1]] == [7000]


def test_a_file_that_was_changed_is_found(tmp_path):
    path = write_file(tmp_path, Draft("inventory", "slips", ManualClock().now()), ['{"_id": "a", "state": "used"}'])
    packed, manifest = path.with_name(load_manifest(path).file), load_manifest(path)
    good = packed.read_bytes()
    assert [line.id for line in verify_archive_file(path)[1]] == ["a"]
    for bad in (good[:-9], gzip.compress(gzip.decompress(good).replace(b"used", b"open")), b""):
        packed.write_bytes(bad)
        with pytest.raises(Broken):
            verify_archive_file(path)
    packed.write_bytes(good)
    for wrong in ({"documents": 2}, {"last": "b"}, {"lines_sha256": "0" * 64}, {"format": 2}):
        save_manifest(path, manifest.model_copy(update=wrong))
        with pytest.raises(Broken):
            verify_archive_file(path)
    packed.unlink()
    save_manifest(path, manifest)
    with pytest.raises(Broken):
        verify_archive_file(path)


async def test_by_a_file_that_was_changed_nothing_is_removed_or_restored(program, tmp_path):
    service = program.system.inventory
    page = (await service.http.get("/archive/slips")).json()
    path = write_file(tmp_path, Draft("inventory", "slips", service.runtime.clock.now()), [page["items"][0]["line"]])
    packed = path.with_name(load_manifest(path).file)
    packed.write_bytes(packed.read_bytes()[:-9])
    written = await archive(program, "write", tmp_path, "--service", "inventory")
    assert (written.code, packed.name in written.err) == (2, True)
    assert (await archive(program, "restore", tmp_path, "--all")).code == 1
    assert OLD in await ids(program, IssueSlip)


async def test_the_service_removes_only_what_is_old_ended_and_proved(program):
    service = program.system.inventory
    body = {"file": "f", "items": [{"id": id, "sha256": "0" * 64} for id in (OLD, NEW, OPEN)]}
    answer = (await service.http.post("/archive/slips/removals", json=body)).json()
    assert answer == {"removed": [], "kept": [OLD, NEW, OPEN]}
    unknown = await service.http.get("/archive/stock")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "archive.unknown")
    wrong = await service.http.post("/archive/slips/restorations", json={"lines": ['{"_id": 1}']})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "archive.line_malformed")


async def test_without_a_period_nothing_leaves(urls, clock):
    async with open_system(urls, clock, [(inventory, InventorySettings)]) as opened:
        service = opened.system.inventory
        assert (await service.http.get("/archive/slips")).json()["code"] == "archive.off"
        assert {row["after"] for row in (await service.http.get("/archive")).json()} == {None}


def test_a_period_shorter_than_events_may_be_late_is_refused():
    with pytest.raises((WrongSettings, ValidationError), match="30 days"):
        ServiceSettings(retention={"slips": timedelta(days=29)})
    with pytest.raises(WrongSettings):
        ServiceSettings(retention={"stock": YEAR})
