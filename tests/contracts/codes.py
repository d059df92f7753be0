"""Every code that the sources can show to somebody, read from their syntax trees."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z_]+\.[a-z0-9_]+")
HEAD = re.compile(r"[a-z_]+\.")
BY_FRAMEWORK = (400, 404, 405)
"""Statuses that Starlette and FastAPI answer with by themselves."""
ANY = "**"
SAYERS = {
    "Trouble",
    "InvalidCell",
    "say",
    "complain",
    "words",
    "wrong",
    "refusal_text",
    "error_finding",
    "warning_finding",
    "Titled",
    "Broken",
}
"""What takes a code and its parameters besides our exceptions."""


class Guard(NamedTuple):
    """An expression, and the values that it can have where it is looked at."""

    name: str
    values: tuple[str, ...]


@dataclass
class Codes:
    """Codes with the parameters that each place gives them, and the statuses that have a title."""

    params: dict[str, list[frozenset[str]]] = field(default_factory=lambda: defaultdict(list))
    statuses: set[int] = field(default_factory=lambda: set(BY_FRAMEWORK))

    def add(self, code: str, *params: str) -> None:
        self.params[code].append(frozenset(params))

    def add_each(self, codes: list[str], *params: str) -> None:
        for code in codes:
            self.add(code, *params)


def sources() -> list[Path]:
    return [path for folder in ("libs", "services") for path in sorted((ROOT / folder).rglob("src/**/*.py"))]


def collect(trees: list[ast.Module]) -> Codes:
    """All codes. Raises `LookupError` for one that is put together in a way that is not understood here."""
    codes = Codes()
    errors, collections = _errors(trees), _collections(trees)
    for tree in trees:
        guards = _guards(tree) | _loops(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            _take(call, codes, errors, collections, guards)
        codes.statuses |= set(_statuses(tree))
    for status in BY_FRAMEWORK:
        codes.add(f"http.{status}", "path")
    return codes


def _take(
    call: ast.Call, codes: Codes, errors: set[str], collections: dict[str, str], guards: dict[ast.Call, Guard]
) -> None:
    name = _name(call.func)
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if name in errors and call.args:
        codes.add_each(_spelt_out(call.args[0], guards.get(call)), *_keywords(call))
    elif name in SAYERS and call.args:
        codes.add_each(_either(call.args[0]), *_keywords(call))
    elif name == "ValueError" and call.args:
        codes.add_each(_of_value(call.args[0], guards.get(call)))
    elif name in {"problem_response", "problem_of", "_give_up", "render_message"} and texts:
        codes.add(texts[0], *(key for key in _keys(call)))
    elif name in {"read", "require"} and len(call.args) > 1 and _name(call.args[0]) in collections:
        codes.add(f"{collections[_name(call.args[0])]}.unknown", "id")
    elif name == "HTTPException" and isinstance(call.args[0], ast.Constant):
        status = str(call.args[0].value)
        codes.add(f"http.{status}", "path")
        codes.statuses.add(int(status))
    if name == "problem_response" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
        codes.statuses.add(int(str(call.args[1].value)))


def _spelt_out(node: ast.expr, guard: Guard | None) -> list[str]:
    """A code as it is written, or one for each value that the `if x in (…)` or the loop around it lets through."""
    match node:
        case ast.Constant(value=str(code)):
            return [code]
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=".unknown")]):
            return []  # of a collection: taken from the calls of `require` and `read`
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), ast.FormattedValue(value=shown), *tail]) if guard:
            if guard.name == ast.unparse(shown):
                end = "".join(str(ast.literal_eval(text)) for text in tail)
                return [head + value + end for value in guard.values]
    raise LookupError(f"line {node.lineno}: {ast.unparse(node)} names no code that can be looked up")


def _of_value(node: ast.expr, guard: Guard | None) -> list[str]:
    """The code of a `ValueError` that a form raises; others are for programmers."""
    match node:
        case ast.Constant(value=str(text)) if CODE.fullmatch(text):
            return [text]
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), *_]) if HEAD.match(head):
            return _spelt_out(node, guard)
    return []


def _either(node: ast.expr) -> list[str]:
    """A code, or the two of `a if x else b`; what comes in a variable was written down elsewhere."""
    if isinstance(node, ast.IfExp):
        return _either(node.body) + _either(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _keywords(call: ast.Call) -> list[str]:
    """Names of the parameters; `ANY` where some come from a dictionary."""
    return [keyword.arg or ANY for keyword in call.keywords]


def _guards(tree: ast.Module) -> dict[ast.Call, Guard]:
    """For each call inside `if x in (…):`, that comparison."""
    return {
        call: Guard(ast.unparse(node.test.left), tuple(map(str, ast.literal_eval(node.test.comparators[0]))))
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.In)
        for statement in node.body
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and isinstance(node.test.comparators[0], ast.Tuple)
    }


def _loops(tree: ast.Module) -> dict[ast.Call, Guard]:
    """For each call inside `for x in TABLE.get(…):`, all that the lists of that table name."""
    tables = {
        ast.unparse(node.target): node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)
    }
    found = {}
    for node in ast.walk(tree):
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Attribute(value=table, attr="get"))):
                rows = tables.get(ast.unparse(table), ast.Dict([], []))
                values = {text.value for row in rows.values for text in ast.walk(row) if isinstance(text, ast.Constant)}
                for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
                    found[call] = Guard(name, tuple(sorted(map(str, values))))
    return found


def _errors(trees: list[ast.Module]) -> set[str]:
    """`DomainError` and what is derived from it, in any file."""
    found = {"DomainError"}
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for _ in classes:
        found |= {cls.name for cls in classes if any(_name(base) in found for base in cls.bases)}
    return found


def _collections(trees: list[ast.Module]) -> dict[str, str]:
    """Aggregates by class name: the collection that each is kept in."""
    found = {}
    for cls in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for line in cls.body:
            match line:
                case ast.AnnAssign(target=ast.Name(id="COLLECTION"), value=ast.Constant(value=str(name))):
                    found[cls.name] = name
    return found


def _statuses(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(body=body):
                for line in body:
                    match line:
                        case ast.Assign(targets=[ast.Name(id="status")], value=ast.Constant(value=int(status))):
                            yield status


def _keys(call: ast.Call) -> list[str]:
    """The keys of a dictionary that is given as parameters."""
    displays = [arg for arg in call.args if isinstance(arg, ast.Dict)]
    return [str(key.value) for display in displays for key in display.keys if isinstance(key, ast.Constant)]


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
