"""Finds or installs real servers and starts them on loopback, for `make up`, tests and benchmarks."""

from aftersales.testing.servers.cluster import find_primary, start_brokers, start_mongods
from aftersales.testing.servers.model import WAYS_OUT, Server, ServerUnavailableError
from aftersales.testing.servers.mongod import initiate_replica_set, prepare_mongod
from aftersales.testing.servers.ports import free_port, is_taken
from aftersales.testing.servers.process import Process, start_server, wait_ready
from aftersales.testing.servers.provide import Kind, Provided, ServerName, expected_kind, provide_server
from aftersales.testing.servers.rabbitmq import prepare_rabbitmq, run_rabbitmqctl, wait_amqp

__all__ = [
    "WAYS_OUT",
    "Kind",
    "Process",
    "Provided",
    "Server",
    "ServerName",
    "ServerUnavailableError",
    "expected_kind",
    "find_primary",
    "free_port",
    "initiate_replica_set",
    "is_taken",
    "prepare_mongod",
    "prepare_rabbitmq",
    "provide_server",
    "run_rabbitmqctl",
    "start_brokers",
    "start_mongods",
    "start_server",
    "wait_amqp",
    "wait_ready",
]
