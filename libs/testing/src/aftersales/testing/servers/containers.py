"""MongoDB and RabbitMQ in containers, if a Docker engine answers."""

import contextlib
import os
import socket
from typing import Any
from urllib.parse import urlsplit

from aftersales.testing.servers.mongod import FOR_TESTS, REPLICA_SET, TRANSACTION_LIFETIME, initiate_replica_set
from aftersales.testing.servers.rabbitmq import MAX_MESSAGE_BYTES, wait_amqp

MONGO_IMAGE = "mongo:8.0"
RABBITMQ_IMAGE = "rabbitmq:4-management"


def docker_answers() -> bool:
    """Return whether the engine answers within one second."""
    if not _connects(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")):
        return False
    import docker  # type: ignore[import-untyped]  # noqa: PLC0415 - half a second, only if an engine listens

    try:
        with contextlib.closing(docker.from_env(timeout=1)) as client:
            return bool(client.ping())
    except docker.errors.DockerException:
        return False


def _connects(engine: str) -> bool:
    where = urlsplit(engine)
    address = where.path if where.scheme == "unix" else (where.hostname or "", where.port or 2375)
    with socket.socket(socket.AF_UNIX if where.scheme == "unix" else socket.AF_INET) as probe:
        probe.settimeout(1)
        return probe.connect_ex(address) == 0


def start_mongo() -> tuple[Any, str]:
    """Start a replica set of one; return the container and the URL for clients on this machine."""
    container = _container(os.environ.get("AFTERSALES_TEST_MONGO_IMAGE", MONGO_IMAGE), 27017)
    parameters = " ".join(f"--setParameter {parameter}" for parameter in (TRANSACTION_LIFETIME, *FOR_TESTS))
    options = f"--bind_ip_all --wiredTigerCacheSizeGB 0.25 {parameters}"
    container.with_command(f"mongod --replSet {REPLICA_SET} {options}")
    host, port = _started(container, 27017)
    initiate_replica_set(port, host, member="127.0.0.1:27017")
    return container, f"mongodb://{host}:{port}/?directConnection=true"


def start_rabbitmq() -> tuple[Any, str]:
    """Start a broker; return the container and its AMQP URL."""
    container = _container(os.environ.get("AFTERSALES_TEST_RABBITMQ_IMAGE", RABBITMQ_IMAGE), 5672)
    container.with_env(
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
        f"-rabbit max_message_size {MAX_MESSAGE_BYTES} loopback_users []",
    )
    host, port = _started(container, 5672)
    url = f"amqp://guest:guest@{host}:{port}"
    wait_amqp(url)
    return container, url


def _container(image: str, port: int) -> Any:
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # one image less to fetch; the fixture stops them
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - reads that setting when imported

    return DockerContainer(image).with_exposed_ports(port)


def _started(container: Any, port: int) -> tuple[str, int]:
    container.start()
    return str(container.get_container_host_ip()), int(container.get_exposed_port(port))
