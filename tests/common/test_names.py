"""Names: a public name has one meaning within a service or library, and a public function says what it does to what.

A use case has one name in all layers of its capability: `accept_quotation` is the route, the handler and the rule, each
of which calls the next. Registers have the same name in each module that has one.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {path.name: path for path in ROOT.glob("*/*/src/aftersales/*") if path.is_dir() and path.name != "engine"}
LAYERS = ("api", "handlers", "store", "domain")
REGISTERS = {"app", "router", "log", "INDEXES", "RETAINED", "PRODUCES"}
ONE_WORD = {"main", "uuid7", "eventually"}
"""The field's own names."""


def test_a_public_name_has_one_meaning_within_a_service_or_library():
    assert len(PACKAGES) == 9
    assert [line for name, path in PACKAGES.items() for line in repeated(name, path)] == []


def test_a_public_function_has_a_verb_and_an_object():
    """Routes are left out: their names are part of the OpenAPI documents."""
    found = [
        f"{module.relative_to(ROOT)}: {function.name}"
        for path in PACKAGES.values()
        for module in path.rglob("*.py")
        if "api" not in layers(module.relative_to(path))
        for function in ast.parse(module.read_text("utf-8")).body
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and not function.name.startswith("_")
        if "_" not in function.name and function.name not in ONE_WORD
    ]
    assert found == []


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("quotes/api.py", "quotes/domain.py", False),
        ("quotes/api.py", "quotes/domain/rules.py", False),
        ("quotes/api.py", "visits/api.py", True),
        ("quotes/domain/a.py", "quotes/domain/b.py", True),
        ("sums.py", "terms.py", True),
    ],
)
def test_a_name_that_is_defined_twice_is_found(tmp_path, first, second, clash):
    for place in (first, second):
        module = tmp_path / place
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text('T = TypeVar("T")\n\n\ndef accept_quote(): ...\n')
    words = f"shop: accept_quote is defined in {first}, {second}"
    assert list(repeated("shop", tmp_path)) == ([words] if clash else [])


def test_each_class_of_the_glossary_is_defined_where_its_link_leads():
    rows = re.findall(r"\[`(\w+)`\]\(\.\./([^)]+)\)", (ROOT / "docs/glossary.md").read_text("utf-8"))
    assert len(rows) > 40
    assert [(name, path) for name, path in rows if name not in public_names(ast.parse((ROOT / path).read_text()))] == []


def repeated(package: str, path: Path) -> Iterator[str]:
    """Each name with several meanings, and where they are defined."""
    places: dict[str, list[Path]] = defaultdict(list)
    for module in sorted(path.rglob("*.py")):
        for name in public_names(ast.parse(module.read_text("utf-8"))):
            places[name].append(module.relative_to(path))
    for name, modules in sorted(places.items()):
        if len(modules) > 1 and name not in REGISTERS | ONE_WORD and not is_one_use_case(modules):
            yield f"{package}: {name} is defined in {', '.join(map(str, modules))}"


def is_one_use_case(modules: list[Path]) -> bool:
    """Whether these are different layers of one capability."""
    found = [layers(module) for module in modules]
    return len({module.parts[0] for module in modules}) == 1 and all(found) and len(set(found)) == len(found)


def layers(module: Path) -> tuple[str, ...]:
    """The layer of a capability that a module is in, if it is in one."""
    return tuple(part for part in (part.removesuffix(".py") for part in module.parts[1:2]) if part in LAYERS)


def public_names(module: ast.Module) -> set[str]:
    """What a module defines for others; type variables have one letter everywhere."""
    found = set()
    for node in module.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets, value=value) if not is_type_variable(value):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in found if not name.startswith("_")}


def is_type_variable(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec")):
            return True
    return False
