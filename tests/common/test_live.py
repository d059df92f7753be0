"""`GET /live`: every replica tells every listener what changed, in order, without a gap or with `resync`."""

import asyncio
import contextlib
import socket
import time
from datetime import UTC, datetime

import pytest
from common.things import listening, start_replicas
from pymongo import AsyncMongoClient

from aftersales.common.mongo import ChangedDocument
from aftersales.testing import eventually


@pytest.fixture
async def two(urls, clock):
    async with start_replicas(urls, clock) as replicas:
        yield replicas


@pytest.fixture
async def one(urls, clock):
    async with start_replicas(urls, clock, 1) as replicas:
        yield replicas[0]


async def test_both_replicas_tell_the_same_hints_with_the_same_ids_whoever_committed(two):
    first, second = two
    async with listening(first) as near, listening(second) as far:
        for number in range(5):
            await two[number % 2].keep(f"t-{number}")
        await two[0].keep("t-0")
        for ear in (near, far):
            await ear.hears("things", "t-0", 2)
            await ear.hears("gadgets", "t-0", 2)
        assert near.hints == far.hints
        assert near.last == far.last
        assert near.hints[0] == {"kind": "things", "id": "t-0", "branch": "sh-01", "version": 1} or (
            near.hints[0]["kind"] == "gadgets"
        )


async def test_a_hint_has_no_personal_data_and_only_of_what_the_api_shows(one):
    async with listening(one) as ear:
        await one.keep("t-1", owner="王小明 13800001111")
        await ear.hears("things", "t-1", 1)
        await ear.hears("gadgets", "t-1", 1)
    assert all(set(hint) == {"kind", "id", "branch", "version"} for hint in ear.hints)
    assert {hint["kind"] for hint in ear.hints} == {"things", "gadgets"}


async def test_a_hint_comes_after_its_commit(one):
    async with listening(one, "?kind=things") as ear:
        for number in range(20):
            await one.keep(f"t-{number}")
            await ear.hears("things", f"t-{number}", 1)
            assert (await one.http.get(f"/things/t-{number}")).json()["version"] >= 1


async def test_a_listener_goes_on_at_the_other_replica_where_it_stopped(two):
    first, second = two
    async with listening(first, "?kind=things") as ear:
        await first.keep("before")
        await ear.hears("things", "before", 1)
    for number in range(10):
        await first.keep(f"missed-{number}")
    async with listening(second, "?kind=things", last=ear.last) as again:
        await again.hears("things", "missed-9", 1)
    assert [hint["id"] for hint in again.hints] == [f"missed-{number}" for number in range(10)]
    assert again.resyncs == 0


@pytest.mark.parametrize("last", ["6b0d6d8e000000130001", "ffffffff000000130001", "nonsense", "6B", "0" * 20])
async def test_a_position_that_is_too_old_or_unknown_means_resync(one, last):
    async with listening(one, last=last) as ear:
        assert ear.resyncs == 1
        await one.keep("t-1")
        await ear.hears("things", "t-1", 1)
    assert ear.resyncs == 1


async def test_kinds_and_branches_are_chosen_by_the_query(one):
    async with listening(one, "?kind=things&branch=bj-01&branch=gz-01") as ear:
        await one.keep("t-1", "sh-01")
        await one.keep("t-2", "bj-01")
        await one.keep("t-3", "gz-01")
        await ear.hears("things", "t-3", 1)
    assert [(hint["kind"], hint["branch"]) for hint in ear.hints] == [("things", "bj-01"), ("things", "gz-01")]


async def test_an_unknown_kind_is_refused_with_the_known_ones(one):
    answer = await one.http.get("/live?kind=hidden_things", headers={"accept-language": "zh-Hans"})
    assert (answer.status_code, answer.json()["code"]) == (422, "live.kind_unknown")
    assert answer.json()["params"] == {"kind": "hidden_things", "known": "gadgets, standards, things"}


async def test_a_silent_stream_sends_its_position_so_that_it_does_not_grow_old(one):
    one.runtime.live.pace.heartbeat = 0.2
    async with listening(one, "?branch=nowhere") as ear:
        begin = ear.last
        await one.keep("t-1")
        await eventually(lambda: _moved(ear, begin))
    assert (ear.hints, ear.heartbeats > 0) == ([], True)


