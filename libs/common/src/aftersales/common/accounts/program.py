"""`aftersales-accounts`: creates the accounts of the services, with a file of settings for each."""

import argparse
import os
import re
import secrets
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from aftersales.common.accounts.files import read_settings, write_settings
from aftersales.common.accounts.grants import BrokerGrant, grant_partner, grant_service, service_topology
from aftersales.common.accounts.management import AccountFailure, Management
from aftersales.common.broker_urls import broker_urls
from aftersales.common.events import PRODUCERS
from aftersales.common.mongo.accounts import MongoAccounts, login_url

MONGO, MANAGEMENT = "AFTERSALES_ADMIN_MONGO_URL", "AFTERSALES_ADMIN_MANAGEMENT_URL"
_USUAL_BUS = "aftersales"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class _Administration:
    """The servers, and where the files are."""

    mongo: MongoAccounts
    mongo_url: str
    broker: Management
    amqp: str
    bus: str
    folder: Path
    rotate: bool

    def ensure_service(self, service: str) -> str:
        """Create or renew a service's account and its file; return what happened."""
        file = self.folder / f"{service}.env"
        known = read_settings(file)
        user, database = f"{self.bus}-{service}", service if self.bus == _USUAL_BUS else f"{self.bus}_{service}"
        password = self._password(known, "AFTERSALES_AMQP_URL")
        settings = {
            "AFTERSALES_MONGO_URL": login_url(self.mongo_url, database, user, password),
            "AFTERSALES_AMQP_URL": _as_user(self.amqp, user, password),
            "AFTERSALES_AUDIT_KEY": known.get("AFTERSALES_AUDIT_KEY") or secrets.token_hex(32),
        }
        if self.bus != _USUAL_BUS:
            settings |= {"AFTERSALES_BUS": self.bus, "AFTERSALES_DATABASE": database}
        written = write_settings(file, settings)  # first, so that no password is lost that a server knows already
        changed = self.mongo.grant_database(database, user, password)
        changed |= self.broker.grant_rights(user, password, grant_service(service, self.bus))
        return _said(file, new=not known, changed=written or changed)

    def ensure_partner(self, partner: str) -> str:
        """Create or renew the account of a partner's system."""
        file = self.folder / f"partner-{partner}.env"
        known = read_settings(file)
        password = self._password(known, "AMQP_URL")
        written = write_settings(file, {"AMQP_URL": _as_user(self.amqp, partner, password)})
        grant: BrokerGrant = grant_partner(partner, self.bus)
        changed = self.broker.grant_rights(partner, password, grant)
        return _said(file, new=not known, changed=written or changed)

    def _password(self, known: dict[str, str], variable: str) -> str:
        found = urlsplit(known.get(variable, "").partition(",")[0]).password
        return secrets.token_hex(24) if self.rotate or not found else found


def _said(file: Path, *, new: bool, changed: bool) -> str:
    return f"{file}: {'created' if new else 'changed' if changed else 'as before'}"


def _as_user(urls: str, user: str, password: str) -> str:
    """Return the URLs of the brokers with this user's name and password."""
    found = []
    for url in re.split(r"\s*,\s*", urls):
        parts = urlsplit(url)
        place = f"{quote(user, safe='')}:{password}@{parts.netloc.rpartition('@')[2]}"
        found.append(urlunsplit(parts._replace(netloc=place)))
    return ",".join(found)


def _given(variable: str) -> str:
    """Return a variable, or the content of the file that `<variable>_FILE` names."""
    file = os.environ.get(f"{variable}_FILE")
    value = os.environ.get(variable) or (Path(file).read_text("utf-8").strip() if file else "")
    if not value:
        raise AccountFailure(f"set {variable}, or {variable}_FILE, to an administrator's URL")
    return value


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("letters, digits, - and _")
    return text


def _amqp(text: str) -> str:
    try:
        broker_urls(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aftersales-accounts",
        description="Creates a MongoDB user and a RabbitMQ user for each service, with the rights that it needs and no "
        "others, and writes its settings to FOLDER/<service>.env. Running it again changes nothing that is right.",
        epilog=f"{MONGO} and {MANAGEMENT} (http://user:password@host:15672) name the administrators; with _FILE at the "
        "end, the files that contain them.",
    )
    parser.add_argument("folder", type=Path, help="the folder of the files, which only you may read")
    parser.add_argument("--amqp", type=_amqp, required=True, help="amqp://host:5672 without a user; several by commas")
    parser.add_argument("--bus", type=_name, default=_USUAL_BUS, help="the services' AFTERSALES_BUS")
    parser.add_argument("--partner", type=_name, action="append", default=[], help="a partner who sends events")
    parser.add_argument("--rotate", action="store_true", help="new passwords; restart each service with its new file")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        _run(chosen)
    except (AccountFailure, OSError, ValueError, *MongoAccounts.failures) as error:
        print(f"aftersales-accounts: {error}", file=sys.stderr)
        return 1
    return 0


def _run(chosen: argparse.Namespace) -> None:
    mongo_url, management_url = _given(MONGO), _given(MANAGEMENT)
    vhost = unquote(urlsplit(chosen.amqp.partition(",")[0]).path.removeprefix("/"))
    broker = Management(management_url, vhost or "/")
    chosen.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(MongoAccounts(mongo_url)) as mongo:
        administration = _Administration(
            mongo, mongo_url, broker, chosen.amqp, chosen.bus, chosen.folder, rotate=chosen.rotate
        )
        if broker.declare_shared(service_topology("intake", chosen.bus)):
            print(f"{chosen.bus}.events, {chosen.bus}.partners, {chosen.bus}.journal: created")
        for service in PRODUCERS:
            print(administration.ensure_service(service))
        for partner in chosen.partner:
            print(administration.ensure_partner(partner))
