"""The page made from `access.toml`: `docs/access.md`."""

from collections.abc import Iterable, Mapping

from aftersales.common.sign_in.access import EVERY_SERVICE, AccessTable, Operation

_PAGE = """\
# Access

<!-- Written by contracts/generate.py (`make contracts`). Change the source, not this page. -->

Who may do what once [sign-in](sign-in.md) is set. The source is
[access.toml](../libs/common/src/aftersales/common/sign_in/access.toml); `tests/e2e/test_access_matrix.py` calls
every route as every role. Whoever lacks the role gets 403 `access.denied`, with the roles that have the action.
What belongs to a branch that the caller does not see is answered as if it did not exist.

## Roles

{roles}

A person's role of the same name counts, too. `GET /me` shows the caller's own roles, branches and actions.

## Actions

{actions}

## Routes

{routes}

Open to everybody, without a token: {open}.
"""


def access_page(table: AccessTable) -> str:
    """Return the page with roles, actions and routes."""
    actions = dict(sorted(table.actions.items()))
    marks = (
        [f"`{name}`", *("●" if role in action.roles else "" for role in table.roles)]
        for name, action in actions.items()
    )
    return _PAGE.format(
        roles=_table(
            ("Role", "", "中文", "sees", "is held by people who are"),
            (
                (
                    f"`{name}`",
                    role.title.en,
                    role.title.zh_hans,
                    _SEES[role.scope],
                    ", ".join(f"`{held}`" for held in role.held_by),
                )
                for name, role in table.roles.items()
            ),
        ),
        actions=_table(("Action", *(f"{role.title.zh_hans} `{name}`" for name, role in table.roles.items())), marks),
        routes=_table(
            ("Action", "Routes"),
            (
                (f"`{name}`", "<br>".join(_routes(action.routes)) or "a part of answers")
                for name, action in actions.items()
            ),
        ),
        open=", ".join(_routes(table.open)),
    )


_SEES = {"branch": "their branches", "network": "all branches", "none": "no branch"}


def _routes(routes: Mapping[str, Iterable[Operation]]) -> list[str]:
    return [
        f"`{method} {path}` ({'every service' if service == EVERY_SERVICE else service})"
        for service in routes
        for method, path in sorted(routes[service], key=lambda operation: operation[::-1])
    ]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    return "\n".join("| " + " | ".join(row) + " |" for row in [names, ["---"] * len(names), *rows])
