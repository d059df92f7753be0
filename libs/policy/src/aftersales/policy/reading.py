"""Reads a policy that a person wrote in YAML; every finding has its line and column. Pure: the text is an argument.

The format is YAML 1.2: `12:00`, `no` and `2026-01-01` are text, a key occurs once, and nothing is inherited
(no anchors, no merging).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from .findings import Finding, Path, error_finding
from .model import Policy

TextPosition = tuple[int, int]
"""Line and column, from 1."""
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DIGITS = list("-0123456789")
MOST_NODES = 10_000
"""Most lists and mappings in one text. libyaml crashes at ten thousand nested levels; a policy has a few hundred."""


class _Loader(_Base):  # type: ignore[misc]  # the C loader, if libyaml is installed
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's way of dropping the YAML 1.1 types)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9]\d{0,17})$"), _DIGITS)
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9]\d{0,17})\.\d+$"), _DIGITS)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])


@dataclass(frozen=True)
class Draft:
    """The result of reading a text: a policy, or the reasons why there is none."""

    policy: Policy | None
    findings: tuple[Finding, ...] = ()
    marks: Mapping[Path, TextPosition] = field(default_factory=dict)

    def place(self, path: Path) -> TextPosition:
        """Return the position of `path`, or of its nearest parent that has one."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (1, 1))


def parse_policy(text: str) -> Draft:
    marks: dict[Path, TextPosition] = {}
    try:
        content = _compose(text, marks)
        policy = Policy.model_validate(content)
    except _Refused as refused:
        return Draft(None, (refused.finding,), marks | {refused.finding.path: refused.mark})
    except ValidationError as error:
        return Draft(None, tuple(_misfit(one) for one in error.errors()), marks)
    return Draft(policy, (), marks)


class _Refused(Exception):
    """The text has no content that can be read further."""

    def __init__(self, finding: Finding, mark: TextPosition) -> None:
        super().__init__(finding, mark)
        self.finding, self.mark = finding, mark


def _compose(text: str, marks: dict[Path, TextPosition]) -> Any:
    """Return plain data, and add the position of each part to `marks`."""
    if sum(map(text.count, "[{-")) > MOST_NODES:
        raise _Refused(error_finding("policy.yaml_broken", why="too deep"), (1, 1))
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise _Refused(error_finding("policy.no_mapping"), (1, 1))
        return _Plain(loader, marks).data(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = ", ".join(filter(None, (error.context, error.problem)))
        raise _Refused(error_finding("policy.yaml_broken", why=why), _mark(mark) if mark else (1, 1)) from error
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode(errors="replace").split("\n")
        raise _Refused(
            error_finding("policy.yaml_broken", why=error.reason), (len(before), len(before[-1]) + 1)
        ) from error
    except RecursionError as error:
        raise _Refused(error_finding("policy.yaml_broken", why="too deep"), (1, 1)) from error
    finally:
        loader.dispose()


@dataclass
class _Plain:
    """Converts nodes to plain data and stores the position of each."""

    loader: Any
    marks: dict[Path, TextPosition]
    seen: set[int] = field(default_factory=set)

    def data(self, node: yaml.Node, path: Path) -> Any:
        self.marks[path] = mark = _mark(node.start_mark)
        if id(node) in self.seen:
            raise _Refused(error_finding("policy.yaml_alias", *path), mark)
        self.seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.data(child, (*path, index)) for index, child in enumerate(node.value)]
        return self.mapping(node, path) if isinstance(node, yaml.MappingNode) else self.scalar(node, mark)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in content:
                raise _Refused(error_finding("policy.key_twice", *path, name, key=name), _mark(key.start_mark))
            content[name] = self.data(value, (*path, name))
        return content

    def scalar(self, node: yaml.Node, mark: TextPosition) -> Any:
        try:
            return self.loader.construct_object(node)
        except (ValueError, LookupError, AttributeError) as error:  # a tag that does not fit, such as !!int x
            raise _Refused(error_finding("policy.yaml_broken", why=node.tag), mark) from error


def _mark(mark: Any) -> TextPosition:
    return mark.line + 1, mark.column + 1


_OF_FORMS = {"model_type": "model_attributes_type", "dict_type": "model_attributes_type", "float_parsing": "float_type"}
"""Maps Pydantic's error types for data to those for forms, for which messages exist."""


def _misfit(error: Any) -> Finding:
    """Return one invalid field, with our code or Pydantic's behind `field.`, as in `common/http/problem.py`."""
    params, kind = error.get("ctx", {}), error["type"]
    code = str(params.get("error")) if kind == "value_error" else f"field.{_OF_FORMS.get(kind, kind)}"
    return Finding("error", code, tuple(error["loc"]), {**params, "message": error["msg"]})
