"""What can be wrong in one place: cosmic-ray's operators, without those that only make noise, and five of our own."""

from collections.abc import Iterator
from typing import Any

import cosmic_ray.plugins
import parso
from cosmic_ray.operators.operator import Example, Operator

Node = Any
Span = tuple[tuple[int, int], tuple[int, int]]
_IDENTITY = {"Is", "IsNot"}
_OPPOSITES = {
    *("Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "Div_Mul", "Mod_FloorDiv", "Pow_Mul"),
    *("BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitAnd", "LShift_RShift", "RShift_LShift"),
}
"""One other operator for each: most of the eleven that cosmic-ray tries end in a TypeError, which any test notices."""


_OTHER = {"any": "all", "all": "any", "min": "max", "max": "min"}


class _Own(Operator):
    """Replaces a node, or one of its children, with other code."""

    def mutation_positions(self, node: Node) -> Iterator[Span]:
        for part, _ in self.choices(node):
            yield part.start_pos, part.end_pos

    def mutate(self, node: Node, index: int) -> Node:
        part, code = list(self.choices(node))[index]
        prefix = part.get_first_leaf().prefix
        if part is node:
            return parso.parse(prefix + code)
        node.children[node.children.index(part)] = parso.parse(prefix + code)
        return node

    def choices(self, node: Node) -> Iterator[tuple[Node, str]]:
        """Yield the node or children of it, each with the code to put in its place."""
        raise NotImplementedError


class DropStatement(_Own):
    """A call whose result nobody uses, or a `raise`; what is logged is no user's concern."""

    def choices(self, node: Node) -> Iterator[tuple[Node, str]]:
        dropped = node.type == "simple_stmt" and node.children[0].type in {"raise_stmt", "atom_expr"}
        if dropped and not node.children[0].get_code(include_prefix=False).startswith("log."):
            yield node.children[0], "pass"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("def f():\n    if a:\n        raise B\n    c\n", "def f():\n    if a:\n        pass\n    c\n"),
            Example("async def f():\n    await g(1)\n", "async def f():\n    pass\n"),
        )


class ReturnNone(_Own):
    def choices(self, node: Node) -> Iterator[tuple[Node, str]]:
        if node.type == "return_stmt" and node.children[1].get_code().strip() != "None":
            yield node.children[1], "None"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("def f():\n    return a, b\n", "def f():\n    return None\n"),)


class DropCondition(_Own):
    """One of several conditions that are joined, or the condition of a comprehension."""

    def choices(self, node: Node) -> Iterator[tuple[Node, str]]:
        if node.type in {"and_test", "or_test"}:
            neutral = "True" if node.type == "and_test" else "False"
            for part in node.children[::2]:
                yield part, neutral
        elif node.type == "comp_if":
            yield node.children[1], "True"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example("x = a and b", "x = True and b"),
            Example("x = a or b(c)", "x = a or False", occurrence=1),
            Example("x = [a for a in b if c(a)]", "x = [a for a in b if True]"),
        )


class SwapName(_Own):
    """Any and all, min and max."""

    def choices(self, node: Node) -> Iterator[tuple[Node, str]]:
        if node.type == "name" and (other := _OTHER.get(node.value)) and _is_called(node):
            yield node, other

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("def f():\n    return a.max(any(b))\n", "def f():\n    return a.max(all(b))\n"),)


class SwapIn(_Own):
    def choices(self, node: Node) -> Iterator[tuple[Node, str]]:
        if node.type == "comparison":
            for part in node.children[1::2]:
                words = part.get_code(include_prefix=False)
                if words in {"in", "not in"}:
                    yield part, "in" if words == "not in" else "not in"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("x = a in b", "x = a not in b"), Example("x = a not in b", "x = a in b"))


OWN: tuple[type[_Own], ...] = (DropStatement, ReturnNone, DropCondition, SwapName, SwapIn)


def operators() -> dict[str, Operator]:
    """Every operator by its name; the part of a name before `_` is its kind."""
    names = [name for name in cosmic_ray.plugins.operator_names() if _is_worth_trying(name.rpartition("/")[2])]
    theirs = {name.rpartition("/")[2]: cosmic_ray.plugins.get_operator(name) for name in names}
    found = theirs | {own.__name__: own for own in OWN}
    return {name: made() for name, made in found.items() if not made.arguments()}


def _is_worth_trying(name: str) -> bool:
    kind, _, change = name.partition("_")
    if kind == "ReplaceBinaryOperator":
        return change in _OPPOSITES
    if kind == "ReplaceComparisonOperator":  # `is` instead of `==` is the same for most of what is compared
        before, after = change.split("_")
        return (before in _IDENTITY) == (after in _IDENTITY)
    return True


def _is_called(name: Node) -> bool:
    before, after = name.get_previous_leaf(), name.get_next_leaf()
    return after is not None and after.value == "(" and (before is None or before.value not in {".", "def"})
