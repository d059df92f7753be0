"""The words that stand under a class's fields in its source, for schemas and pages."""

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise


def field_docs(kind: type) -> dict[str, str]:
    """What is said under each field, those of base classes of ours included."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("aftersales."):
            found |= _own(base)
    return found


def class_doc(kind: type) -> str:
    """The class's own docstring as one paragraph, or nothing."""
    return " ".join(inspect.cleandoc(kind.__dict__.get("__doc__") or "").split())


@cache
def _own(kind: type) -> dict[str, str]:
    [defined] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    words: dict[str, str] = {}
    for field, after in pairwise(getattr(defined, "body", ())):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                words[name] = " ".join(text.split())
    return words
