"""Roles and actions (ALL-2, ALL-6): the table in `access.toml`, which says who may call which route."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from aftersales.common.scope import WHOLE_NETWORK, Scope
from aftersales.values import Value

EVERY_SERVICE = "every"
"""The name under which the table has the routes of all services."""
Operation = tuple[str, str]
"""A method and the path of a route, such as `("GET", "/orders/{number}")`."""


class WrongTable(Exception):
    """`access.toml` contradicts itself."""


class RoleTitle(Value):
    en: str
    zh_hans: str


class AccessRole(Value):
    """A role of callers."""

    title: RoleTitle
    scope: Literal["branch", "network", "none"]
    """The branches that its holders see: their own, all, or none."""
    held_by: tuple[str, ...] = ()
    """The roles of people (ALL-8) that have it, beside the one of the same name."""


class Action(Value):
    """Something that callers may do: routes of each service, or a part of an answer."""

    roles: frozenset[str]
    routes: Mapping[str, frozenset[Operation]]


class AccessTable:
    def __init__(
        self,
        roles: Mapping[str, AccessRole],
        actions: Mapping[str, Action],
        open: Mapping[str, frozenset[Operation]],
        whole: Mapping[str, frozenset[Operation]] | None = None,
    ) -> None:
        """`open` has the routes for everybody, by service; `whole` those whose answers are personal data as a whole.

        Raises `WrongTable` for a route in two places.
        """
        self.roles, self.actions, self.open, self.whole = roles, actions, open, whole or {}
        self._action_of: dict[tuple[str, Operation], str] = {}
        places = [("", open), *((name, action.routes) for name, action in actions.items())]
        for name, routes in places:
            for key in ((service, operation) for service, each in routes.items() for operation in each):
                if key in self._action_of:
                    raise WrongTable(f"access.toml: {' '.join(key[1])} is in two places")
                self._action_of[key] = name

    def action_of(self, service: str, operation: Operation) -> str | None:
        """Return the action of a route; empty for an open one, None for one that is not in the table."""
        ours = self._action_of.get((service, operation))
        return self._action_of.get((EVERY_SERVICE, operation)) if ours is None else ours

    def discloses(self, service: str, operation: Operation) -> bool:
        """Return whether the route's answer is personal data as a whole, such as a file or an export."""
        return operation in self.whole.get(EVERY_SERVICE, ()) or operation in self.whole.get(service, ())

    def roles_of(self, held: Iterable[str]) -> frozenset[str]:
        """Return the access roles of somebody with these roles of people (ALL-8)."""
        has = frozenset(held)
        return frozenset(name for name, role in self.roles.items() if name in has or not has.isdisjoint(role.held_by))

    def scope_of(self, roles: Iterable[str], branches: Iterable[str]) -> Scope:
        """Return what somebody with these access roles sees, who works in these branches."""
        kinds = {self.roles[role].scope for role in roles}
        if "network" in kinds:
            return WHOLE_NETWORK
        return Scope(frozenset(branches) if "branch" in kinds else frozenset())

    def may(self, roles: frozenset[str], action: str) -> bool:
        """Return whether one of the roles may do it. Raises `KeyError` for an action that is not in the table."""
        return not roles.isdisjoint(self.actions[action].roles)


@cache
def access_table() -> AccessTable:
    """Return the table. Raises `WrongTable` for a role that does not exist."""
    said = tomllib.loads(files(__package__).joinpath("access.toml").read_text("utf-8"))
    roles = {name: AccessRole.model_validate(fields) for name, fields in said["roles"].items()}
    actions = {
        name: Action(roles=frozenset(fields.pop("roles")), routes=_operations(fields))
        for name, fields in said["actions"].items()
    }
    for name, action in actions.items():
        if strange := action.roles - roles.keys():
            raise WrongTable(f"access.toml: {name} names roles that do not exist: {', '.join(sorted(strange))}")
    return AccessTable(roles, actions, _operations(said["open"]), _operations(said["whole"]))


def _operations(routes: Mapping[str, list[str]]) -> dict[str, frozenset[Operation]]:
    split = {service: (line.partition(" ") for line in lines) for service, lines in routes.items()}
    return {service: frozenset((method, path) for method, _, path in lines) for service, lines in split.items()}
