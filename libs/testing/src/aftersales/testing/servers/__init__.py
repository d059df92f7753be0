"""Finds or obtains and starts real servers on loopback, for `make up`, tests and bench alike."""

from aftersales.testing.servers.cluster import primary, start_brokers, start_mongods
from aftersales.testing.servers.model import WAYS_OUT, Server, ServerUnavailableError
from aftersales.testing.servers.mongod import initiate, mongod
from aftersales.testing.servers.ports import free_port, is_taken
from aftersales.testing.servers.process import Process, start, wait_ready
from aftersales.testing.servers.provide import Kind, Name, Provided, expected, provide
from aftersales.testing.servers.rabbitmq import rabbitmq, rabbitmqctl, wait_amqp

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
