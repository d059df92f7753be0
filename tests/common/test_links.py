"""The connections to RabbitMQ: a loss is a loss whatever it raises, and what ends for good makes the process ill."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from common.counter import Add, Counter, service
from structlog.testing import capture_logs

from aftersales.common.amqp.link import Link, unblocked_event
from aftersales.common.amqp.publisher import Publisher
from aftersales.common.back_off import back_off
from aftersales.common.outgoing import Outgoing
from aftersales.common.parts import PartEnded, run_together
from aftersales.common.settings import ServiceSettings
from aftersales.common.telemetry import Metrics
from aftersales.testing import eventually
from aftersales.testing.servers import Process, free_port, prepare_rabbitmq, run_rabbitmqctl, start_server, wait_amqp
from aftersales.testing.system import start_system
from aftersales.values import uuid7


@dataclass
class Using:
    """A link with a `use` that counts how often it was begun."""

    link: Link
    begun: int = 0

    async def again(self) -> None:
        before = self.begun
        await eventually(lambda: _async(self.begun > before and self.link.up))


@pytest.fixture
async def using(urls):
    """Start a link for `use(connection)`; each of them runs until the test ends."""
    tasks = []

    def begin(use, url=None) -> Using:
        made = Using(Link((url or urls.amqp_url,), "test", Metrics()))

        async def counted(connection):
            made.begun += 1
            await use(connection)

        tasks.append(asyncio.create_task(made.link.run(counted)))
        return made

    yield begin
    assert not [task for task in tasks if task.done()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_link_that_is_dropped_while_it_waits_for_an_answer_connects_anew(using):
    """Aiormq ends such a call with CancelledError, or with a bare Exception."""

    async def use(connection):
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        while True:
            await channel.declare_queue(queue.name, passive=True)

    made = using(use)
    await made.again()
    for _ in range(8):
        await made.link.drop()
        await made.again()


@pytest.mark.parametrize("ending", [asyncio.CancelledError, Exception, KeyError, None], ids=str)
async def test_whatever_ends_the_use_of_a_link_it_connects_anew(using, ending):
    async def use(_connection):
        if ending:
            raise ending

    made = using(use)
    await eventually(lambda: _async(made.begun > 2))


async def test_a_link_that_is_cancelled_ends(urls):
    link = Link((urls.amqp_url,), "test", Metrics())
    running = asyncio.create_task(link.run(lambda _connection: asyncio.Event().wait()))
    await eventually(lambda: _async(link.up))
    running.cancel()
    await asyncio.wait({running}, timeout=10)
    assert running.cancelled()
    assert not link.up


def test_the_wait_between_tries_grows_and_stays_short_however_long_an_outage_is():
    waits = [back_off(failures, 0.3, 3.0) for failures in range(5000)]
    assert waits == sorted(waits)
    assert waits[:3] == [0.3, 0.6, 1.2]
    assert waits[-1] == 3.0


async def test_a_failed_try_is_one_line_of_the_log(caplog):
    link = Link((f"amqp://guest:s3cret@127.0.0.1:{free_port()}",), "test", Metrics())
    with capture_logs() as lines:
        running = asyncio.create_task(link.run(lambda _connection: asyncio.Event().wait()))
        await eventually(lambda: _async(len(lines) > 1))
        running.cancel()
    assert {line["event"] for line in lines} == {"amqp.lost"}
    assert not caplog.records
    assert "127.0.0.1" in lines[0]["error"]
    assert "s3cret" not in str(lines)


@pytest.mark.parametrize("ending", ["returned", "was cancelled"])
async def test_parts_that_never_end_are_ended_together_when_one_does(ending):
    other = asyncio.Event()

    async def ends():
        if ending == "was cancelled":
            raise asyncio.CancelledError

    async def stays():
        try:
            await asyncio.Event().wait()
        finally:
            other.set()

    with pytest.raises(PartEnded, match=f"ends {ending}"):
        await run_together(ends=ends(), stays=stays())
    assert other.is_set()


@pytest.mark.parametrize("part", ["bus", "relay", "sweep", "timers", "writer", "main"])
async def test_a_part_that_was_cancelled_makes_the_process_unhealthy(counter, part):
    with capture_logs() as lines:
        counter.runtime._tasks[part].cancel()
        await eventually(lambda: _async(counter.runtime.failed))
    assert (await counter.http.get("/livez")).status_code == 503
    assert [(line["log_level"], line["part"]) for line in lines if line["event"] == "service.part_failed"] == [
        ("critical", part)
    ]


@pytest.mark.parametrize("link", ["publish", "consume", "control"])
async def test_a_link_whose_task_was_cancelled_makes_the_process_unhealthy(counter, link):
    next(task for task in asyncio.all_tasks() if task.get_name() == link).cancel()
    await eventually(lambda: _async(counter.runtime.failed))
    assert (await counter.http.get("/livez")).status_code == 503


async def test_the_history_ends_when_it_is_read_and_the_process_stays_healthy(counter):
    await eventually(lambda: _async(counter.runtime._tasks["history"].done()))
    assert (await counter.http.get("/livez")).status_code == 200


@dataclass
class Both:
    """The MongoDB of all tests, and a RabbitMQ that may be harmed."""

    mongo_url: str
    amqp_url: str


@pytest.fixture(scope="module")
def own_rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = start_server(prepare_rabbitmq(tmp_path_factory.mktemp("links"), free_port()))
    yield process
    process.resume()
    process.kill()


@pytest.fixture
def rabbit(own_rabbit: Process) -> Process:
    """Each test gets it running, whatever the one before did."""
    own_rabbit.resume()
    wait_amqp(own_rabbit.url)
    return own_rabbit


async def test_a_broker_that_froze_for_longer_than_its_heartbeat_is_used_again_on_every_link(
    urls, rabbit, clock, caplog
):
    servers = Both(urls.mongo_url, f"{rabbit.url}?heartbeat=2")
    async with start_system(servers, clock, [(service, ServiceSettings)]) as built:
        bus = built.counter.runtime.bus
        rabbit.pause()
        await eventually(lambda: _async(not bus.ready))
        await eventually(lambda: _async(not any(link._connection for link in bus._links.values())), 60)
        assert (await built.counter.http.get("/livez")).status_code == 200
        rabbit.resume()
        await eventually(lambda: _async(bus.ready), 60)
        await built.counter.deliver(Add(counter="after", amount=3))
        await eventually(lambda: _total(built.counter, "after", 3), 30)
        await built.quiet()
    assert not [record for record in caplog.records if record.exc_info]


@pytest.fixture
async def frozen(rabbit, using):
    """A publisher with little patience, whose broker froze after it had connected."""
    made: list[Publisher] = []

    async def use(connection):
        made.append(Publisher(link, "events", confirm_seconds=0.2))
        await made[-1].use(connection)

    link = using(use, rabbit.url).link
    await eventually(lambda: _async(made and made[0].usable))
    rabbit.pause()
    yield made[0], link
    rabbit.resume()


async def test_a_silent_broker_is_noticed_though_nothing_is_sent_and_no_heartbeat_is_due(frozen):
    """Left to the driver it would be after (60 + 1) x 3 s: this URL has no heartbeat of its own."""
    _, link = frozen
    connection = link._connection
    await eventually(lambda: _async(not link.up), 30)
    await eventually(lambda: _async(link._connection is not connection), 60)


async def test_a_connection_whose_confirms_stay_away_is_not_used_on(frozen):
    """Its counting cannot be trusted any more, so what was published there is published again elsewhere."""
    publisher, link = frozen
    connection = link._connection
    receipt = await publisher.publish([Outgoing(uuid7(), "", "nowhere", b"x")])
    assert (receipt.confirmed, receipt.refused) == (set(), set())
    assert link._connection is not connection
    assert not publisher.usable


async def test_a_block_is_waited_out_however_long_confirms_stay_away(frozen):
    publisher, link = frozen
    connection = link._connection
    event = unblocked_event(connection)
    event.clear()
    publishing = asyncio.create_task(publisher.publish([Outgoing(uuid7(), "", "nowhere", b"x")]))
    await asyncio.wait({publishing}, timeout=1)
    assert not publishing.done()
    assert link._connection is connection
    event.set()
    assert (await publishing).confirmed == set()


async def test_an_alarm_of_the_broker_shows_though_nothing_is_published(rabbit, using):
    """RabbitMQ tells a connection that it is blocked when it publishes, and an idle service would look sound."""
    link: Link

    async def use(connection):
        await Publisher(link, "events").use(connection)

    link = using(use, rabbit.url).link
    await eventually(lambda: _async(link.up))
    await asyncio.to_thread(run_rabbitmqctl, rabbit.server, "set_vm_memory_high_watermark", "absolute", "1MB")
    await eventually(lambda: _async(link.blocked), 10)
    await asyncio.to_thread(run_rabbitmqctl, rabbit.server, "set_vm_memory_high_watermark", "0.6")
    await eventually(lambda: _async(not link.blocked), 10)


async def _total(running_service, counter, wanted):
    found = await running_service.get(Counter, counter)
    return found is not None and found.total == wanted


async def _async(value):
    return value
