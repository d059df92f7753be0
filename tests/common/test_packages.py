"""Each library and service declares what it imports, and imports what it declares: so it can be installed alone."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = [*sorted(ROOT.glob("libs/*/")), *sorted(ROOT.glob("services/*/"))]
NOT_IMPORTED = {"uvloop", "httptools", "sniffio", "tzdata"}
"""Found by name at run time, by uvicorn, httpcore and zoneinfo."""
INSTALLED = {
    module: {str(canonicalize_name(name)) for name in names} for module, names in packages_distributions().items()
}


def declared(package: Path) -> set[str]:
    lines = tomllib.loads((package / "pyproject.toml").read_text())["project"]["dependencies"]
    return {Requirement(line).name for line in lines}


def imported(source: str) -> Iterator[str]:
    """Yield every module that is imported, wherever in the text."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module="aftersales", names=names):
                yield from (f"aftersales.{alias.name}" for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module


def distributions(module: str) -> set[str]:
    """Who may provide a module; none for one of Python itself."""
    top, *inner = module.split(".")
    if top in sys.stdlib_module_names:
        return set()
    if top == "aftersales":
        return {"aftersales-common" if inner[0] == "engine" else f"aftersales-{inner[0]}"}
    return INSTALLED.get(top, {top})


def wrong(package: Path) -> Iterator[str]:
    """Yield what is imported without being declared, and what is declared without being imported."""
    known, used = declared(package), {f"aftersales-{package.name}"}
    for path in sorted(package.glob("src/**/*.py")):
        for module in imported(path.read_text()):
            provides = distributions(module)
            if provides and not provides & (known | {f"aftersales-{package.name}"}):
                yield f"{path.name} imports {module}"
            used |= provides
    yield from (f"{name} is not imported" for name in sorted(known - used - NOT_IMPORTED))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_declares_what_it_imports_and_nothing_else(package: Path) -> None:
    assert list(wrong(package)) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("import typer", "module.py imports typer"),
        ("def late():\n    from bson.raw_bson import RawBSONDocument", "module.py imports bson.raw_bson"),
        ("from aftersales import common", "module.py imports aftersales.common"),
        ("import aftersales.policy.sla", "module.py imports aftersales.policy.sla"),
        ("import os", "pydantic is not imported"),
    ],
)
def test_what_is_missing_or_too_much_is_noticed(tmp_path: Path, line: str, complaint: str) -> None:
    package = tmp_path / "values"
    (package / "src").mkdir(parents=True)
    (package / "pyproject.toml").write_text('[project]\ndependencies = ["pydantic>=2"]\n')
    (package / "src" / "module.py").write_text(f"{line}\n")

    assert complaint in list(wrong(package))
