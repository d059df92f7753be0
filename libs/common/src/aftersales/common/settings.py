"""The settings of every service: environment variables `AFTERSALES_*`, secrets also from files."""

import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from aftersales.common.broker_urls import broker_urls
from aftersales.common.retained import SHORTEST
from aftersales.common.secure_settings import check_broker_login, check_given, check_mongo_login
from aftersales.common.signed_links import LinkSigner
from aftersales.values import Zone
from aftersales.values.messages import message_catalogue

PREFIX = "AFTERSALES_"
_ALIKE = 0.8
"""How similar (0 to 1) a variable's name must be to a setting's to be reported as a misspelling."""
_HOW = "Durations are written like PT15M, lists and maps as JSON; docs/settings.md shows each."


class WrongSettings(Exception):
    """Some settings are invalid: one line for each variable, without its value, which may be secret."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__("\n".join((*lines, _HOW)))


def _scheme(url: SecretStr, *known: str) -> None:
    if not url.get_secret_value().startswith(known):
        raise ValueError(f"it must begin with {' or '.join(known)}")


def _mongo(url: SecretStr) -> SecretStr:
    """Check only the scheme; the driver checks the rest."""
    _scheme(url, "mongodb://", "mongodb+srv://")
    return url


def _amqp(url: SecretStr) -> SecretStr:
    broker_urls(url.get_secret_value())
    return url


def _issuer(url: str) -> str:
    place = urlsplit(url)
    if url and place.scheme != "https" and place.hostname not in {"127.0.0.1", "localhost"}:
        raise ValueError("it must begin with https://")
    return url


def _origin(origin: str) -> str:
    """Check a web origin (RFC 6454): scheme, host, port, and nothing else; no wildcard."""
    place = urlsplit(origin)
    local = place.scheme == "http" and place.hostname in {"127.0.0.1", "localhost"}
    if not (place.scheme == "https" or local) or origin != f"{place.scheme}://{place.netloc}" or "*" in origin:
        raise ValueError("it must be the origin of one site, such as https://desk.example")
    return origin


Archivable = Literal["requests", "orders", "slips", "movements", "timelines", "followups", "surveys", "audit"]


def _retention(periods: dict[Archivable, timedelta]) -> dict[Archivable, timedelta]:
    if any(period < SHORTEST for period in periods.values()):
        raise ValueError(f"a document stays for at least {SHORTEST.days} days after its end")
    return periods


_SHORTEST_KEY = 32


def _long_keys(keys: SecretStr) -> SecretStr:
    if any(len(key) < _SHORTEST_KEY for key in keys.get_secret_value().split()):
        raise ValueError(f"a key has at least {_SHORTEST_KEY} characters; `openssl rand -hex 32` makes one")
    return keys


Port = Annotated[int, Field(ge=1, le=65535)]
_SECURED: Mapping[str, Callable[[str], None]] = {
    "mongo_url": check_mongo_login,
    "amqp_url": check_broker_login,
    "oidc_issuer": check_given,
    "audit_key": check_given,
}
"""The check of each setting that has no safe default; it raises ValueError outside development."""


class _FromFile(PydanticBaseSettingsSource):
    """Reads `mongo_url` from the file named by `AFTERSALES_MONGO_URL_FILE=/run/secrets/x`, and so on."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 (its interface)
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text("utf-8").strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found, failed = {}, []
        for name, field in self.settings_cls.model_fields.items():
            try:
                found[name] = self.get_field_value(field, name)[0]
            except (OSError, UnicodeError) as error:
                failed.append(f"{PREFIX}{name.upper()}_FILE: {error}")
        if failed:
            raise WrongSettings(failed)
        return {name: value for name, value in found.items() if value is not None}


