"""Which broker is spoken to: several URLs, several addresses of a name, and those that do not answer."""

import asyncio
import socket

import pytest
from yarl import URL

from aftersales.common.amqp.connecting import connect_to_broker
from aftersales.common.broker_urls import broker_urls
from aftersales.common.settings import ServiceSettings
from aftersales.testing.servers import free_port, prepare_rabbitmq


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("amqp://me:pass@one", ["amqp://me:pass@one?heartbeat=10"]),
        ("amqp://me:pass@one:5672/", ["amqp://me:pass@one:5672/?heartbeat=10"]),
        ("amqps://one/%2Fmine?x=1", ["amqps://one/%2Fmine?x=1&heartbeat=10"]),
        ("amqp://one?heartbeat=25", ["amqp://one?heartbeat=25"]),
        (
            "amqp://me:a,b@one:5672 , amqp://me:a,b@[::1]:5673?heartbeat=3",
            ["amqp://me:a,b@one:5672?heartbeat=10", "amqp://me:a,b@[::1]:5673?heartbeat=3"],
        ),
    ],
)
def test_a_list_of_urls_is_split_and_each_has_a_heartbeat(text, urls):
    assert list(broker_urls(text)) == urls


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it must begin with amqp:// or amqps://"),
        ("amqp://me:s3cret@one,http://me:s3cret@two", "it must begin with amqp:// or amqps:// (URL 2)"),
        ("amqp://me:s3cret@one,amqp://me:s3cret@two:x", "what stands after the host is no port (URL 2)"),
        ("amqp://me:s3cret@one:0", "what stands after the host is no port"),
        ("amqp://me:s3cret@", "it names no host"),
        ("amqp://one,", "each broker needs a URL of its own: amqp://one:5672,amqp://two:5672"),
        ("amqp://me:s3cret@one:5672,two:5672", "each broker needs a URL of its own"),
        ("amqp://me:s3cret@one,two:5672/", "each broker needs a URL of its own"),
        ("amqp://one?heartbeat=often", "its heartbeat must be a number of seconds from 1 to 9999"),
        ("amqp://one?heartbeat=0", "its heartbeat must be a number of seconds from 1 to 9999"),
    ],
)
def test_a_url_that_cannot_be_used_is_named_by_its_place_and_never_shown(text, words):
    with pytest.raises(ValueError, match=r"\w") as refused:
        broker_urls(text)
    assert str(refused.value).startswith(words)
    assert "s3cret" not in str(refused.value)


@pytest.fixture
def silent():
    """The port of something that accepts connections and never answers, as a frozen broker does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


async def test_the_brokers_are_tried_until_one_answers(urls, silent):
    dead = (f"amqp://guest:guest@127.0.0.1:{free_port()}", f"amqp://guest:guest@127.0.0.1:{silent}")
    for _ in range(4):
        connection = await connect_to_broker((*dead, urls.amqp_url), "test")
        assert str(connection.url.port) == str(URL(urls.amqp_url).port)
        await connection.end()


@pytest.mark.parametrize("end", ["", "/", "/%2F", "//"])
async def test_with_and_without_a_slash_at_the_end_the_virtual_host_is_the_same(urls, end):
    url = URL(urls.amqp_url)
    connection = await connect_to_broker((f"amqp://{url.user}:{url.password}@{url.host}:{url.port}{end}",), "test")
    assert connection.transport.connection.vhost == "/"
    await connection.end()


def test_no_url_that_is_shown_ends_with_a_slash(tmp_path):
    """amqp-tools take that for a virtual host without a name."""
    assert not ServiceSettings().amqp_url.get_secret_value().endswith("/")
    assert not prepare_rabbitmq(tmp_path, free_port()).url.endswith("/")


async def test_each_address_of_a_name_is_tried(urls, monkeypatch):
    """A name whose first address swallows packets, as that of a node that is switched off."""
    port = URL(urls.amqp_url).port
    found = [(2, 1, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    async def both(*_, **__):
        return found

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    with socket.create_server(("127.0.0.2", port)):
        for _ in range(3):
            connection = await connect_to_broker((f"amqp://guest:guest@brokers.test:{port}",), "test")
            assert connection.url.host == "brokers.test"
            await connection.end()


async def test_when_none_answers_each_is_named_with_its_reason_and_no_password_is_shown(silent):
    refusing = free_port()
    several = tuple(f"amqp://me:s3cret@127.0.0.1:{port}" for port in (refusing, silent))
    with pytest.raises(ConnectionError) as failed:
        await connect_to_broker((*several, "amqp://me:s3cret@no-such-host.invalid"), "test")
    words = str(failed.value)
    assert f"127.0.0.1:{refusing}: " in words
    assert f"127.0.0.1:{silent}: TimeoutError: no answer within 3 s" in words
    assert "no-such-host.invalid: " in words
    assert "s3cret" not in words
