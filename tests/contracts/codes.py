"""Every code that the sources can show to somebody, read from their syntax trees."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z_]+\.[a-z0-9_]+")
BY_FRAMEWORK = (400, 404, 405)
"""Statuses that Starlette and FastAPI answer with by themselves."""
ANY = "**"
SAYERS = {"Trouble", "Misfit", "say", "complain", "words", "Titled"}
"""What takes a code and its parameters besides our exceptions."""


@dataclass
class Codes:
    """Codes with the parameters that each place gives them, and the statuses that have a title."""

    params: dict[str, list[frozenset[str]]] = field(default_factory=lambda: defaultdict(list))
    statuses: set[int] = field(default_factory=lambda: set(BY_FRAMEWORK))

    def add(self, code: str, *params: str) -> None:
        self.params[code].append(frozenset(params))


def sources() -> list[Path]:
    return [path for folder in ("libs", "services") for path in sorted((ROOT / folder).rglob("src/**/*.py"))]


def collect(trees: list[ast.Module]) -> Codes:
    """All codes. Raises `LookupError` for one that is put together in a way that is not understood here."""
    codes = Codes()
    errors, collections = _errors(trees), _collections(trees)
    for tree in trees:
        guards = _guards(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            _take(call, codes, errors, collections, guards)
        codes.statuses |= set(_statuses(tree))
    for status in BY_FRAMEWORK:
        codes.add(f"http.{status}", "path")
    return codes


def _take(
    call: ast.Call, codes: Codes, errors: set[str], collections: dict[str, str], guards: dict[ast.Call, ast.Compare]
) -> None:
    name = _name(call.func)
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if name in errors and call.args:
        for code in _spelt_out(call.args[0], guards.get(call)):
            codes.add(code, *_keywords(call))
    elif name in SAYERS and call.args:
        for code in _either(call.args[0]):
            codes.add(code, *_keywords(call))
    elif name == "ValueError" and texts and CODE.fullmatch(texts[0]):
        codes.add(texts[0])
    elif name in {"problem", "_park", "render"} and texts:
        codes.add(texts[0], *(key for key in _keys(call)))
    elif name in {"read", "need"} and len(call.args) > 1 and _name(call.args[0]) in collections:
        codes.add(f"{collections[_name(call.args[0])]}.unknown", "id")
    elif name == "HTTPException" and isinstance(call.args[0], ast.Constant):
        status = str(call.args[0].value)
        codes.add(f"http.{status}", "path")
        codes.statuses.add(int(status))
    if name == "problem" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
        codes.statuses.add(int(str(call.args[1].value)))


def _spelt_out(node: ast.expr, guard: ast.Compare | None) -> list[str]:
    """A code as it is written, or one for each value that the `if x in (…)` around it lets through."""
    match node:
        case ast.Constant(value=str(code)):
            return [code]
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=".unknown")]):
            return []  # of a collection: taken from the calls of `need` and `read`
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), ast.FormattedValue(value=shown)]) if guard:
            if ast.unparse(guard.left) == ast.unparse(shown):
                return [head + str(value) for value in ast.literal_eval(guard.comparators[0])]
    raise LookupError(f"line {node.lineno}: {ast.unparse(node)} names no code that can be looked up")


def _either(node: ast.expr) -> list[str]:
    """A code, or the two of `a if x else b`; what comes in a variable was written down elsewhere."""
    if isinstance(node, ast.IfExp):
        return _either(node.body) + _either(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def _keywords(call: ast.Call) -> list[str]:
    """Names of the parameters; `ANY` where some come from a dictionary."""
    return [keyword.arg or ANY for keyword in call.keywords]


def _guards(tree: ast.Module) -> dict[ast.Call, ast.Compare]:
    """For each call inside `if x in (…):`, that comparison."""
    return {
        call: node.test
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.In)
        for statement in node.body
        for call in ast.walk(statement)
        if isinstance(call, ast.Call)
    }


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
