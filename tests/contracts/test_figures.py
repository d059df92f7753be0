"""`docs/figures.md` says the truth: what is acted on is read by code, and what waits is read by none (ALL-1)."""

import re
from pathlib import Path

import pytest
from contracts.figures import FIGURES, Acted, Waits, figures_page, find_use, list_figures

from aftersales.policy.presets import load_presets

ROOT = Path(__file__).parents[2]
PLACES = ("services", "libs/common/src", "libs/policy/src/aftersales/policy/sla")
SOURCES = {
    path: path.read_text("utf-8")
    for place in PLACES
    for path in (ROOT / place).rglob("*.py")
    if "tests" not in path.parts
}
POLICIES = {policy.name: policy for policy in load_presets()}


@pytest.mark.parametrize("figure", [name for name, use in FIGURES.items() if isinstance(use, Acted)])
def test_all_1_a_figure_that_is_acted_on_is_read_where_the_page_says(figure: str) -> None:
    use = FIGURES[figure]
    assert isinstance(use, Acted)
    assert use.words in (ROOT / use.file).read_text("utf-8")
    assert "def test_" in (ROOT / use.test).read_text("utf-8")


@pytest.mark.parametrize("figure", [name for name, use in FIGURES.items() if isinstance(use, Waits)])
def test_all_1_a_figure_that_waits_is_read_by_no_code(figure: str) -> None:
    use = FIGURES[figure]
    assert isinstance(use, Waits)
    assert [str(path) for path, text in SOURCES.items() if re.search(use.words, text)] == []


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_all_1_each_figure_of_a_preset_is_acted_on_or_marked(name: str) -> None:
    figures = list(list_figures(name))
    assert len(figures) > 50
    for figure in figures:
        find_use(POLICIES[name], figure.path)


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_int_each_intake_figure_that_names_only_rules_of_intake_is_acted_on(name: str) -> None:
    """Except the training of a contract, and shares and approvals that other services count and ask for."""
    waiting = {
        figure.place
        for figure in list_figures(name)
        if all(rule.startswith("INT-") for rule in figure.rules)
        if isinstance(find_use(POLICIES[name], figure.path), Waits)
    }
    assert {place.split(".")[0] for place in waiting} <= {"kpis", "approvals", "stages"}
    assert {place for place in waiting if place.startswith("stages")} <= {"stages.training.agreed_in"}


def test_a_figure_that_no_row_covers_is_noticed() -> None:
    with pytest.raises(LookupError, match="weather"):
        find_use(POLICIES["property"], ("weather", "rain"))


def test_all_1_a_later_call_and_a_stage_that_nobody_starts_are_marked() -> None:
    bike = POLICIES["e-bike"]
    assert isinstance(find_use(bike, ("callbacks", "calls", 0)), Acted)
    assert isinstance(find_use(bike, ("callbacks", "calls", 1)), Waits)
    assert isinstance(find_use(bike, ("stages", "workshop", "agreed_in")), Acted)
    assert isinstance(find_use(POLICIES["building-materials"], ("stages", "fine", "target")), Waits)
    assert "waits for dispatch" in figures_page()
