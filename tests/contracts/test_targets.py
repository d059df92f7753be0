"""Every command whose path names a document declares it (`about`), so that `If-Match` can be held against it."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from contracts.catalogue import services
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from aftersales.common.http import dead_letters
from aftersales.common.http.request_context import RequestContext
from aftersales.common.work import UnitOfWork, UseCase

CREATES = {
    "/customers/{customer}/files": "a file, of a customer who stays as they are",
    "/departments/{department}/results": "a result; a department is no document",
    "/departments/{department}/results/acknowledge": "changes several results, none of which is in the path",
}


def commands(routes: Iterable[BaseRoute]) -> Iterator[tuple[APIRoute, Any]]:
    """Each route that hands a command to the writer, with the handler that it names."""
    for route in routes:
        if isinstance(route, APIRoute) and (route.methods or set()) - {"GET"}:
            for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(route.endpoint)))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {"context.do", "prepare_call"}:
                    yield route, eval(ast.unparse(node.args[0]), route.endpoint.__globals__)  # noqa: S307 (our source)


def targetless(routes: Iterable[BaseRoute]) -> list[str]:
    """Paths of commands that name a document, and whose handler is about none."""
    found = [(route.path, route.methods or (), handler) for route, handler in commands(routes)]
    named = [(path, handler) for path, methods, handler in found if "{" in path or "PUT" in methods]
    return [path for path, handler in named if not (isinstance(handler, UseCase) and handler.declares_target)]


def test_every_command_on_a_document_says_which() -> None:
    routes = [route for service in services() for route in service.router.routes] + dead_letters.router.routes
    assert len(list(commands(routes))) > 60, "the test can tell: it finds them"
    assert [path for path in targetless(routes) if path not in CREATES] == []


async def forget(work: UnitOfWork, number: str) -> str:
    return number


def test_a_command_that_forgets_is_found() -> None:
    router = APIRouter()

    @router.post("/things/{number}")
    async def change(number: str, context: RequestContext) -> str:
        return await context.do(forget, number)

    assert targetless(router.routes) == ["/things/{number}"]
