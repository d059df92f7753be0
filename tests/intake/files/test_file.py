"""Photos and files under the customer's id (INT-2, INT-3): kept, downloaded, taken out of sight, swept."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from intake.samples import ELF, JPEG, PDF, PE, SHELL, png

from aftersales.common.mongo import Mongo, Writes
from aftersales.common.mongo.files import AT_ONCE, UPLOADS
from aftersales.intake.archive.domain.file import CustomerFile
from aftersales.intake.files.domain import HEAD
from aftersales.intake.main import build_service
from aftersales.intake.settings import Settings
from aftersales.testing import ManualClock, eventually
from aftersales.testing.system import RunningService, start_system
from aftersales.values import uuid7
from aftersales.values.errors import NotFound

PERSON = {"name": "王芳", "phone": "13800138000", "address": "朝阳区建国路 1 号", "branch": "BJ01"}


@pytest.fixture
async def customer(intake: RunningService) -> str:
    return (await intake.http.post("/customers", json=PERSON)).json()["id"]


async def _send(intake: RunningService, customer: str, content: Any, name: str, **more: Any) -> httpx.Response:
    kind = {"Content-Type": more.pop("kind", "application/octet-stream")}
    where = f"/customers/{customer}/files"
    return await intake.http.post(where, params={"name": name} | more, content=content, headers=kind)


async def test_a_photo_is_kept_shown_downloaded_and_taken_out_of_sight(intake: RunningService, customer: str) -> None:
    """INT-2, INT-3."""
    photo = png(400) + b"\0" * 600_000  # several chunks of GridFS
    kept = await _send(intake, customer, photo, "冰箱 1.png", kind="image/png")
    assert kept.status_code == 201, kept.text
    file = kept.json()
    assert (file["name"], file["type"], file["size"]) == ("冰箱 1.png", "image/png", len(photo))
    assert file["sha256"] == hashlib.sha256(photo).hexdigest()
    assert (await intake.http.get(kept.headers["Location"])).json() == file

    got = await intake.http.get(f"/files/{file['id']}")
    assert got.content == photo
    assert got.headers["Content-Type"] == "image/png"
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E5%86%B0%E7%AE%B1%201.png"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    where = f"/customers/{customer}/files"
    assert [item["id"] for item in (await intake.http.get(where)).json()["items"]] == [file["id"]]
    for _ in range(2):
        gone = await intake.http.delete(f"/files/{file['id']}", headers={"X-Actor": "desk-7"})
        assert (gone.json()["removed"], gone.json()["removed_by"], gone.json()["version"]) == (True, "desk-7", 2)
    refused = await intake.http.get(f"/files/{file['id']}")
    assert (refused.status_code, refused.json()["code"]) == (404, "file.removed")
    assert (await intake.http.get(where)).json()["items"] == []
    assert (await _send(intake, customer, photo, "again.png")).json()["id"] != file["id"]


async def test_the_same_bytes_are_one_file_of_a_customer_however_many_send_them_at_once(
    intake: RunningService, customer: str
) -> None:
    """INT-2; and nothing is left in GridFS of the others."""
    form = {"branch": "BJ01", "channel": "phone", "customer": {k: PERSON[k] for k in ("name", "phone", "address")}}
    form |= {"product": {"serial": "RF-1", "model": "M", "line": "refrigerator"}, "fault": "no-cooling"}
    numbers = [(await intake.http.post("/requests", json=form)).json()["id"] for _ in range(2)]
    sent = await asyncio.gather(*(_send(intake, customer, JPEG, f"{n}.jpg", request=numbers[n % 2]) for n in range(6)))
    assert {answer.status_code for answer in sent} == {201}
    (file,) = await intake.find(CustomerFile)
    assert set(file.requests) == set(numbers)
    assert len(await intake.runtime.mongo.rows("blobs.files", {})) == 1
    assert await intake.runtime.mongo.rows(UPLOADS, {}) == []

    other = (await intake.http.post("/customers", json=PERSON | {"phone": "13800138009"})).json()["id"]
    refused = await _send(intake, other, JPEG, "1.jpg", request=numbers[0])
    assert (refused.status_code, refused.json()["code"]) == (409, "file.request_of_another_customer")
    assert (await _send(intake, other, JPEG, "1.jpg")).json()["id"] != file.id


async def test_a_file_is_no_other_customers(intake: RunningService, customer: str) -> None:
    """INT-3."""
    file = (await _send(intake, customer, JPEG, "1.jpg")).json()["id"]
    other = (await intake.http.post("/customers", json=PERSON | {"phone": "13800138009"})).json()["id"]
    refused = await intake.http.get(f"/customers/{other}/files/{file}")
    assert (refused.status_code, refused.json()["code"]) == (404, "customer_files.unknown")
    assert (await intake.http.get(f"/customers/{customer}/files/{file}")).status_code == 200


async def test_what_is_refused_leaves_nothing_behind(intake: RunningService, customer: str) -> None:
    """INT-2: real programs under harmless names, and what only looks like a text at first."""
    late = b"a" * HEAD + b"\0\1"
    for content, name, code in (
        (PE, "photo.jpg", "file.is_a_program"),
        (ELF, "scan.pdf", "file.is_a_program"),
        (SHELL, "notes.txt", "file.is_a_program"),
        (b"", "photo.jpg", "file.empty"),
        (late, "notes.txt", "file.type_not_kept"),
        (JPEG, "photo.jpg.exe", "file.named_like_a_program"),
        (JPEG, "photo.png", "file.type_differs"),
    ):
        answer = await _send(intake, customer, content, name)
        assert (answer.status_code, answer.json()["code"]) == (422, code), name
        assert answer.json()["detail"] != code
    nobody = await _send(intake, uuid7(), JPEG, "photo.jpg")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "customers.unknown")
    for collection in "blobs.files", "blobs.chunks", UPLOADS:
        assert await intake.runtime.mongo.rows(collection, {}) == [], collection


async def test_only_files_may_be_larger_than_other_bodies_and_they_have_their_own_limit(
    intake: RunningService, customer: str
) -> None:
    """INT-2, by streaming: announced, and in pieces of unknown number."""
    settings: Any = intake.runtime.service.settings
    most: int = settings.max_file

    async def pieces(size: int) -> AsyncIterator[bytes]:
        yield png()
        for _ in range(size // 100_000):
            yield b"\0" * 100_000

    assert (await _send(intake, customer, pieces(3_000_000), "large.png")).status_code == 201
    assert (await _send(intake, customer, png() + b"\0" * most, "x.png")).json()["code"] == "http.413"
    assert (await _send(intake, customer, pieces(most + 100_000), "x.png")).status_code == 413
    assert (await intake.http.post("/customers", content=b" " * 1_500_000)).status_code == 413
    assert len(await intake.find(CustomerFile)) == len(await intake.runtime.mongo.rows("blobs.files", {})) == 1


async def test_the_same_idempotency_key_keeps_one_file_and_tells_of_another_body(
    intake: RunningService, customer: str
) -> None:
    where = f"/customers/{customer}/files?name=a.jpg"
    key = {"Idempotency-Key": "k"}
    first = await intake.http.post(where, content=JPEG, headers=key)
    again = await intake.http.post(where, content=JPEG, headers=key)
    assert (first.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await intake.http.post(where, content=JPEG + b"\0", headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key.reused")


async def test_bytes_that_a_crash_left_without_a_record_are_removed_after_a_day(
    intake: RunningService, customer: str, clock: ManualClock
) -> None:
    """INT-2: whole ones and half-written ones; those of a record that was never settled stay."""
    mongo, began = intake.runtime.mongo, clock.now()
    kept = (await _send(intake, customer, JPEG, "a.jpg")).json()["id"]
    await mongo.files._uploads.insert_one({"_id": kept, "at": began})
    async with mongo.files.writing(whole := uuid7(), began) as write:
        await write(PDF)
    half = uuid7()
    await mongo.files._uploads.insert_one({"_id": half, "at": began})
    started = Writes()
    started.insert("blobs.chunks", {"_id": "c", "files_id": half, "n": 0, "data": b"\0" * 255})
    await mongo.commit(started)  # and there the process died
    assert len({row["files_id"] for row in await mongo.rows("blobs.chunks", {})}) == 3

    assert await mongo.files.sweep(CustomerFile, began) == 0
    assert await mongo.files.sweep(CustomerFile, began + timedelta(seconds=1)) == 2
    assert {row["files_id"] for row in await mongo.rows("blobs.chunks", {})} == {kept}
    assert await mongo.rows(UPLOADS, {}) == []
    assert (await intake.http.get(f"/files/{kept}")).content == JPEG
    with pytest.raises(NotFound):
        await mongo.files.read(whole)


async def _broken_off(mongo: Mongo, at: datetime) -> None:
    async with mongo.files.writing("broken", at) as write:
        await write(PDF)
        raise ValueError("stop")


async def test_files_are_put_off_when_too_many_are_being_written(intake: RunningService, customer: str) -> None:
    """The driver holds each in memory."""
    async with AsyncExitStack() as stack:
        for n in range(AT_ONCE):
            await stack.enter_async_context(intake.runtime.mongo.files.writing(str(n), intake.runtime.clock.now()))
        busy = await _send(intake, customer, JPEG, "a.jpg")
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2")
    assert (await _send(intake, customer, JPEG, "a.jpg")).status_code == 201


async def test_a_service_that_starts_sweeps_what_the_last_one_left(urls: Any, clock: ManualClock) -> None:
    """And on the other driver, where bytes are kept and read as well."""
    async with start_system(urls, clock, [(build_service, Settings)], mongo_driver="pymongo") as system:
        mongo: Mongo = system.intake.runtime.mongo
        async with mongo.files.writing("left", clock.now() - timedelta(days=2)) as write:
            await write(PDF)
        assert b"".join([piece async for piece in await mongo.files.read("left")]) == PDF
        with pytest.raises(ValueError, match="stop"):
            await _broken_off(mongo, clock.now())
        system.intake.runtime._spawn("again", system.intake.runtime._sweep_files(CustomerFile))

        async def swept() -> bool:
            return not await mongo.rows("blobs.files", {}) and not await mongo.rows(UPLOADS, {})

        await eventually(swept)
