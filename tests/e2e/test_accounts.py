"""Each service has an account of its own at MongoDB and RabbitMQ, over TLS, which may do what it needs and no more."""

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import aio_pika
import httpx
import pymongo
import pytest
from aiormq.exceptions import AMQPError, ChannelAccessRefused
from common.secured import Secured, start_secured
from e2e.conftest import ROWS
from e2e.story import call, furnish, register, repair
from pymongo.errors import OperationFailure
from structlog.testing import capture_logs

from aftersales.testing import eventually
from aftersales.testing.system import RunningService, RunningSystem, _all_ready, _running_service
from aftersales.values import uuid7

NAMES = ("intake", "dispatch", "inventory", "feedback")


@pytest.fixture(scope="module")
def secured(servers) -> Iterator[Secured]:
    with start_secured(servers.data_dir / "secured") as running, pytest.MonkeyPatch.context() as monkeypatch:
        assert running.administer(monkeypatch, "--partner", "dealer-88") == 0
        yield running


@pytest.fixture
async def system(secured, clock) -> AsyncIterator[RunningSystem]:
    """All four, each with the settings of its own file."""
    async with AsyncExitStack() as stack:
        services = {}
        for name, (factory, kind) in zip(NAMES, ROWS, strict=True):
            service = factory(kind(development=True, instance="test", **secured.settings(name)))
            services[name] = await stack.enter_async_context(_running_service(service, clock))
        built = RunningSystem(services, clock, "secured")
        await eventually(lambda: _all_ready(built), 60)
        yield built


@pytest.mark.timeout(240)
async def test_a_whole_case_is_played_with_an_account_for_each_service_over_tls(system):
    await furnish(system)
    request = await register(system)
    await repair(system, request)
    assert (await call(system.intake, "GET", f"/requests/{request}"))["state"] == "resolved"
    for name in NAMES:
        assert (await call(system.services[name], "GET", "/dead"))["items"] == []
        await eventually(lambda name=name: _healthy(system.services[name]))


async def _healthy(service: RunningService) -> bool:
    """Whether every part works, live hints included, which follow the database's changes."""
    return (await service.http.get("/healthz")).status_code == 200


def database(secured: Secured, name: str) -> pymongo.MongoClient:
    return pymongo.MongoClient(secured.settings(name)["mongo_url"], serverSelectionTimeoutMS=5000)


def test_a_service_reads_and_writes_its_own_database_only(secured):
    with database(secured, "dispatch") as client:
        client["dispatch"]["notes"].insert_one({"_id": uuid7()})
        for forbidden in (
            client["intake"]["customers"].find_one,
            lambda: client["intake"]["customers"].insert_one({}),
            lambda: client["dispatch"].command("dropDatabase"),
            client["dispatch"]["notes"].drop,
            client["dispatch"]["notes"].drop_indexes,
            lambda: client["dispatch"]["audit"].rename("other"),
            lambda: client["dispatch"].command("createUser", "me", pwd="x", roles=[]),
            client["admin"]["system.users"].find_one,
            client["local"]["oplog.rs"].find_one,
        ):
            with pytest.raises(OperationFailure, match="not authorized on") as refused:
                forbidden()
            assert refused.value.code == 13


async def opened(secured: Secured, name: str) -> aio_pika.abc.AbstractConnection:
    settings = secured.settings(name)
    return await aio_pika.connect(settings.get("amqp_url", ""), timeout=10)


WHAT_DISPATCH_MAY_NOT = {
    "publish in another's name": ("publish", "aftersales.events", "intake.request_registered.v1"),
    "publish as a partner": ("publish", "aftersales.partners", "partner.service_request.v1"),
    "publish to a queue": ("publish", "", "intake.events"),
    "publish to another's queues": ("publish", "intake.direct", "intake.events"),
    "read another's queue": ("consume", "intake.events", ""),
    "read partners' events": ("bind", "aftersales.partners", "#"),
    "delete another's queue": ("delete", "intake.events", ""),
    "delete the journal": ("delete", "aftersales.journal", ""),
    "cut the journal": ("unbind", "aftersales.journal", "intake.#"),
}


@pytest.mark.parametrize("what", WHAT_DISPATCH_MAY_NOT)
async def test_a_service_cannot(system, secured, what):
    """The words are the server's own."""
    how, name, key = WHAT_DISPATCH_MAY_NOT[what]
    async with await opened(secured, "dispatch") as connection:
        channel = await connection.channel()
        with pytest.raises(ChannelAccessRefused, match="ACCESS_REFUSED"):
            await attempt(channel, how, name, key)
        assert system.dispatch.runtime.bus.ready


async def never(message: aio_pika.abc.AbstractIncomingMessage) -> None:
    raise AssertionError(message)


async def attempt(channel: aio_pika.abc.AbstractChannel, how: str, name: str, key: str) -> None:
    match how:
        case "publish":
            exchange = await channel.get_exchange(name, ensure=False) if name else channel.default_exchange
            await exchange.publish(aio_pika.Message(b"{}"), key)
        case "consume":
            await (await channel.get_queue(name)).consume(never)
        case "delete":
            await channel.queue_delete(name)
        case "unbind":
            await (await channel.get_queue(name)).unbind("aftersales.events", key)
        case "bind":
            await (await channel.get_queue("dispatch.events")).bind(name, key)


