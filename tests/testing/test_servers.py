"""The real servers start, keep what they confirmed over kill -9, and say what to do where they can't be had."""

import asyncio
import os
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aio_pika
import psutil
import pymongo
import pytest

from aftersales.testing.servers import (
    Process,
    ServerUnavailableError,
    free_port,
    is_taken,
    prepare_mongod,
    prepare_rabbitmq,
    start_server,
)
from aftersales.testing.servers.model import open_files
from aftersales.testing.servers.mongod import find_mongod
from aftersales.testing.servers.orphans import end_orphans, find_orphans
from aftersales.testing.servers.rabbitmq import find_rabbitmq


@pytest.fixture
def mongo(tmp_path: Path) -> Iterator[Process]:
    process = start_server(prepare_mongod(tmp_path / "mongo", free_port()))
    yield process
    process.kill()


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[Process]:
    process = start_server(prepare_rabbitmq(tmp_path / "rabbitmq", free_port()))
    yield process
    process.kill()


async def queue_registered(rabbit: Process, name: bytes, seconds: float = 10) -> None:
    """Wait until Ra's directory is on disk: Erlang's DETS holds it back for 3 s, and a queue killed before is lost."""
    deadline = time.monotonic() + seconds
    while not any(name in file.read_bytes() for file in rabbit.server.data_dir.rglob("names.dets")):
        assert time.monotonic() < deadline, "the queue never reached the disk"
        await asyncio.sleep(0.1)


def test_no_port_is_given_twice_before_somebody_listens_there() -> None:
    given = [free_port() for _ in range(300)]
    assert len(set(given)) == len(given)


def test_a_committed_transaction_survives_kill_9_and_restart(mongo: Process) -> None:
    with pymongo.MongoClient[dict[str, int]](mongo.url) as client:
        with client.start_session() as session, session.start_transaction():
            client.shop.orders.insert_one({"n": 1}, session=session)
            client.shop.events.insert_one({"n": 1}, session=session)
        mongo.kill()
        mongo.start()

        assert client.shop.orders.count_documents({}) == client.shop.events.count_documents({}) == 1


def test_mongodb_goes_by_the_tests_clock_and_lets_go_of_what_they_drop(servers) -> None:
    with pymongo.MongoClient[dict[str, int]](servers.mongo_url) as client:
        for name, value in (("ttlMonitorEnabled", False), ("minSnapshotHistoryWindowInSeconds", 5)):
            assert client.admin.command({"getParameter": 1, name: 1})[name] == value


async def test_a_confirmed_message_survives_kill_9_and_restart(rabbit: Process) -> None:
    connection = await aio_pika.connect(rabbit.url)
    channel = await connection.channel(publisher_confirms=True)
    await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
    message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await channel.default_exchange.publish(message, "kept")
    await connection.close()
    await queue_registered(rabbit, b"kept")

    await asyncio.to_thread(rabbit.kill)
    await asyncio.to_thread(rabbit.start)

    async with await aio_pika.connect(rabbit.url) as again:
        queue = await (await again.channel()).get_queue("kept")
        incoming = await queue.get(timeout=10)
        assert incoming is not None
        assert incoming.body == b"kept"
        await incoming.ack()


def test_a_killed_broker_leaves_nothing_behind(rabbit: Process) -> None:
    rabbit.kill()

    assert not [name for name, port in rabbit.server.ports.items() if is_taken(port)]
    assert not find_orphans(rabbit.server.data_dir)


def test_a_server_whose_starter_was_killed_is_found_and_ended(mongo: Process) -> None:
    assert [process.pid for process in find_orphans(mongo.server.data_dir)] == [mongo.pid]

    assert end_orphans(mongo.server.data_dir) == 1


def test_a_server_that_ended_by_itself_is_told_with_its_log(mongo: Process) -> None:
    assert mongo.ended is None
    assert mongo.pid is not None
    os.kill(mongo.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while not mongo.ended and time.monotonic() < deadline:
        time.sleep(0.02)
    assert mongo.ended is not None
    assert mongo.ended.startswith("mongod ended by itself (exit -9)\n{")
    mongo.kill()
    assert mongo.ended is None, "its owner has let it go"


def test_a_server_may_hold_more_files_than_the_shell_that_starts_it(tmp_path: Path) -> None:
    given = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files() - 1, given[1]))
    try:
        process = start_server(prepare_mongod(tmp_path / "mongo", free_port()))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, given)
    try:
        assert psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE)[0] == open_files()
    finally:
        process.kill()


def test_a_port_that_is_taken_is_named(tmp_path: Path, mongo: Process) -> None:
    port = mongo.server.ports["mongo"]

    with pytest.raises(ServerUnavailableError, match=f"mongo port {port} is held by another program"):
        start_server(prepare_mongod(tmp_path / "second", port))


def test_a_server_that_ends_while_starting_is_reported_with_its_log(tmp_path: Path) -> None:
    prepared = prepare_mongod(tmp_path / "mongo", free_port())
    misspelt = replace(prepared, command=(*prepared.command, "--nonsense"))

    with pytest.raises(ServerUnavailableError, match=r"(?s)ended while starting.*unrecogni[sz]ed option.*nonsense"):
        start_server(misspelt)


def test_where_no_mongod_can_be_had_the_ways_out_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ServerUnavailableError, match=r"docker compose up.*AFTERSALES_MONGO_URL.*AFTERSALES_AMQP_URL"):
        find_mongod(wheel="not-a-distribution")


def test_the_rabbitmq_server_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named = tmp_path / "rabbitmq-server"
    named.touch(0o755)
    monkeypatch.setenv("AFTERSALES_RABBITMQ_SERVER", str(named))

    assert prepare_rabbitmq(tmp_path / "node", free_port()).command == (str(named),)


def test_a_named_rabbitmq_server_that_cannot_be_run_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AFTERSALES_RABBITMQ_SERVER", str(tmp_path / "missing"))

    with pytest.raises(ServerUnavailableError, match=r"AFTERSALES_RABBITMQ_SERVER names .*missing"):
        prepare_rabbitmq(tmp_path / "node", free_port())


def test_where_no_rabbitmq_can_be_had_the_ways_out_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ServerUnavailableError, match=r"docker compose up.*AFTERSALES_MONGO_URL.*AFTERSALES_AMQP_URL"):
        find_rabbitmq(debian=tmp_path / "rabbitmq-server")
