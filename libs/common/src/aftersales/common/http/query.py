"""Query parameters that no route knows are refused, because an ignored filter shows more than was asked for (ALL-1)."""

from collections.abc import Iterable
from difflib import get_close_matches
from urllib.parse import parse_qsl

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from aftersales.values.errors import Malformed

_ELSEWHERE = (Path, Header, Cookie)
"""Parameters that are not in the query; fields of a model for the query are of no such class."""


def refuse_unknown_parameters(routes: Iterable[BaseRoute]) -> None:
    """Make each route of the API refuse unknown query parameters. Pages for people ignore those of advertisements."""
    for route in routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema or route.response_class is HTMLResponse:
            continue
        if not hasattr(route, "strict"):
            route.app, route.strict = _checked(route.app, known_parameters(route)), True  # type: ignore[attr-defined]


def known_parameters(route: APIRoute) -> frozenset[str]:
    """Return the names of the query parameters of a route, those of a model included."""
    return frozenset(
        one.alias for one in get_flat_params(route.dependant) if not isinstance(one.field_info, _ELSEWHERE)
    )


def _checked(app: ASGIApp, known: frozenset[str]) -> ASGIApp:
    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            if unknown := [name for name in dict.fromkeys(name for name, _ in given) if name not in known]:
                raise Malformed("input.malformed", errors=[_describe(name, known) for name in unknown[:20]])
        await app(scope, receive, send)

    return check


def _describe(name: str, known: frozenset[str]) -> dict[str, object]:
    """Return one unknown parameter as a wrong field, with the parameter that was probably meant."""
    meant = get_close_matches(name, known, 1)
    shown = ", ".join(sorted(known)) or "–"  # noqa: RUF001 (a dash in three languages)
    wrong = (
        Malformed("query.unknown_like", known=shown, meant=meant[0])
        if meant
        else Malformed("query.unknown", known=shown)
    )
    return {"field": f"query.{name[:100]}", "code": wrong.code, "params": wrong.params}
