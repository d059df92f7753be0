"""RabbitMQ's management API, as far as accounts need it: users, permissions, and what all services share."""

import base64
import hashlib
import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from aftersales.common.accounts.grants import BrokerGrant, shared_bindings
from aftersales.common.amqp.topology import JOURNAL, Topology

_SECONDS = 30
_ANSWERS = {200, 201, 204, 404}


class AccountFailure(Exception):
    """A server did not do what was asked; the text is for the administrator."""


class Management:
    """One virtual host of a broker, as an administrator sees it. Every method raises `AccountFailure`."""

    def __init__(self, url: str, vhost: str) -> None:
        self._place, self._vhost = urlsplit(url), quote(vhost, safe="")
        login = f"{unquote(self._place.username or '')}:{unquote(self._place.password or '')}"
        self._headers = {
            "Authorization": f"Basic {base64.b64encode(login.encode()).decode()}",
            "Content-Type": "application/json",
        }

    def grant_rights(self, user: str, password: str, grant: BrokerGrant) -> bool:
        """Make the user and its rights what they should be; return whether anything had to change."""
        changed = False
        known = self._ask("GET", f"users/{quote(user)}")
        if known is None or known.get("tags") or not _fits(password, known):
            self._ask("PUT", f"users/{quote(user)}", {"password": password, "tags": ""})
            changed = True
        rights = {"configure": grant.configure, "write": grant.write, "read": grant.read}
        changed |= self._set(f"permissions/{self._vhost}/{quote(user)}", rights)
        changed |= self._set_topics(user, grant)
        limits: Any = self._ask("GET", f"user-limits/{quote(user)}")
        told = limits[0].get("value", {}) if limits else {}
        for name, value in grant.limits.items():
            if told.get(name) != value:
                self._ask("PUT", f"user-limits/{quote(user)}/{name}", {"value": value})
                changed = True
        return changed

    def _set_topics(self, user: str, grant: BrokerGrant) -> bool:
        place = f"topic-permissions/{self._vhost}/{quote(user)}"
        known: Any = self._ask("GET", place) or []
        found = {one["exchange"]: (one["write"], one["read"]) for one in known}
        if found == dict(grant.topics):
            return False
        if found:
            self._ask("DELETE", place)
        for exchange, (write, read) in grant.topics.items():
            self._ask("PUT", place, {"exchange": exchange, "write": write, "read": read})
        return True

    def declare_shared(self, names: Topology) -> bool:
        """Declare what no service may declare: the exchanges and the journal of all; return whether one was missing."""
        changed = False
        for exchange in (names.events, names.partner_exchange):
            changed |= self._set(f"exchanges/{self._vhost}/{exchange}", {"type": "topic", "durable": True})
        changed |= self._set(f"queues/{self._vhost}/{names.journal}", {"durable": True, "arguments": JOURNAL})
        between = f"bindings/{self._vhost}/e/{names.events}/q/{names.journal}"
        known: Any = self._ask("GET", between) or []
        for key in {*shared_bindings()} - {binding["routing_key"] for binding in known}:
            self._ask("POST", between, {"routing_key": key})
            changed = True
        return changed

    def _set(self, place: str, wanted: Mapping[str, Any]) -> bool:
        """Create or change something, unless it has these values already; return whether that was necessary."""
        known = self._ask("GET", place)
        if known is not None and all(known.get(name) == value for name, value in wanted.items()):
            return False
        self._ask("PUT", place, wanted)
        return True

    def _ask(self, method: str, place: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer, None if there is no such thing."""
        secure = self._place.scheme == "https"
        kind = HTTPSConnection if secure else HTTPConnection
        port = self._place.port or (15671 if secure else 15672)
        connection = kind(self._place.hostname or "", port, timeout=_SECONDS)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, f"{self._place.path.rstrip('/')}/api/{place}", sent, self._headers)
            answer = connection.getresponse()
            told = answer.read()
        except (OSError, HTTPException) as error:
            raise AccountFailure(f"RabbitMQ's management API at {self._place.hostname}: {error}") from error
        finally:
            connection.close()
        if answer.status not in _ANSWERS or (answer.status == 404 and method != "GET"):
            why = told.decode(errors="replace")[:300]
            raise AccountFailure(f"RabbitMQ's management API: {method} {place}: {answer.status} {why}")
        return json.loads(told) if told and answer.status == 200 else None


def _fits(password: str, user: Mapping[str, Any]) -> bool:
    """Return whether this is the user's password (RabbitMQ's documentation, "Credentials and Passwords")."""
    if user.get("hashing_algorithm") != "rabbit_password_hashing_sha256":
        return False
    salted = base64.b64decode(str(user.get("password_hash", "")))
    return salted[4:] == hashlib.sha256(salted[:4] + password.encode()).digest()
