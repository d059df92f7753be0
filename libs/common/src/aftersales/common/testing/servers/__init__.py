"""Finds or obtains and starts real servers on loopback, for `make up`, tests and bench alike."""

from aftersales.common.testing.servers.cluster import primary, start_brokers, start_mongods
from aftersales.common.testing.servers.model import WAYS_OUT, Server, ServerUnavailableError
from aftersales.common.testing.servers.mongod import initiate, mongod
from aftersales.common.testing.servers.ports import free_port, is_taken
from aftersales.common.testing.servers.process import Process, start, wait_ready
from aftersales.common.testing.servers.provide import Kind, Name, Provided, expected, provide
from aftersales.common.testing.servers.rabbitmq import rabbitmq, rabbitmqctl, wait_amqp

__all__ = [
    "WAYS_OUT",
    "Kind",
    "Name",
    "Process",
    "Provided",
    "Server",
    "ServerUnavailableError",
    "expected",
    "free_port",
    "initiate",
    "is_taken",
    "mongod",
    "primary",
    "provide",
    "rabbitmq",
    "rabbitmqctl",
    "start",
    "start_brokers",
    "start_mongods",
    "wait_amqp",
    "wait_ready",
]
