"""Logs and metrics. Labels come from short fixed lists, never an id; logs never contain personal data."""

import logging
import re
import sys
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # an unused second series for each counter
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PERSONAL = frozenset({"name", "phone", "address", "description", "customer_name", "customer_remarks", "remark"})
"""Names of fields whose values are hidden in logs."""
_PHONE = re.compile(r"\+?\d[\d -]{7,}\d")
_URL_PASSWORD = re.compile(r"://([^:/@\s]+):[^@\s]+@")


class Metrics:
    """The metrics of one service, on a registry of its own (several services may share a process in tests)."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.events = Counter(
            "aftersales_events", "Events by what became of them.", ["type", "result"], registry=registry
        )
        self.published = Counter(
            "aftersales_published_events", "Events by the broker's answer.", ["result"], registry=registry
        )
        self.critical_time = Histogram(
            "aftersales_event_critical_time_seconds",
            "From the event's time to the commit of its effect here.",
            ["type"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.http = Histogram(
            "aftersales_http_request_duration_seconds",
            "Time to answer.",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.group_pieces = Histogram(
            "aftersales_writer_group_pieces",
            "Pieces of work in one transaction.",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "aftersales_writer_commit_seconds",
            "Time of a group; without its loading, where that was done during another commit.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.reruns = Counter(
            "aftersales_writer_reruns", "Groups that were run again, by cause.", ["cause"], registry=registry
        )
        self.waiting = Gauge("aftersales_writer_waiting_pieces", "Pieces of work in the queue.", registry=registry)
        self.timer_lag = Histogram(
            "aftersales_timer_lag_seconds", "How late timers were taken.", buckets=_SECONDS, registry=registry
        )
        self._add_gauges(registry)

    def _add_gauges(self, registry: CollectorRegistry) -> None:
        self.connected = Gauge(
            "aftersales_broker_connected", "1 while the connection stands.", ["connection"], registry=registry
        )
        self.blocked = Gauge(
            "aftersales_broker_blocked", "1 while RabbitMQ blocks publishing.", ["connection"], registry=registry
        )
        self.consuming = Gauge("aftersales_consumer_up", "1 while the queue is consumed.", ["queue"], registry=registry)
        self.oldest_delivery = Gauge(
            "aftersales_oldest_delivery_seconds",
            "Age of the oldest delivery that was taken from the queue and is not finished; 0 when there is none.",
            ["queue"],
            registry=registry,
        )
        self.late_erasures = Gauge(
            "aftersales_erasures_late",
            "Erasures of personal data that are not complete an hour after their order.",
            registry=registry,
        )
        for connection in ("publish", "consume", "control"):
            self.connected.labels(connection)
            self.blocked.labels(connection)


def _mask(_logger: Any, _method: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hide personal fields, and text that looks like a phone number or a password."""
    for key, value in fields.items():
        if key in PERSONAL:
            fields[key] = "***"
        elif isinstance(value, str) and key not in {"timestamp", "correlation", "id", "event_id"}:
            fields[key] = _URL_PASSWORD.sub(r"://\1:***@", _PHONE.sub("***", value))
    return fields


def configure_logs(service: str, level: str) -> None:
    """Log one JSON object per line to standard output, from our code and from libraries."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
    )
    structlog.contextvars.bind_contextvars(service=service)
    renderer = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(renderer)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
