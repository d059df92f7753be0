"""Checks every answer of a running system against the service's own OpenAPI document, and events against theirs."""

import json
import re
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]

from aftersales.common.http.app import build_app
from aftersales.common.service import Service
from aftersales.testing.system import RunningSystem

_FORMATS = jsonschema.Draft202012Validator.FORMAT_CHECKER


class WrongAnswer(AssertionError):
    """An answer is not as the OpenAPI document describes it."""


class Answers:
    """The described answers of one service."""

    def __init__(self, service: Service) -> None:
        self.document: Any = build_app(service).openapi()
        self._paths = [(re.compile(_pattern(path)), path) for path in self.document["paths"]]
        self._validators: dict[str, Any] = {}
        self.seen: set[tuple[str, str]] = set()
        """Method and path of each operation that was answered as it should be."""

    async def check(self, response: httpx.Response) -> None:
        """Raises `WrongAnswer`."""
        await response.aread()
        method, path = response.request.method.lower(), self.path_of(response.request.url.path)
        if path is None or method not in self.document["paths"][path]:
            return  # not described: probes, metrics, 404 and 405 of no operation
        described = self.document["paths"][path][method]["responses"].get(str(response.status_code))
        if described is None:
            raise WrongAnswer(f"{method} {path}: {response.status_code} is not described: {response.text[:500]}")
        kind = response.headers.get("content-type", "").partition(";")[0]
        schema = described.get("content", {}).get(kind, {}).get("schema")
        if schema is not None and kind.endswith("json"):
            for error in self._validator(schema).iter_errors(response.json()):
                raise WrongAnswer(f"{method} {path}: {error.json_path}: {error.message[:300]}")
        if response.is_success:
            self.seen.add((method, path))

    def path_of(self, asked: str) -> str | None:
        """The first path of the document that fits, as the router chooses it."""
        return next((path for pattern, path in self._paths if pattern.fullmatch(asked)), None)

    def forget(self) -> None:
        """Read the document anew: it was changed."""
        self._validators.clear()

    def _validator(self, schema: Any) -> Any:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = jsonschema.Draft202012Validator(whole, format_checker=_FORMATS)
        return self._validators[key]


_KNOWN: dict[str, Answers] = {}
"""By service; making a document takes a second."""


def watch(system: RunningSystem) -> dict[str, Answers]:
    """Let every answer of these services be checked from now on."""
    for name, running_service in system.services.items():
        if name not in _KNOWN:
            _KNOWN[name] = Answers(running_service.runtime.service)
        running_service.http.event_hooks = {"response": [_KNOWN[name].check]}
    return {name: _KNOWN[name] for name in system.services}


def _pattern(path: str) -> str:
    """A regular expression of a path's template; `{source:path}` is written `{source}` in the document."""
    parts = re.split(r"\{(\w+)\}", path)
    return "".join(r"[^/]+" if place % 2 else re.escape(part) for place, part in enumerate(parts))
