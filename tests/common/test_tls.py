"""TLS at MongoDB and RabbitMQ: servers that require it of both sides, and servers that are not who they say."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from common.counter import Add, Counter, service
from common.secured import make_certificates, start_tls_mongod, start_tls_rabbit

from aftersales.common.amqp.connecting import connect_to_broker
from aftersales.common.broker_urls import broker_urls
from aftersales.common.mongo import Mongo
from aftersales.common.settings import ServiceSettings, WrongSettings
from aftersales.testing import eventually
from aftersales.testing.system import start_system


@dataclass(frozen=True)
class Strict:
    """Servers that require a certificate of everybody."""

    folder: Path
    mongo_port: int
    amqp_port: int

    def mongo(self, ca: str = "ca.pem", own: str = "client.pem", host: str = "127.0.0.1") -> str:
        own = f"&tlsCertificateKeyFile={self.folder / own}" if own else ""
        trust = f"tls=true&tlsCAFile={self.folder / ca}{own}"
        return f"mongodb://{host}:{self.mongo_port}/?directConnection=true&{trust}"

    def amqp(self, ca: str = "ca.pem", own: str = "client.pem", host: str = "127.0.0.1") -> str:
        own = f"&certfile={self.folder / own}" if own else ""
        return f"amqps://guest:guest@{host}:{self.amqp_port}?cafile={self.folder / ca}{own}"

    @property
    def mongo_url(self) -> str:
        return self.mongo()

    @property
    def amqp_url(self) -> str:
        return self.amqp()


@pytest.fixture(scope="module")
def strict(servers) -> Iterator[Strict]:
    folder = servers.data_dir / "strict"
    make_certificates(folder)
    trustme.CA().cert_pem.write_to_path(str(folder / "other-ca.pem"))
    (folder / "garbage.pem").write_text("certainly not")
    with start_tls_mongod(folder) as mongod, start_tls_rabbit(folder, strict=True) as (_, amqps):
        port = amqps.partition("?")[0].rpartition(":")[2]
        yield Strict(folder, mongod.server.ports["mongo"], int(port))


@pytest.mark.timeout(240)
async def test_a_service_works_with_servers_that_require_certificates_of_both_sides(strict, clock):
    async with start_system(strict, clock, [(service, ServiceSettings)]) as built:
        await built.counter.deliver(Add(counter="a", amount=3))

        async def counted() -> bool:
            state = await built.counter.get(Counter, "a")
            return bool(state and state.total == 3)

        await eventually(counted)


WRONG = {
    "another authority": {"ca": "other-ca.pem"},
    "another name": {"host": "localhost"},
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_broker_is_not_trusted(strict, what):
    with pytest.raises(ConnectionError, match="AFTERSALES_AMQP_URL, cafile or host: ") as refused:
        await connect_to_broker(broker_urls(strict.amqp(**WRONG[what])), "test")
    assert "guest" not in str(refused.value)


async def test_the_broker_lets_nobody_in_without_a_certificate_or_without_tls(strict):
    for url in (strict.amqp(own=""), f"amqp://guest:guest@127.0.0.1:{strict.amqp_port}"):
        with pytest.raises(ConnectionError):
            await connect_to_broker(broker_urls(url), "test")


@pytest.mark.parametrize("what", WRONG)
def test_a_mongodb_is_not_trusted(strict, what):
    """In a process of its own: PyMongo leaves the refused connection's socket open."""
    asking = (
        "import asyncio, sys; from aftersales.common.mongo import Mongo; asyncio.run(Mongo(sys.argv[1], 't').ping())"
    )
    command = [sys.executable, "-c", asking, strict.mongo(**WRONG[what])]
    asked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "AFTERSALES_MONGO_URL, tlsCAFile or host: " in asked.stderr


@pytest.mark.parametrize("file", ["missing.pem", "garbage.pem"])
@pytest.mark.parametrize(("which", "option"), [("ca", "cafile"), ("own", "certfile or keyfile")])
def test_a_file_that_is_no_certificate_ends_the_start_and_is_named(strict, file, which, option):
    with pytest.raises(WrongSettings, match=rf"^AFTERSALES_AMQP_URL: its {option} cannot be used: "):
        ServiceSettings(amqp_url=strict.amqp(**{which: file}))
    with pytest.raises(WrongSettings, match=r"^AFTERSALES_MONGO_URL: "):
        Mongo(strict.mongo(**{which: file}), "tls")


@pytest.mark.parametrize(
    ("setting", "url", "option"),
    [
        ("mongo_url", "mongodb://me:f1B2c3@one/?tls=true&tlsInsecure=true", "tlsInsecure"),
        ("mongo_url", "mongodb://me:f1B2c3@one/?tls=true&tlsAllowInvalidHostnames=true", "tlsAllowInvalidHostnames"),
        ("mongo_url", "mongodb://me:f1B2c3@one/?tlsAllowInvalidCertificates=TRUE", "tlsAllowInvalidCertificates"),
        ("amqp_url", "amqps://me:f1B2c3@one?no_verify_ssl=1", "no_verify_ssl"),
        ("amqp_url", "amqps://me:f1B2c3@one,amqps://me:f1B2c3@two?no_verify_ssl=1", "no_verify_ssl"),
    ],
)
def test_outside_development_a_certificate_is_checked(setting, url, option):
    with pytest.raises(WrongSettings) as refused:
        ServiceSettings(development=False, **{setting: url})
    assert f"{setting.upper()}: {option} lets anybody pretend to be the server" in str(refused.value)
    assert ServiceSettings(development=True, **{setting: url})
