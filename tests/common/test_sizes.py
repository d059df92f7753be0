"""The hard limits of docs/style (files, functions, parameters), and a domain without async, clock or chance."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES, FUNCTION_LINES, PARAMETERS = 300, 45, 5
FOLDERS = ("libs", "services", "contracts", "deploy", "bench", "tests")
PURE = (
    "services/*/src/aftersales/**/domain/**/*.py",
    "services/*/src/aftersales/**/domain.py",
    "services/*/src/aftersales/*/vocabulary.py",
    "libs/policy/src/**/*.py",
)

IMPURE_MODULES = {"asyncio", "random", "secrets", "time", "uuid", "uuid_utils", "os", "socket", "threading"}
IMPURE_CALLS = {"now", "utcnow", "today", "fromtimestamp", "uuid4", "uuid7", "urandom", "open"}
ALLOWED_NAMES = {"UUID"}
ASYNC = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def pure_files() -> list[Path]:
    return [path for pattern in PURE for path in sorted(ROOT.glob(pattern))]


def too_big(source: str, *, count_parameters: bool = True) -> Iterator[str]:
    """Yield what is over a limit. Fixtures come as parameters, so tests don't count theirs."""
    if (lines := len(source.splitlines())) > FILE_LINES:
        yield f"file has {lines} lines (limit {FILE_LINES})"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, Function):
            continue
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES:
            yield f"{node.name}, line {node.lineno}: {lines} lines (limit {FUNCTION_LINES})"
        if count_parameters and (parameters := _parameters(node)) > PARAMETERS:
            yield f"{node.name}, line {node.lineno}: {parameters} parameters (limit {PARAMETERS})"


def _parameters(function: Function) -> int:
    """How many its callers must know; an endpoint's or a command's are its query string or options."""
    if any(isinstance(decorator, ast.Call) for decorator in function.decorator_list):
        return 0
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def impurities(source: str) -> Iterator[str]:
    """Yield what makes a rule depend on more than its arguments."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names if alias.name.split(".")[0] in IMPURE_MODULES]
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] in IMPURE_MODULES:
                found = [alias.name for alias in names if alias.name not in ALLOWED_NAMES]
            case ast.Call(func=ast.Attribute(attr="fromtimestamp"), args=[_, _]):  # in a zone that it is told
                found = []
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in IMPURE_CALLS:
                found = [f"{name}()"]
            case _:
                found = [type(node).__name__] if isinstance(node, ASYNC) else []
        yield from (f"line {getattr(node, 'lineno', '?')}: {what}" for what in found)


def test_no_file_function_or_signature_is_over_the_limit() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in python_files()
        for what in too_big(
            path.read_text(), count_parameters=path.relative_to(ROOT).parts[0] not in {"tests", "bench"}
        )
    ]

    assert not found, "\n".join(found)


def test_domain_rules_know_no_async_no_clock_and_no_chance() -> None:
    found = [f"{path.relative_to(ROOT)}: {what}" for path in pure_files() for what in impurities(path.read_text())]

    assert all(list(ROOT.glob(pattern)) for pattern in PURE), "a pattern matches nothing"
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("x = 1\n" * 301, "file has 301 lines"),
        ("def long():\n" + "    x = 1\n" * 45, "long, line 1: 46 lines"),
        ("def wide(a, b, c, d, e, f): ...", "wide, line 1: 6 parameters"),
        ("class A:\n    async def wide(self, a, /, b, c, *, d, e, f=1): ...", "wide, line 2: 6 parameters"),
    ],
)
def test_what_is_too_big_is_reported(source: str, complaint: str) -> None:
    assert any(what.startswith(complaint) for what in too_big(source))


def test_an_endpoint_has_as_many_query_parameters_as_it_needs() -> None:
    assert not list(too_big("@router.get('/')\nasync def wide(a, b, c, d, e, f): ..."))


def test_the_limits_themselves_are_allowed() -> None:
    largest = "class A:\n    def wide(self, a, b, c, d, e):\n" + "        x = 1\n" * 44 + "x = 1\n" * 254

    assert not list(too_big(largest))


@pytest.mark.parametrize(
    "source",
    [
        "async def rule(): ...",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.date.today()",
        "from datetime import datetime\nx = datetime.fromtimestamp(0)",
        "import time",
        "from time import monotonic",
        "import random",
        "from uuid import UUID, uuid4",
        "import uuid_utils.compat",
    ],
)
def test_an_impure_rule_is_reported(source: str) -> None:
    assert list(impurities(source))


def test_a_pure_rule_passes() -> None:
    assert not list(
        impurities("from datetime import datetime\nfrom uuid import UUID\ndef f(now: datetime): return now")
    )
