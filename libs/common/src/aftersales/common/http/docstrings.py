"""The docstrings of classes, fields and types, read from the source, for OpenAPI documents, schemas and pages.

Pydantic could read those of fields when it builds a model (`use_attribute_docstrings`), but that slows every start and
fails for generic models. Here only a reader of the documents pays for it.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import resolve_name
from itertools import pairwise

_OURS = "aftersales."


@dataclass(frozen=True)
class _Source:
    """What a module says about its names."""

    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    """Docstrings of fields, by class."""
    types: dict[str, dict[str, str]] = field(default_factory=dict)
    """Names of the types of fields by class, and of parameters by function."""
    names: dict[str, str] = field(default_factory=dict)
    """Docstrings of its classes and types."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Types that are another one with more said about it: `RequestPath = Annotated[RequestNumber, Path()]`."""
    imports: dict[str, str] = field(default_factory=dict)
    """Modules from which it imports a name."""


def read_field_docs(kind: type) -> dict[str, str]:
    """Return the docstring of each field, those from base classes of ours included."""
    return {name: words for base in _bases(kind) for name, words in _fields(base).items()}


def explain_fields(kind: type) -> dict[str, str]:
    """Return the docstring of each field or, if it has none, that of its type (`branch: Code | None`)."""
    found: dict[str, str] = {}
    for base in _bases(kind):
        source = _read(base.__module__)
        types = {
            name: _type_doc(base.__module__, type) for name, type in source.types.get(base.__qualname__, {}).items()
        }
        found |= {name: words for name, words in types.items() if words and name not in found}
        found |= _fields(base)
    return found


def explain_parameters(endpoint: Callable[..., object]) -> dict[str, str]:
    """Return the docstring of the type of each parameter."""
    types = _read(endpoint.__module__).types.get(endpoint.__qualname__, {})
    return {name: words for name, type in types.items() if (words := _type_doc(endpoint.__module__, type))}


def read_class_doc(kind: type) -> str:
    """Return the class's own docstring as one paragraph, or nothing."""
    return _paragraph(kind.__dict__.get("__doc__") or "")


def _bases(kind: type) -> Iterator[type]:
    """Yield the class after its bases. A parametrised generic class says nothing, but its origin does."""
    return (base for base in reversed(kind.__mro__) if base.__module__.startswith(_OURS))


def _fields(kind: type) -> dict[str, str]:
    return _read(kind.__module__).fields.get(kind.__qualname__, {})


def _type_doc(module: str, name: str) -> str:
    """Return the docstring of a type where it is defined, or nothing."""
    source = _read(module)
    if name in source.aliases and name not in source.names:
        return _type_doc(module, source.aliases[name])
    if name in source.names or name not in source.imports:
        return source.names.get(name, "")
    return _type_doc(source.imports[name], name)


@cache
def _read(module: str) -> _Source:
    source, tree = _Source(), ast.parse(inspect.getsource(sys.modules[module]))
    package = module if hasattr(sys.modules[module], "__path__") else module.rpartition(".")[0]
    for one in tree.body:
        if isinstance(one, ast.ImportFrom):
            origin = resolve_name("." * one.level + (one.module or ""), package)
            if origin.startswith(_OURS) and origin in sys.modules:
                source.imports.update({alias.name: origin for alias in one.names if alias.asname is None})
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() as value):
                source.aliases[name] = _type_name(value)
            case ast.AsyncFunctionDef(name=name, args=arguments):
                source.types[name] = {
                    one.arg: type for one in arguments.args if one.annotation and (type := _type_name(one.annotation))
                }
    source.names.update(_documented(tree.body))
    for name, defined in _classes(tree.body, ""):
        source.names[name] = _paragraph(ast.get_docstring(defined) or "")
        source.fields[name] = dict(_documented(defined.body))
        source.types[name] = {
            one.target.id: type
            for one in defined.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
            if (type := _type_name(one.annotation))
        }
    return source


def _classes(body: list[ast.stmt], outer: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for defined in body:
        if isinstance(defined, ast.ClassDef):
            yield f"{outer}{defined.name}", defined
            yield from _classes(defined.body, f"{outer}{defined.name}.")


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield the names that have a docstring under them."""
    for one, after in pairwise(body):
        match one, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, _paragraph(text)


def _type_name(annotation: ast.expr) -> str:
    """Return the name of `Code`, `Code | None` or `Annotated[Code, …]`; of other annotations nothing."""
    match annotation:
        case ast.Name(id=name):
            return name
        case ast.BinOp(left=left, right=ast.Constant(value=None)):
            return _type_name(left)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[first, *_])):
            return _type_name(first)
    return ""


def _paragraph(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split())