class ServiceSettings(BaseSettings):
    """The settings of all services. A service adds its own in its `settings.py`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    development: bool = False
    """Whether this is a trial on one machine. Only then a service starts without sign-in, without an audit key, with a
    MongoDB that requires no password, or with a well-known password of RabbitMQ. `make up` and the tests set it."""
    mongo_url: Annotated[SecretStr, AfterValidator(_mongo)] = SecretStr("mongodb://127.0.0.1:27017/?replicaSet=rs0")
    """MongoDB, as a replica set, because a single server has no transactions."""
    amqp_url: Annotated[SecretStr, AfterValidator(_amqp)] = SecretStr("amqp://guest:guest@127.0.0.1:5672")
    """RabbitMQ 3.10 or newer. For a cluster, separate the URLs of its brokers by commas; each is tried for 3 s.

    `?heartbeat=` of a URL is the number of seconds after which RabbitMQ closes a silent connection, 10 by default.
    """
    mongo_driver: Literal["pymongo", "motor"] = "pymongo"
    """The driver that `common/mongo` uses (ADR 4)."""
    database: str = ""
    """The database's name. If empty, the service's own name."""
    bus: str = "aftersales"
    """The exchange is `<bus>.events`. Services with different bus names share no queues."""
    instance: str = Field(default_factory=socket.gethostname)
    """The name of this replica, of its audit chain and its tallies. It must stay the same after restarts."""

    http_host: str = "127.0.0.1"
    """The address to listen on. Without sign-in, in development, everybody who reaches it has access to everything."""
    http_port: Port = 8100
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] = ""
    """The OpenID Connect server whose bearer tokens open the API, as in `iss`. In development it may be empty;
    then nobody signs in."""
    oidc_audience: str = "aftersales"
    """The audience (`aud`) that a token must be for."""
    oidc_name_claim: str = "sub"
    """The claim with the name under which records show a caller; a path such as `user.code` is possible. A caller who
    is registered (`subject` of `PUT /people/{code}`) is shown under the person's code instead."""
    oidc_roles_claim: str = ""
    """The claim with roles that add to those of the person, such as `realm_access.roles`; empty: none."""
    oidc_branches_claim: str = ""
    """The claim with codes of branches that add to those of the person; empty: none."""
    oidc_first_subjects: tuple[str, ...] = ()
    """Subjects with the role headquarters although they are no registered person: for the first sign-in."""
    oidc_client_id: str = "aftersales-cli"
    """The client under which `aftersales login` signs people in: public, with redirects to any port of 127.0.0.1."""
    oidc_docs_client_id: str = "swagger"
    """The client under which the page `/docs` signs people in: public, with the redirect `/docs/oauth2-redirect`."""
    oidc_scope: str = "openid"
    """The scopes that `aftersales login` and the documentation ask for, separated by blanks."""
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """The number of reverse proxies in front of this service. Each adds its caller to `X-Forwarded-For`."""
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """The web pages that may call this service from a browser, such as `["https://desk.example"]`. None by default."""
    calls_a_minute: int = Field(default=3000, ge=1)
    """The calls of one caller (by token, else by network) a minute and replica; more are refused with 429."""
    refusals_a_minute: int = Field(default=300, ge=1)
    """The refused tokens of one network a minute and replica; after that it is refused with 429."""
    max_body: int = Field(default=1_000_000, ge=1)
    """The largest request body in bytes; a larger one is refused with 413."""
    locale: Literal["en", "zh-Hans", "zh-Hant"] = "en"
    """The language of an answer if the caller names none."""
    zone: Zone = "Asia/Shanghai"
    """The time zone in which the day in numbers such as SR-261122-7K3F begins at midnight."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The level of our own log lines; libraries log from WARNING on."""

    group_size: int = Field(default=100, ge=1, le=1000)
    """The largest number of jobs in one transaction."""
    gather: timedelta = Field(default=timedelta(milliseconds=10), le=timedelta(seconds=1))
    """How long a group waits for more jobs under load. A single command is committed immediately (ADR 2)."""
    writer_queue: int = Field(default=2000, ge=1)
    """The largest number of queued commands; more are refused with 503. `prefetch` limits deliveries."""
    write_timeout: timedelta = timedelta(seconds=20)
    """The longest time that an HTTP caller waits for its write."""
    live_listeners: int = Field(default=1000, ge=0)
    """The largest number of open streams of `GET /live`; more are refused with 503 (docs/live.md)."""
    prefetch: int = Field(default=300, ge=1, le=2000)
    """The largest number of unacknowledged deliveries."""
    retry_tiers: tuple[timedelta, ...] = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600))
    """The wait before each further attempt at a failed event, which finally becomes a dead letter."""
    timer_tick: timedelta = timedelta(milliseconds=250)
    """The interval between searches for due timers."""
    sweep_every: timedelta = timedelta(seconds=5)
    """The interval between searches for events that a crash left in the outbox."""
    sweep_age: timedelta = timedelta(seconds=10)
    """The age from which an outbox row counts as left by a crash and is published by the sweep."""
    audit_key: Annotated[SecretStr, AfterValidator(_long_keys)] = SecretStr("")
    """ALL-5: the key that seals audit records and anchors, equal in all replicas. Older keys follow after a blank."""
    link_keys: Annotated[SecretStr, AfterValidator(_long_keys)] = SecretStr("")
    """The keys of links to customers, equal in all replicas: the first signs, older ones follow after a blank. Without
    one, messages have no link and surveys have a random token."""
    link_lasts: timedelta = Field(default=timedelta(days=30), ge=timedelta(hours=1), le=timedelta(days=365))
    """How long a link to a customer works."""
    audit_anchor_every: timedelta = Field(default=timedelta(hours=1), ge=timedelta(minutes=1), le=timedelta(days=1))
    """The interval between anchors of the audit chains that have grown."""
    audit_anchor_path: str = ""
    """A file to which anchors are also appended, for comparison. Store it apart from the database."""
    audit_verify_every: timedelta = Field(default=timedelta(days=1), ge=timedelta(minutes=1))
    """The interval between verifications of the whole audit trail, in the background."""
    retention: Annotated[dict[Archivable, timedelta], AfterValidator(_retention)] = {}
    """How long finished documents stay before `aftersales archive write` archives them; without a period they stay."""
    fonts: str = ""
    """INT-17: the folder of the fonts for printed documents; empty: the system's fonts. One must have Chinese
    characters, such as Debian's package `fonts-noto-cjk`."""
    print_timeout: timedelta = timedelta(seconds=20)
    """INT-17: the longest time for one printed document."""
    stop_budget: timedelta = timedelta(seconds=15)
    """The longest time from SIGTERM to the exit; it must be shorter than the orchestrator's limit."""

    @field_validator(*_SECURED)
    @classmethod
    def _secured(cls, value: Any, about: ValidationInfo) -> Any:
        """Refuse what only development allows; `development` itself is validated before."""
        if not about.data.get("development", True):
            text = value.get_secret_value() if isinstance(value, SecretStr) else value
            _SECURED[str(about.field_name)](text)
        return value

    def __init__(self, **given: Any) -> None:
        """Read the environment; `given` overrides it. Raises `WrongSettings`."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise WrongSettings(_line(one["loc"], one["msg"]) for one in error.errors()) from error
        except SettingsError as error:  # a list or a map that is not JSON
            raise WrongSettings([_line(re.findall(r'field "(\w+)"', str(error)), str(error.__cause__))]) from error

    @cached_property
    def link_signer(self) -> LinkSigner:
        return LinkSigner(self.link_keys, self.link_lasts)

    def misspelt(self) -> dict[str, str]:
        """Return variables that this service does not know, each with the setting that it resembles.

        Other services may share the environment, so variables that resemble no setting are ignored.
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
    """Return the error of a variable, with the position if it is a list or a map."""
    name, *within = map(str, place)
    inside = f" ({'.'.join(within)})" if within else ""
    code = message.removeprefix("Value error, ")  # a code of ours; pydantic's own errors are texts
    return f"{PREFIX}{name.upper()}{inside}: {message_catalogue('en').get(code, code)}"
