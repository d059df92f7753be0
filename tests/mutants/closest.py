"""Which tests are run for a mutant: those of its service or library, the closest first."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

FEW = 5
"""So many of the closest test files are run first: most mutants end there."""


def closest(root: Path, file: str, asked: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Give the few that are closest, and the others; `asked` are patterns that take the place of the usual folder.

    The folder of `services/intake/src/…` is `tests/intake`, that of `libs/common/src/…` is `tests/common`.
    """
    patterns = asked or (f"tests/{Path(file).parts[1]}",)
    found = {path for pattern in patterns for path in _test_files(root, pattern)}
    module = _module(file)
    ranked = sorted(found, key=lambda path: (-_closeness(path, module), path))
    names = [path.relative_to(root).as_posix() for path in ranked]
    return names[:FEW], names[FEW:]


def area(file: str) -> str:
    """The first two folders of the package, such as `intake/recalls` or `policy/lint`."""
    return "/".join(Path(file).parent.parts[Path(file).parts.index("src") + 2 :][:2])


def _test_files(root: Path, pattern: str) -> Iterator[Path]:
    for path in root.glob(pattern):
        yield from path.rglob("test_*.py") if path.is_dir() else [path]


def _module(file: str) -> tuple[str, ...]:
    parts = Path(file.removesuffix("/__init__.py")).with_suffix("").parts
    return parts[parts.index("src") + 1 :]


def _closeness(test: Path, module: tuple[str, ...]) -> float:
    """How much of the module's name the test imports; its file's and its folder's names say what it is about, too."""
    shared = max((_shared(name, module) for name in _imports(test)), default=0)
    return shared + 1.5 * (module[-1] in test.stem) + (test.parent.name in module)


def _shared(name: tuple[str, ...], module: tuple[str, ...]) -> int:
    same = [one == other for one, other in zip(name, module, strict=False)]
    return same.index(False) if False in same else len(same)


@cache
def _imports(test: Path) -> frozenset[tuple[str, ...]]:
    found = set()
    for node in ast.walk(ast.parse(test.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {(*node.module.split("."), alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
    return frozenset(found)
