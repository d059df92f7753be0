"""Inventory's knobs: those of every service."""

from aftersales.common.settings import ServiceSettings


class Settings(ServiceSettings):
    http_port: int = 8103
