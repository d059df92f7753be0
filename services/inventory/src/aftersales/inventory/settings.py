"""Inventory's settings: only those of every service."""

from aftersales.engine import Port, ServiceSettings


class Settings(ServiceSettings):
    http_port: Port = 8103
