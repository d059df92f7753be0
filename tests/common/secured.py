"""A MongoDB and a RabbitMQ that talk over TLS only: with accounts, or with clients that have certificates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymongo
import trustme

from aftersales.common.accounts.files import read_settings
from aftersales.common.accounts.program import MANAGEMENT, MONGO, main
from aftersales.testing.servers import Process, free_port, prepare_mongod, prepare_rabbitmq, start_server

_RABBIT_TLS = """\
listeners.ssl.local = 127.0.0.1:{port}
ssl_options.cacertfile = {ca}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = {strict}
"""


@dataclass(frozen=True)
class Secured:
    """The servers, and what an administrator knows."""

    folder: Path
    mongod: Process
    rabbit: Process
    mongo_url: str
    amqps: str
    """Without a user."""
    management_url: str

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def administer(self, monkeypatch, *arguments: str, folder: str = "secrets") -> int:
        """Run `aftersales-accounts` as the administrator."""
        monkeypatch.setenv(MONGO, self.mongo_url)
        monkeypatch.setenv(MANAGEMENT, self.management_url)
        return main([str(self.folder / folder), "--amqp", self.amqps, *arguments])

    def settings(self, name: str, folder: str = "secrets") -> dict[str, str]:
        """Give the settings in an account's file, by the names of the fields."""
        found = read_settings(self.folder / folder / f"{name}.env")
        return {variable.removeprefix("AFTERSALES_").lower(): value for variable, value in found.items()}


def make_certificates(folder: Path) -> None:
    """Write those of an authority, of a server on 127.0.0.1 and of a client, and the replica set's key."""
    folder.mkdir(parents=True)
    ca = trustme.CA()
    server, client = ca.issue_cert("127.0.0.1"), ca.issue_cert("service@aftersales.example")
    client.private_key_and_cert_chain_pem.write_to_path(str(folder / "client.pem"))
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    server.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    server.private_key_pem.write_to_path(str(folder / "server.key"))
    server.cert_chain_pems[0].write_to_path(str(folder / "server.crt"))
    (folder / "key").write_text("c2VjcmV0IG9mIHRoZSByZXBsaWNhIHNldA==")
    (folder / "key").chmod(0o400)


@contextmanager
def start_secured(folder: Path) -> Iterator[Secured]:
    """Start both with accounts; nobody needs a certificate to connect."""
    make_certificates(folder)
    closed = ("--tlsAllowConnectionsWithoutCertificates", "--auth", "--keyFile", str(folder / "key"))
    with start_tls_mongod(folder, *closed) as mongod, start_tls_rabbit(folder) as (rabbit, amqps):
        admin = "root:s3cret-of-root"
        _first_user(mongod, folder)
        yield Secured(
            folder,
            mongod,
            rabbit,
            f"{mongod.url.replace('://', f'://{admin}@')}&tls=true&tlsCAFile={folder / 'ca.pem'}",
            amqps,
            f"http://guest:guest@127.0.0.1:{rabbit.server.ports['management']}",
        )


@contextmanager
def start_tls_mongod(folder: Path, *more: str) -> Iterator[Process]:
    tls = ("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(folder / "server.pem"))
    trust = ("--tlsCAFile", str(folder / "ca.pem"))
    client = {"tls": True, "tlsCAFile": str(folder / "ca.pem"), "tlsCertificateKeyFile": str(folder / "client.pem")}
    mongod = start_server(
        prepare_mongod(folder / "mongo", free_port(), more=(*tls, *trust, *more), client=client), seconds=90
    )
    try:
        yield mongod
    finally:
        mongod.kill()


def _first_user(mongod: Process, folder: Path) -> None:
    """Create the administrator, which MongoDB lets anybody on its own machine do, once."""
    port, trust = mongod.server.ports["mongo"], str(folder / "ca.pem")
    with pymongo.MongoClient[dict[str, object]](
        "127.0.0.1", port, directConnection=True, tls=True, tlsCAFile=trust
    ) as client:
        client.admin.command("createUser", "root", pwd="s3cret-of-root", roles=["root"])


@contextmanager
def start_tls_rabbit(folder: Path, *, strict: bool = False) -> Iterator[tuple[Process, str]]:
    """Start a broker with a TLS port, if `strict` for clients with a certificate only; yield it and the port's URL."""
    port = free_port()
    names = {
        "strict": str(strict).lower(),
        "ca": folder / "ca.pem",
        "certificate": folder / "server.crt",
        "key": folder / "server.key",
    }
    rabbit = start_server(
        prepare_rabbitmq(folder / "rabbit", free_port(), more=_RABBIT_TLS.format(port=port, **names)), seconds=120
    )
    try:
        yield rabbit, f"amqps://127.0.0.1:{port}?cafile={folder / 'ca.pem'}"
    finally:
        rabbit.kill()
