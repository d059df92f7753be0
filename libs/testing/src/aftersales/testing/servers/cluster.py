"""Several servers as one: a replica set of mongods, a cluster of RabbitMQ nodes, all on loopback."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pymongo
from pymongo.errors import PyMongoError

from aftersales.testing.servers.model import Server, ServerUnavailableError
from aftersales.testing.servers.mongod import REPLICA_SET, prepare_mongod, replica_set
from aftersales.testing.servers.ports import free_port
from aftersales.testing.servers.process import Process
from aftersales.testing.servers.rabbitmq import node_name, prepare_rabbitmq, run_rabbitmqctl

_CLUSTER = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_partition_handling = pause_minority
queue_leader_locator = balanced
net_ticktime = {ticktime}
"""
_TICKTIME = 8
"""Seconds after which a silent node counts as down (RabbitMQ's default: 60)."""


def start_mongods(folder: Path, count: int, seconds: float = 60) -> list[Process]:
    """Start a replica set of `count` members and wait for its primary; each member has the URL of all."""
    ports = [free_port() for _ in range(count)]
    addresses = [f"127.0.0.1:{port}" for port in ports]
    url = f"mongodb://{','.join(addresses)}/?replicaSet={REPLICA_SET}"
    prepared = [
        replace(prepare_mongod(folder / f"mongo-{number}", port), url=url, is_member=True)
        for number, port in enumerate(ports)
    ]
    members = _started(prepared, seconds)
    with pymongo.MongoClient[dict[str, object]]("127.0.0.1", ports[0], directConnection=True) as first:
        first.admin.command("replSetInitiate", replica_set(*addresses))
    deadline = time.monotonic() + seconds
    while find_primary(members) is None:
        if time.monotonic() > deadline:
            raise ServerUnavailableError(f"the replica set had no primary in {seconds:.0f} s")
        time.sleep(0.1)
    return members


def find_primary(members: Sequence[Process]) -> Process | None:
    """Return the member that accepts writes now, if there is one."""
    for member in members:
        port = member.server.ports["mongo"]
        with pymongo.MongoClient[dict[str, object]]("127.0.0.1", port, directConnection=True) as client:
            try:
                with pymongo.timeout(0.5):
                    hello = client.admin.command("hello")
                if hello.get("isWritablePrimary"):
                    return member
            except PyMongoError:
                continue
    return None


def start_brokers(folder: Path, count: int, seconds: float = 120) -> list[Process]:
    """Start a cluster of `count` RabbitMQ nodes and wait until all of them have joined it.

    Their name daemon remains when they have ended (`orphans.end_orphans`).
    """
    ports, epmd = [free_port() for _ in range(count)], free_port()
    lines = [f"cluster_formation.classic_config.nodes.{n} = {node_name(port)}\n" for n, port in enumerate(ports, 1)]
    more = _CLUSTER.format(ticktime=_TICKTIME) + "".join(lines)
    prepared = []
    for number, port in enumerate(ports):
        data_dir = folder / f"rabbit-{number}"
        node = prepare_rabbitmq(data_dir, port, {"epmd": epmd}, more)
        cookie = data_dir / ".erlang.cookie"
        cookie.write_text("AFTERSALESTESTCLUSTER")
        cookie.chmod(0o400)
        own = {name: given for name, given in node.ports.items() if name != "epmd"}  # they share the name daemon
        prepared.append(replace(node, ports=own, cleanup=(), is_member=True))
    nodes = _started(prepared, seconds)
    run_rabbitmqctl(nodes[0].server, "await_online_nodes", str(count), "--timeout", str(int(seconds)))
    return nodes


def _started(prepared: Sequence[Server], seconds: float) -> list[Process]:
    """Start the servers in parallel; if one of them fails, kill all."""
    processes = [Process(server) for server in prepared]
    with ThreadPoolExecutor(len(processes)) as threads:
        starting = [threads.submit(process.start, seconds) for process in processes]
    try:
        for each in starting:
            each.result()
    except BaseException:
        for process in processes:
            process.kill()
        raise
    return processes
