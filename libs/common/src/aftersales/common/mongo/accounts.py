"""The account of a service at MongoDB: a user of its own database, with a role that reaches no other."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

ROLE = "aftersales_service"
ACTIONS = (
    "find",
    "changeStream",
    "insert",
    "update",
    "remove",
    "createCollection",
    "createIndex",
    "listCollections",
    "listIndexes",
)
"""What a service does in its own database. It drops nothing, renames nothing, and changes no index or user."""
_SECONDS = 10
_REFUSED_LOGIN = 18


class MongoAccounts:
    """The users of a server, as an administrator sees them. Every method raises the driver's errors."""

    failures = (PyMongoError,)

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: MongoClient[dict[str, Any]] = MongoClient(url, serverSelectionTimeoutMS=_SECONDS * 1000)

    def close(self) -> None:
        self._client.close()

    def grant_database(self, database: str, user: str, password: str) -> bool:
        """Make the user and its role what they should be; return whether anything had to change."""
        db = self._client[database]
        privileges = [{"resource": {"db": database, "collection": ""}, "actions": sorted(ACTIONS)}]
        roles = db.command("rolesInfo", ROLE, showPrivileges=True)["roles"]
        wanted: dict[str, Any] = {"privileges": privileges, "roles": []}
        changed = not roles or _rights(roles[0]) != _rights(wanted)
        if changed:
            db.command("updateRole" if roles else "createRole", ROLE, **wanted)
        known = db.command("usersInfo", user)["users"]
        own = [{"role": ROLE, "db": database}]
        if known and known[0]["roles"] == own and self._opens(database, user, password):
            return changed
        db.command("updateUser" if known else "createUser", user, pwd=password, roles=own)
        return True

    def _opens(self, database: str, user: str, password: str) -> bool:
        try:
            with MongoClient[dict[str, Any]](
                login_url(self._url, database, user, password), serverSelectionTimeoutMS=_SECONDS * 1000
            ) as client:
                client[database].command("ping")
        except OperationFailure as refused:
            if refused.code != _REFUSED_LOGIN:
                raise
            return False
        return True


def _rights(role: Mapping[str, Any]) -> Any:
    found = [(one["resource"], sorted(one["actions"])) for one in role["privileges"]]
    return found, role["roles"]


def login_url(url: str, database: str, user: str, password: str) -> str:
    """Return the URL of the same servers for another user, whom this database knows."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if not name.lower().startswith("auth")]
    place = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit((parts.scheme, place, "/", urlencode([*kept, ("authSource", database)], safe="/:,"), ""))
