"""`make mutants` on a small tree: what it finds, what it leaves alone, and what stays when it is interrupted."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code
from mutants import run as program
from mutants.closest import area, closest
from mutants.operators import OWN
from mutants.places import Mutant, places, sample, sources
from mutants.trying import changed_files

RULE = """\
# 长: characters of several bytes before an annotation
def fee(hours: "int | None", 长: int = 0) -> "int | str":
    if hours is None or hours < 0:
        raise ValueError
    return hours * 5
"""
TEST = """\
import pytest
from aftersales.one.domain.rule import fee


def test_an_hour_costs_five() -> None:
    assert fee(2) == 10
    with pytest.raises(ValueError):
        fee(None)
"""
FILE = "services/one/src/aftersales/one/domain/rule.py"
HUNG = "import pathlib, time\ndef test_for_ever():\n    pathlib.Path('begun').touch()\n    time.sleep(600)\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each run of these takes a moment
    for name, text in {FILE: RULE, "tests/one/test_rule.py": TEST}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--import-mode=importlib'\n")
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    return tmp_path


def given(*said: str) -> argparse.Namespace:
    return program.arguments(said)


@pytest.mark.parametrize(
    ("operator", "example"), [(operator, example) for operator in OWN for example in operator.examples()], ids=str
)
def test_our_operators_do_what_their_examples_say(operator, example):
    assert mutate_code(example.pre_mutation_code, operator(), example.occurrence) == example.post_mutation_code


def test_everything_but_annotations_is_changed_and_each_change_is_python():
    found = places(FILE, RULE)
    assert {place.kind for place in found} >= {"DropCondition", "DropStatement", "ReturnNone", "NumberReplacer"}
    assert {place.start[0] for place in found} == {2, 3, 4, 5}
    assert {place.start for place in found if place.start[0] == 2} == {(2, 38)}, "the default alone"
    mutants = list(sample([(FILE, RULE)], None, 1))
    assert len(mutants) == len(found)
    assert all(mutant.after != RULE for mutant in mutants)


def test_the_same_seed_gives_the_same_sample_and_another_one_another():
    drawn = [[*sample([(FILE, RULE)], 4, seed)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(one) for one in drawn] == [4, 4, 4]


def test_what_no_test_notices_is_told_with_its_diff_and_the_tree_stays_as_it_was(root, capsys):
    assert program.run(root, given("services/one")) == 0
    printed = capsys.readouterr().out
    assert "+    if hours is None or False:" in printed, "a negative number is not tested"
    assert "+    return None" not in printed
    row = next(line for line in printed.splitlines() if line.startswith("| one/domain"))
    tried, killed, unnoticeable, survived = (int(cell) for cell in row.split("|")[2:6])
    assert (tried, unnoticeable) == (killed + survived, 0)
    assert killed > survived > 0
    assert (root / FILE).read_text() == RULE
    assert not list(root.rglob("__pycache__"))


def test_what_no_user_can_notice_is_counted_apart(root, capsys):
    known = root / program.UNNOTICEABLE
    known.parent.mkdir()
    was = "if hours is None or hours < 0:"
    known.write_text(f"- {{file: {FILE}, was: '{was}', now: 'if hours is None or False:', why: 'no such hours'}}\n")
    program.run(root, given("services/one"))
    printed = capsys.readouterr().out
    assert "+    if hours is None or False:" not in printed
    assert next(line for line in printed.splitlines() if line.startswith("| one/domain")).split("|")[4].strip() == "1"


def test_tests_that_fail_without_a_change_are_no_measure(root):
    (root / "tests/one/test_rule.py").write_text("def test_nothing():\n    assert False\n")
    with pytest.raises(SystemExit, match="they fail"):
        program.run(root, given("services/one"))
    with pytest.raises(SystemExit, match="no tests"):
        program.run(root, given("services/one", "--tests", "tests/two"))


def test_files_that_the_branch_changed_are_taken_committed_or_not(root):
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)

    package = Path("services/one/src/aftersales/one")
    (root / package / "other.py").write_text("A = 1\n")
    git("add", "-A")
    git("commit", "-m", "x")
    git("checkout", "-b", "mine")
    (root / FILE).write_text(RULE + "\n\nLIMIT = 3\n")
    git("commit", "-a", "-m", "y")
    (root / package / "fresh.py").write_text("B = 1\n")
    (root / "tests/one/test_rule.py").write_text("")
    taken = [file for file, _ in sources(root, changed_files(root, "main"))]
    assert taken == [FILE, f"{package}/fresh.py"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_wrong_file_and_no_copy(root, tmp_path_factory, ending):
    """The program hears SIGINT though the tests may not: a shell has what it starts in the background ignore that."""
    (root / "tests/one/test_zzz.py").write_text(HUNG)
    copies = tmp_path_factory.mktemp("copies")
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from mutants import run; "
    code += f"sys.exit(run.main(run.Path({str(root)!r}), ['services/one']))"
    environment = os.environ | {"TMPDIR": str(copies), "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while process.poll() is None and not list(copies.glob("*/begun")):
                assert time.monotonic() < deadline
            process.send_signal(ending)
            printed, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, "interrupted after 0" in printed) == (130, True)
    assert (root / FILE).read_text() == RULE
    assert not list(copies.iterdir())


def test_the_closest_tests_come_first_and_areas_are_two_folders_deep():
    few, rest = closest(program.ROOT, "services/intake/src/aftersales/intake/agreements/domain/contract.py")
    assert few[0] == "tests/intake/agreements/test_contract.py"
    assert all(name.startswith("tests/intake/") for name in (*few, *rest))
    assert area("services/intake/src/aftersales/intake/recalls/domain/recall.py") == "intake/recalls"
    assert area("libs/policy/src/aftersales/policy/lint/__init__.py") == "policy/lint"
    assert area("libs/common/src/aftersales/common/relay.py") == "common"


def test_the_list_of_what_nobody_can_notice_is_of_lines_that_are_there():
    for file, was, _ in program.unnoticeable(program.ROOT):
        lines = [line.strip() for line in (program.ROOT / file).read_text().splitlines()]
        assert [line for line in was.splitlines() if line not in lines] == []


def test_a_change_of_several_lines_is_known_by_all_of_them():
    mutant = Mutant("x.py", 1, "X", "a\nif b:\n    c\n", "a\nif not b:\n    d\n")
    assert mutant.change == ("if b:\nc", "if not b:\nd")
