"""What every service can be told from outside: environment variables `AFTERSALES_*`, secrets also by file."""

import os
import re
import socket
from collections.abc import Iterable, Sequence
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from aftersales.common.broker_urls import broker_urls
from aftersales.common.retained import SHORTEST
from aftersales.values import Zone
from aftersales.values.messages import catalogue

PREFIX = "AFTERSALES_"
_ALIKE = 0.8
"""How alike a variable's name must be to a setting's, of 1, to be taken for a slip of the pen."""
_HOW = "Durations are written like PT15M, lists and maps as JSON; docs/settings.md shows each."


class WrongSettings(Exception):
    """What was told from outside cannot be used: a line for each variable, without its value, which may be secret."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__("\n".join((*lines, _HOW)))


def _scheme(url: SecretStr, *known: str) -> None:
    if not url.get_secret_value().startswith(known):
        raise ValueError(f"it must begin with {' or '.join(known)}")


def _mongo(url: SecretStr) -> SecretStr:
    """The driver looks at the rest of it."""
    _scheme(url, "mongodb://", "mongodb+srv://")
    return url


def _amqp(url: SecretStr) -> SecretStr:
    broker_urls(url.get_secret_value())
    return url


Archivable = Literal["requests", "orders", "slips", "movements", "timelines", "followups", "surveys", "audit"]


def _retention(periods: dict[Archivable, timedelta]) -> dict[Archivable, timedelta]:
    if any(period < SHORTEST for period in periods.values()):
        raise ValueError(f"a document stays for at least {SHORTEST.days} days after its end")
    return periods


_SHORTEST_KEY = 32


def _audit_key(keys: SecretStr) -> SecretStr:
    if any(len(key) < _SHORTEST_KEY for key in keys.get_secret_value().split()):
        raise ValueError(f"a key has at least {_SHORTEST_KEY} characters; `openssl rand -hex 32` makes one")
    return keys


Port = Annotated[int, Field(ge=1, le=65535)]


class _FromFile(PydanticBaseSettingsSource):
    """`AFTERSALES_MONGO_URL_FILE=/run/secrets/x` gives `mongo_url` the file's text."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 (its interface)
        variable = f"{PREFIX}{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        try:
            return (Path(path).read_text("utf-8").strip() if path else None), field_name, False
        except (OSError, UnicodeError) as error:
            raise WrongSettings([f"{variable}: {error}"]) from error

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class ServiceSettings(BaseSettings):
    """The knobs that all services have. A service adds its own in its `settings.py`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    mongo_url: Annotated[SecretStr, AfterValidator(_mongo)] = SecretStr("mongodb://127.0.0.1:27017/?replicaSet=rs0")
    """A replica set: a single server knows no transactions."""
    amqp_url: Annotated[SecretStr, AfterValidator(_amqp)] = SecretStr("amqp://guest:guest@127.0.0.1:5672")
    """RabbitMQ 3.10 or newer. Several brokers of a cluster: their URLs with commas between, each tried for 3 s.

    `?heartbeat=` of a URL are the seconds after which RabbitMQ gives a silent connection up, 10 by default.
    """
    mongo_driver: Literal["pymongo", "motor"] = "pymongo"
    """Which driver stands behind `common/mongo` (ADR 4)."""
    database: str = ""
    """Empty: the service's own name."""
    bus: str = "aftersales"
    """The exchange is `<bus>.events`; queues of another bus name are kept apart by that prefix."""
    instance: str = Field(default_factory=socket.gethostname)
    """Names this replica: its audit chain and tallies. Keep it the same over restarts."""

    http_host: str = "127.0.0.1"
    """Where to listen. There is no sign-in yet, so by default nobody outside this machine is served."""
    http_port: Port = 8100
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """Reverse proxies between a caller and this service; each has added to `X-Forwarded-For` whom it heard."""
    max_body: int = Field(default=1_000_000, ge=1)
    """Bytes; a larger request is refused with 413."""
    locale: Literal["en", "zh-Hans", "zh-Hant"] = "en"
    """The language of an answer when the caller names none."""
    zone: Zone = "Asia/Shanghai"
    """The day in human numbers such as SR-261122-7K3F begins at midnight here."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Of our own lines; libraries speak from WARNING on."""

    group_size: int = Field(default=100, ge=1, le=1000)
    """Pieces of work in one transaction at most."""
    gather: timedelta = Field(default=timedelta(milliseconds=10), le=timedelta(seconds=1))
    """Under load: how long a group waits for more to join it. Whoever comes alone does not wait (ADR 2)."""
    writer_queue: int = Field(default=2000, ge=1)
    """Commands that may wait; more are refused with 503. Deliveries do not count, `prefetch` bounds them."""
    write_timeout: timedelta = timedelta(seconds=20)
    """How long an HTTP caller waits for its write."""
    prefetch: int = Field(default=300, ge=1, le=2000)
    """Deliveries taken and not yet acknowledged, at most."""
    retry_tiers: tuple[timedelta, ...] = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600))
    """How long an event that failed waits before each further attempt; after the last it is parked."""
    timer_tick: timedelta = timedelta(milliseconds=250)
    """How often to look for timers that are due."""
    sweep_every: timedelta = timedelta(seconds=5)
    """How often to look for events that a crash left in the outbox."""
    sweep_age: timedelta = timedelta(seconds=10)
    """Outbox rows older than this were left behind by a crash and are published by the sweep."""
    audit_key: Annotated[SecretStr, AfterValidator(_audit_key)] = SecretStr("")
    """ALL-5: seals audit records and anchors; the same in all replicas. Older keys follow it after a blank."""
    audit_anchor_every: timedelta = Field(default=timedelta(hours=1), ge=timedelta(minutes=1), le=timedelta(days=1))
    """How often the heads of the audit chains are anchored, if they have grown."""
    audit_anchor_path: str = ""
    """Anchors are also appended to this file, and verified against it; keep it apart from the database."""
    audit_verify_every: timedelta = Field(default=timedelta(days=1), ge=timedelta(minutes=1))
    """How often the whole audit trail is verified, in the background."""
    retention: Annotated[dict[Archivable, timedelta], AfterValidator(_retention)] = {}
    """How long after their end documents stay before `aftersales archive write` takes them; others stay for ever."""
    stop_budget: timedelta = timedelta(seconds=15)
    """From SIGTERM to the end; keep it below what the orchestrator grants."""

    def __init__(self, **given: Any) -> None:
        """Read the environment; `given` goes before it. Raises `WrongSettings`."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise WrongSettings(_line(one["loc"], one["msg"]) for one in error.errors()) from error
        except SettingsError as error:  # not JSON where a list or a map is wanted
            raise WrongSettings([_line(re.findall(r'field "(\w+)"', str(error)), str(error.__cause__))]) from error

    def misspelt(self) -> dict[str, str]:
        """Variables that this service does not know, each with the setting it resembles.

        Those of other services stand in the same environment, so what resembles nothing says nothing.
        """
        found: dict[str, str] = {}
        for variable in sorted(name for name in os.environ if name.startswith(PREFIX)):
            name = variable.removeprefix(PREFIX).removesuffix("_FILE").lower()
            alike = get_close_matches(name, type(self).model_fields, 1, _ALIKE)
            if alike and alike != [name]:
                found[variable] = f"{PREFIX}{alike[0].upper()}"
        return found

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # it passes all of them by name
        cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return sources["init_settings"], sources["env_settings"], _FromFile(settings_cls)


def _line(place: Sequence[int | str], message: str) -> str:
    """Name the variable, and the place in it where it is a list or a map."""
    name, *within = map(str, place)
    inside = f" ({'.'.join(within)})" if within else ""
    code = message.removeprefix("Value error, ")  # of ours; pydantic's own are words
    return f"{PREFIX}{name.upper()}{inside}: {catalogue('en').get(code, code)}"
