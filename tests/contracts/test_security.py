"""SECURITY.md names a control and tests for each of OWASP's ten risks, and each of these tests exists."""

import ast
import re
from pathlib import Path

import pytest
from contracts.markdown import rows

ROOT = Path(__file__).parents[2]
HEADING = "OWASP API Security Top 10 (2023)"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def missing(cell: str, root: Path = ROOT) -> list[str]:
    """Give the tests that a cell names and nobody wrote; a cell without any is missing all."""
    named = _TEST.findall(cell)
    return (
        [f"{file}::{test}" for file, test in named if test not in functions_in(root / file)] if named else ["any test"]
    )


def functions_in(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    body = ast.parse(file.read_text("utf-8")).body
    return {one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_of_the_ten_risks_has_a_control_and_tests_that_exist():
    found = rows(ROOT / "SECURITY.md", HEADING)
    assert [row[0].split()[0] for row in found] == [f"API{number}" for number in range(1, 11)]
    assert all(control.strip() for _, control, _ in found)
    assert {row[0]: missing(row[2]) for row in found if missing(row[2])} == {}


@pytest.mark.parametrize(
    ("cell", "gone"),
    [
        ("", ["any test"]),
        ("`tests/contracts/test_security.py::test_each_of_the_ten_risks_has_a_control_and_tests_that_exist`", []),
        ("`tests/contracts/test_security.py::test_gone`", ["tests/contracts/test_security.py::test_gone"]),
        ("`tests/no/such.py::test_x`", ["tests/no/such.py::test_x"]),
    ],
)
def test_a_test_that_was_renamed_is_noticed(cell, gone):
    assert missing(cell) == gone
