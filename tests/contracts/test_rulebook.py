"""The rulebook has every id that is cited, a test for every rule that works, and only places that exist."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contracts import rulebook
from contracts.catalogue import catalogue, services
from contracts.rulebook import PAGE, flaws, rules

from aftersales.common.http.app import build_app

PLACE = re.compile(r"`(?:(GET|POST|PUT|PATCH|DELETE) (/[^`]*)|(\w+\.\w+\.v\d+))`")
SERVICE = re.compile(r"\s*(every service|intake|dispatch|inventory|feedback)\b")
SMALL = """# Rules

### ALL-1

**First.** It works.

- Source: S1
- Lives in: every service
- Status: done

### INT-1

**Second.** It works
as far as that goes.

- Source: S1
- Lives in: intake
- Status: in part
- Missing: a
  bit

### FBK-1

**Third.** Some day.

- Source: design
- Lives in: feedback (planned)
- Status: open
- Missing: all of it
"""


@pytest.fixture
def small(tmp_path: Path) -> Callable[[str], list[str]]:
    """What is wrong with a checkout that has this rulebook; one test cites two of the rules."""
    for folder in ("docs", "tests", "libs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "tests" / "test_x.py").write_text('def test_int_1_works():\n    """ALL-1."""\n')
    (tmp_path / "libs" / "x.py").write_text('"""FBK-1."""\n')

    def check(page: str) -> list[str]:
        (tmp_path / PAGE).write_text(page)
        return list(flaws(tmp_path))

    return check


def test_the_rulebook_is_complete_and_who_cites_it_cites_what_there_is(root: Path) -> None:
    assert list(flaws(root)) == []


ROUTES = {
    (service.name, f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}")
    for service in services()
    for path, methods in build_app(service).openapi()["paths"].items()
    for method in methods
}
EVENTS = {contract.type for contract in catalogue(services())}


def places(lives_in: str) -> Iterator[tuple[str, str]]:
    """Each route or event, with the service that was named before it."""
    service = ""
    for part in lives_in.split("; "):
        found = SERVICE.match(part)
        service = found[1] if found else service
        for method, path, event in PLACE.findall(part):
            yield service, event or f"{method} {re.sub(r'{[^}]*}', '{}', path)}"


def gone(lives_in: str) -> list[str]:
    """The places that do not exist."""
    everywhere = set.intersection(*({call for of, call in ROUTES if of == name} for name, _ in ROUTES))
    there = ROUTES | {("every service", call) for call in everywhere}
    return [what for service, what in places(lives_in) if what not in EVENTS and (service, what) not in there]


def test_the_routes_and_events_that_a_rule_names_exist_in_that_service(root: Path) -> None:
    named = {rule.id: rule.items["Lives in"] for rule in rules(root)}

    assert sum(len(list(places(lives_in))) for lives_in in named.values()) > 100
    assert {id: lost for id, lives_in in named.items() if (lost := gone(lives_in))} == {}


def test_a_place_that_does_not_exist_is_found() -> None:
    lost = gone(
        "intake, x: `GET /recalls/{x}`, `GET /x`; `intake.x.v1`; dispatch: `GET /recalls`; every service: `GET /y`"
    )

    assert lost == ["GET /x", "intake.x.v1", "GET /recalls", "GET /y"]


def test_a_rulebook_without_flaws_has_none(small: Callable[[str], list[str]]) -> None:
    assert small(SMALL) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("### FBK-1", "### FBK-2", "the rules are not numbered one after another, from FBK-2 on"),
        ("### FBK-1", "### XYZ-1", "the rules are not numbered one after another, from XYZ-1 on"),
        ("### INT-1", "### ALL-1", "the rules are not numbered one after another, from ALL-1 on"),
        ("Status: open", "Status: soon", "FBK-1: the status is 'soon', not one of done, in part, open"),
        ("- Missing: a\n  bit\n", "", "INT-1 is in part: say what is missing"),
        ("Status: done", "Status: done\n- Missing: all", "ALL-1 is done: nothing is missing"),
        ("- Source: S1\n", "", "ALL-1 has no Source"),
        ("**First.**", "First.", "ALL-1 has no title"),
        ("Status: open", "Status: in part", "no test cites FBK-1, which is in part"),
    ],
)
def test_a_flaw_is_found(small: Callable[[str], list[str]], before: str, after: str, said: str) -> None:
    assert said in small(SMALL.replace(before, after, 1))


@pytest.mark.parametrize("file", ["tests/test_y.py", "docs/y.md", "libs/y.yaml", "README.md"])
def test_an_id_that_the_rulebook_lacks_is_found_wherever_it_is_cited(
    small: Callable[[str], list[str]], tmp_path: Path, file: str
) -> None:
    (tmp_path / file).write_text(f"INT-{77}, ALL-1")
    assert small(SMALL) == [f"{file} cites INT-{77}, which the rulebook does not have"]


def test_each_rule_is_listed_with_what_is_missing_and_the_open_ones_are_named(
    small: Callable[[str], list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small(SMALL)
    assert rulebook.main([], tmp_path) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[:3] == ["ALL-1   done     First", "INT-1   in part  Second", f"{'':17}Missing: a bit"]
    assert listed[-1] == "3 rules: 1 done, 1 in part, 1 open"
    assert rulebook.main(["--check"], tmp_path) == 0
    assert capsys.readouterr().out == f"1 open rules ({PAGE}): FBK-1\n"
    small(SMALL.replace("Status: open", "Status: soon"))
    assert rulebook.main(["--check"], tmp_path) == 1
    assert "FBK-1: the status is 'soon'" in capsys.readouterr().err