async def test_a_service_may_do_what_another_may_not(system, secured):
    """What the tests above refuse is refused to dispatch, not to everybody."""
    async with await opened(secured, "intake") as connection:
        channel = await connection.channel()
        await attempt(channel, "publish", "aftersales.events", "intake.nothing.v1")
        await attempt(channel, "publish", "intake.direct", "intake.dead")
        await (await channel.get_queue("intake.events")).bind("aftersales.partners", "#")


async def test_a_service_restores_a_queue_of_its_own_that_vanished(system, secured):
    topology = system.inventory.runtime.topology
    async with await aio_pika.connect(secured.rabbit.url) as connection:
        channel = await connection.channel()
        for queue in (topology.queue, topology.retry(0)):
            await channel.queue_delete(queue)

        async def there() -> bool:
            known = await secured_queues(secured)
            return {topology.queue, topology.retry(0)} <= known and system.inventory.runtime.bus.ready

        await eventually(there, 30)


async def test_what_all_share_is_restored_by_the_administrator_alone(system, secured, monkeypatch, capsys):
    """A service that may not declare it says what is missing, and goes on once it is there."""
    async with await aio_pika.connect(secured.rabbit.url) as connection:
        with capture_logs() as lines:
            await (await connection.channel()).exchange_delete("aftersales.partners")

            async def said() -> bool:
                lost = [line for line in lines if line["event"] == "amqp.lost"]
                return any("no exchange 'aftersales.partners'" in str(line) for line in lost)

            await eventually(said, 30)
    assert await asyncio.to_thread(secured.administer, monkeypatch) == 0
    assert "aftersales.events, aftersales.partners, aftersales.journal: created" in capsys.readouterr().out
    await eventually(lambda: _all_ready(system), 30)


async def secured_queues(secured: Secured) -> set[str]:
    async with httpx.AsyncClient(trust_env=False) as http:
        return {queue["name"] for queue in (await http.get(f"{secured.management_url}/api/queues")).json()}


async def test_a_partner_sends_its_own_kind_of_event_and_nothing_else(system, secured):
    url = next(iter(secured.settings("partner-dealer-88").values()))
    async with await aio_pika.connect(url, timeout=10) as connection:
        await attempt(await connection.channel(), "publish", "aftersales.partners", "partner.service_request.v1")
        for how, name, key in (
            ("publish", "aftersales.partners", "intake.request_registered.v1"),
            ("publish", "aftersales.events", "partner.service_request.v1"),
            ("publish", "", "intake.events"),
            ("consume", "intake.events", ""),
        ):
            with pytest.raises(ChannelAccessRefused, match="ACCESS_REFUSED"):
                await attempt(await connection.channel(), how, name, key)


def state_of(secured: Secured) -> dict[str, str]:
    return {file.name: file.read_text() for file in (secured.folder / "secrets").iterdir()}


def test_the_files_are_for_their_owner_only_and_a_second_run_changes_nothing(secured, monkeypatch, capsys):
    before = state_of(secured)
    assert sorted(before) == sorted([*(f"{name}.env" for name in NAMES), "partner-dealer-88.env"])
    for file in (secured.folder / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    passwords = {text.split(":")[2].partition("@")[0] for text in before.values()}
    assert len(passwords) == 5
    assert secured.administer(monkeypatch, "--partner", "dealer-88") == 0
    assert [line.partition(": ")[2] for line in capsys.readouterr().out.splitlines()] == ["as before"] * 5
    assert state_of(secured) == before


def test_a_right_that_somebody_added_is_taken_away_again(secured, monkeypatch, capsys):
    with pymongo.MongoClient(secured.mongo_url) as admin:
        admin["dispatch"].command("grantRolesToUser", "aftersales-dispatch", roles=[{"role": "read", "db": "intake"}])
    with database(secured, "dispatch") as client:
        client["intake"]["customers"].find_one()
    assert secured.administer(monkeypatch) == 0
    assert "dispatch.env: changed" in capsys.readouterr().out
    with database(secured, "dispatch") as client, pytest.raises(OperationFailure, match="not authorized"):
        client["intake"]["customers"].find_one()


async def test_rotating_makes_new_passwords_and_the_old_ones_open_nothing(secured, monkeypatch):
    old = secured.settings("feedback")
    assert secured.administer(monkeypatch, "--rotate") == 0
    new = secured.settings("feedback")
    assert old["mongo_url"] != new["mongo_url"]
    assert old["amqp_url"] != new["amqp_url"]
    assert old["audit_key"] == new["audit_key"]
    with database(secured, "feedback") as client:
        client["feedback"]["notes"].find_one()
    with (
        pymongo.MongoClient(old["mongo_url"], serverSelectionTimeoutMS=5000) as client,
        pytest.raises(OperationFailure, match="Authentication failed"),
    ):
        client["feedback"]["notes"].find_one()
    await (await opened(secured, "feedback")).close()
    with pytest.raises(AMQPError, match="ACCESS_REFUSED"):
        await aio_pika.connect(old["amqp_url"], timeout=10)


def test_a_wrong_administrator_is_told_which_server_refused(secured, monkeypatch, capsys):
    wrong = Secured(**{**vars(secured), "management_url": secured.management_url.replace(":guest@", ":wrong@")})
    assert wrong.administer(monkeypatch) == 1
    said = capsys.readouterr().err
    assert "RabbitMQ's management API" in said
    assert "401" in said
    assert ":wrong@" not in said
