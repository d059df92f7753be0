"""The OpenAPI document: that of FastAPI, with tags, titles, headers and descriptions that are derived from the code.

It is made when it is first asked for, so that a start costs nothing.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi._compat import get_flat_models_from_fields, get_model_name_map
from fastapi.openapi.utils import get_fields_from_routes
from fastapi.routing import APIRoute
from pydantic import BaseModel

from aftersales.common.http.docstrings import explain_fields, explain_parameters
from aftersales.common.http.headers import REQUEST_HEADERS, RESPONSE_HEADERS, request_headers, response_headers
from aftersales.common.http.problem import MEDIA_TYPE
from aftersales.common.http.sign_in import open_paths
from aftersales.common.sign_in.keys import DISCOVERY

SHARED_TAG = {
    "name": "operations",
    "description": "Routes of every service: dead letters, audit trail, archive, catch-up and deadlines.",
}
_ONLY = frozenset({MEDIA_TYPE, "text/event-stream"})
"""Media types of answers that have a model, but are never sent as plain JSON."""
SIGN_IN = "sign_in"
"""The name of the security scheme."""
_RULE = r"[A-Z]{2,3}-[0-9]+(?:(?:,| to| and) [A-Z]{2,3}-[0-9]+)*"
_RULES = re.compile(rf" \({_RULE}\)|, {_RULE}(?=\))|^{_RULE}: ")
"""Numbers of rules, which tell a caller nothing."""


def describe_app(app: FastAPI, issuer: str = "") -> dict[str, Any]:
    """Return the whole document of an application, with the sign-in server if it has one."""
    if not app.openapi_schema:
        document = FastAPI.openapi(app)
        routes = [route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema]
        document["tags"] = [_tag(package) for package in dict.fromkeys(map(_capability, routes))]
        for route in routes:
            for method in route.methods or ():
                _describe_operation(document["paths"][route.path_format][method.lower()], route)
        components = document["components"]
        components["parameters"] = {
            name: {"name": name, "in": "header", "required": False} | said for name, said in REQUEST_HEADERS.items()
        }
        components["headers"] = RESPONSE_HEADERS
        for name, kind in _models(routes):
            _describe_schema(components["schemas"][name], kind)
        if issuer:
            service = app.state.runtime.service
            _describe_sign_in(document, issuer, open_paths(service.access, service.name))
    return app.openapi_schema or {}


def _describe_sign_in(document: dict[str, Any], issuer: str, opened: re.Pattern[str]) -> None:
    """Say where tokens come from, and which operations need none."""
    document["components"]["securitySchemes"] = {
        SIGN_IN: {"type": "openIdConnect", "openIdConnectUrl": issuer.rstrip("/") + DISCOVERY}
    }
    document["security"] = [{SIGN_IN: []}]
    for path, operations in document["paths"].items():
        if opened.fullmatch(path):
            for operation in operations.values():
                operation["security"] = []


def _example(route: APIRoute) -> Any:
    """Return the example of the body from the capability's `examples.json`, by the endpoint or the one it names."""
    said = (examples := _examples(_capability(route))).get(route.name)
    return examples[said] if isinstance(said, str) else said


@cache
def _examples(package: str) -> dict[str, Any]:
    """Return the examples of a capability. They are no part of the models, which every start imports."""
    file = files(package).joinpath("examples.json")
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


def _capability(route: APIRoute) -> str:
    """Return the package of the endpoint: `aftersales.intake.requests`."""
    return ".".join(route.endpoint.__module__.split(".")[:3])


def _tag(package: str) -> dict[str, str]:
    if package.startswith("aftersales.common."):
        return SHARED_TAG
    return {"name": package.rpartition(".")[2], "description": _plain(sys.modules[package].__doc__ or "")}


def _describe_operation(operation: dict[str, Any], route: APIRoute) -> None:
    operation["tags"] = [*route.tags] or [_tag(_capability(route))["name"]]
    if not route.summary and route.description:
        operation["summary"] = summarise_text(route.description)
    if (said := _example(route)) is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = said
    if "description" in operation:
        operation["description"] = _without_rules(operation["description"])
    headers = [{"$ref": f"#/components/parameters/{name}"} for name in request_headers(route)]
    operation["parameters"] = [*operation.get("parameters", ()), *headers]
    docs = _parameter_docs(route)
    for parameter in operation["parameters"]:
        if words := docs.get(parameter.get("name", "")):
            parameter.setdefault("description", words)
    for status, answer in operation["responses"].items():
        for kind in _ONLY.intersection(answer.get("content", {})):
            answer["content"] = {kind: answer["content"][kind]}
        if sent := {name: {"$ref": f"#/components/headers/{name}"} for name in response_headers(route, status)}:
            answer["headers"] = answer.get("headers", {}) | sent


def summarise_text(docstring: str) -> str:
    """Return the beginning of a docstring as a title: "Register a request"."""
    first = re.split(r"\.\s|\.$|[:;]\s", _plain(docstring), maxsplit=1)[0]
    return first.partition(", ")[0] if len(first) > _LONGEST_TITLE else first


_LONGEST_TITLE = 80


def _plain(text: str) -> str:
    """Return a docstring as one paragraph without the numbers of rules."""
    return _without_rules(" ".join(text.split()))


def _without_rules(text: str) -> str:
    left = _RULES.sub("", text)
    return left[:1].upper() + left[1:]


def _parameter_docs(route: APIRoute) -> dict[str, str]:
    """Return the words for each parameter: of its type, or of its field in a model that is read from the query."""
    kinds = [field.field_info.annotation for field in route.dependant.query_params]
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    found = explain_parameters(route.endpoint) | {
        name: words for kind in models for name, words in explain_fields(kind).items()
    }
    return {name: _plain(words) for name, words in found.items()}


def _models(routes: list[APIRoute]) -> Iterator[tuple[str, type]]:
    models = get_flat_models_from_fields(get_fields_from_routes(routes), known_models=set())
    for kind, name in get_model_name_map(models).items():
        yield name, kind


def _describe_schema(schema: dict[str, Any], kind: type) -> None:
    if "description" in schema:
        schema["description"] = _without_rules(schema["description"])
    docs = {name: _plain(words) for name, words in explain_fields(kind).items()}
    for name, field in getattr(kind, "model_fields", {}).items():
        shown = schema.get("properties", {}).get(field.alias or name)
        if shown is not None and name in docs:
            shown.setdefault("description", docs[name])