async def test_one_listener_too_many_is_told_when_to_try_again(urls, clock):
    async with start_replicas(urls, clock, 1, live_listeners=1) as (one,), listening(one):
        answer = await one.http.get("/live")
        assert (answer.status_code, answer.json()["code"]) == (503, "live.full")
        assert int(answer.headers["retry-after"]) > 0


async def test_a_listener_who_left_makes_room(urls, clock):
    async with start_replicas(urls, clock, 1, live_listeners=1) as (one,):
        async with listening(one):
            pass
        await eventually(lambda: _listeners(one, 0), 3)
        async with listening(one) as ear:
            assert ear.status == 200


async def test_a_listener_that_reads_nothing_is_cut_and_the_others_hear_on(one):
    hub = one.runtime.live
    hub.pace.slowest = 0.5
    port = one.http.base_url.port
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(slow, ("127.0.0.1", port))
        await asyncio.get_running_loop().sock_sendall(slow, b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        await eventually(lambda: _listeners(one, 1))
        async with listening(one, "?branch=sh-01") as ear:
            number = 0
            while not await _listeners(one, 1):
                number += 1
                assert number < 200, "it was never cut"
                position = f"{int(hub._now[:8], 16):08x}{number:08x}{0:04x}"
                hub._ring.add([ChangedDocument(position, "things", "x" * 100, "bj-01", 1, datetime.now(UTC))] * 1000)
                hub._wake()
                await asyncio.sleep(0.02)
            await one.keep("after")
            await ear.hears("things", "after", 1)
        assert hub.metrics.ended.labels("slow")._value.get() == 1


async def test_a_stopping_service_ends_its_streams_at_once(two):
    first, second = two
    async with listening(first) as ear, listening(second) as other:
        began = time.monotonic()
        first.server.should_exit = True
        await eventually(lambda: _ended(ear), 3)
        assert time.monotonic() - began < 2
        await second.keep("t-1")
        await other.hears("things", "t-1", 1)


async def test_a_primary_that_steps_down_makes_no_gap(urls, one):
    async with listening(one, "?kind=things") as ear:
        await one.keep("before")
        await ear.hears("things", "before", 1)
        async with AsyncMongoClient(urls.mongo_url) as client:
            with contextlib.suppress(Exception):
                await client.admin.command({"replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 0, "force": True})
        for number in range(5):
            await one.keep(f"after-{number}")
        await ear.hears("things", "after-4", 1, 30)
    assert [hint["id"] for hint in ear.hints] == ["before", *(f"after-{number}" for number in range(5))]
    assert (ear.resyncs, ear.ended) == (0, False)


async def test_lost_changes_are_said_with_resync_and_readiness_stays(one):
    feed = one.runtime.live._feed
    async with listening(one, "?kind=things") as ear:
        await interrupted(one)
        feed._token = {"_data": "82FF"}  # MongoDB refuses it as it refuses one whose changes it no longer has
        one.runtime._spawn("live", one.runtime.live.run())
        await eventually(lambda: _resynced(ear), 20)
        await one.keep("after")
        await ear.hears("things", "after", 1)
    assert ear.resyncs == 1
    assert (await one.http.get("/readyz")).status_code == 200


async def test_readiness_shows_a_feed_that_stands_still_and_http_works_on(one):
    await interrupted(one)
    ready, healthy = await one.http.get("/readyz"), await one.http.get("/healthz")
    assert (ready.status_code, ready.json()["live"], healthy.status_code) == (200, False, 503)
    assert await one.keep("t-1") == 1
    assert "aftersales_live_up 0.0" in (await one.http.get("/metrics")).text


async def interrupted(one):
    """Stop the reading of changes."""
    task = one.runtime._tasks["live"]
    task.remove_done_callback(one.runtime._ended)
    task.cancel()
    await eventually(lambda: _down(one.runtime.live))


async def _moved(ear, begin):
    return ear.last > begin


async def _listeners(one, count):
    return one.runtime.live._listeners == count


async def _ended(ear):
    return ear.ended


async def _resynced(ear):
    return ear.resyncs


async def _down(hub):
    return not hub.up
