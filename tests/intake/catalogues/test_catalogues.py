"""Catalogues of product lines, faults, causes and reasons (ALL-1, INT-6, INT-7, INT-9)."""
# ruff: noqa: RUF001 (full width is meant)

from typing import Any

import pytest

from aftersales.common.terms import CatalogueEntry, EntryForm, Terms
from aftersales.intake.catalogues.domain import (
    Catalogue,
    CatalogueForm,
    Glossary,
    require_cause,
    require_code,
    save_entries,
    save_entry,
)
from aftersales.intake.catalogues.store import packaged_catalogues
from aftersales.intake.classification.store import packaged_rules
from aftersales.policy.model.cover import CAUSES
from aftersales.policy.model.figures import LOCALES
from aftersales.policy.presets import load_presets
from aftersales.values.errors import Malformed

PACKAGED = {one.id: one for one in packaged_catalogues() if isinstance(one, Catalogue)}
GLOSSARY = Glossary(**{name: Terms(one.entries) for name, one in PACKAGED.items()})


def _entry(code: str, en: str = "", **more: Any) -> CatalogueEntry:
    return CatalogueEntry.model_validate({"code": code, "names": {"en": en or code}} | more)


def _save(*entries: CatalogueEntry) -> Catalogue:
    return save_entries(Catalogue(id="faults"), CatalogueForm(entries=entries))


@pytest.mark.parametrize(
    "word",
    [
        "refrigerator",
        "Refrigerator",
        "REFRIGERATOR",
        "ＲＥＦＲＩＧＥＲＡＴＯＲ",
        " fridge ",
        "冰箱",
        "电冰箱",
        "電冰箱",
        "雪櫃",
    ],
)
def test_a_line_is_matched_in_any_word_case_and_width(word):
    """ALL-1: `Refrigerator` and 冰箱 fell silently to another policy, with another bill."""
    assert GLOSSARY.match_line(word.strip()).code == "refrigerator"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("washer", "washing-machine"),
        ("washing_machine", "washing-machine"),
        ("Washing Machine", "washing-machine"),
        ("aircon", "air-conditioner"),
        ("ebike", "e-bike"),
        ("电瓶车", "e-bike"),
        ("电梯", "lift"),
        ("X光机", "x-ray"),
        ("Plumbing", "water-supply"),
    ],
)
def test_words_of_the_shop_mean_the_line_of_a_preset(word, code):
    """ALL-1."""
    assert GLOSSARY.match_line(word).code == code


@pytest.mark.parametrize(
    "word", ["no-cooling", "not_cooling", "NO-COOLING", "Not cooling", "不制冷", "不製冷", "制冷差"]
)
def test_one_fault_has_one_code_however_it_is_written(word):
    """INT-9: `no-cooling` and `not_cooling` were two faults, and the repeat was missed."""
    assert GLOSSARY.match_fault(word, "refrigerator").code == "no-cooling"


def test_a_word_means_the_fault_that_the_line_has():
    faults = Terms(
        (
            _entry("arcing", synonyms=("打火",), lines=("x-ray",)),
            _entry("spark", synonyms=("打火",), lines=("tractor",)),
        )
    )
    assert (faults.match("打火", "x-ray"), faults.match("打火", "tractor"), faults.match("打火")) == (
        "arcing",
        "spark",
        None,
    )


@pytest.mark.parametrize(
    ("word", "code", "suggestion"),
    [
        ("refrigerater", "refrigerater", "refrigerator"),
        ("海尔冰箱", None, "refrigerator"),
        ("洗衣機器", None, "washing-machine"),
    ],
)
def test_an_unknown_word_is_kept_and_marked_with_a_suggestion(word, code, suggestion):
    """ALL-1: never a silent default."""
    matched = GLOSSARY.match_line(word)
    assert matched.unclear
    assert (matched.code, matched.unclear.word, matched.unclear.suggestions[0]) == (code, word, suggestion)


def test_a_line_that_a_policy_names_is_known():
    assert GLOSSARY.match_line("robot", {"robot"}).unclear is None
    assert GLOSSARY.match_line("robot").unclear is not None


def test_a_replaced_code_means_the_other_one():
    terms = Terms((_entry("fridge-old", "Cooler", replaced_by="fridge"), _entry("fridge", "Fridge")))
    assert (terms.match("cooler"), terms.match("FRIDGE OLD"), terms.suggest("coolers")) == (
        "fridge",
        "fridge",
        ("fridge",),
    )


def test_a_case_of_a_fault_is_the_same_fault_but_its_sister_is_not():
    """INT-9: water that leaks again is the leak that was repaired."""
    faults = GLOSSARY.faults
    assert {"leak", "burst-pipe", "water-leak"} <= faults.same_as("water-leak")
    assert "oil-leak" not in faults.same_as("water-leak")
    assert "burst-pipe" in faults.same_as("leak")


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ((_entry("a"), _entry("a", "b")), "catalogue.code_twice"),
        ((_entry("a", synonyms=("C-1",)), _entry("b", synonyms=("c 1",))), "catalogue.word_twice"),
        ((_entry("a", lines=("x",), synonyms=("c",)), _entry("b", synonyms=("c",))), "catalogue.word_twice"),
        ((_entry("a", under="z"),), "catalogue.code_unknown"),
        ((_entry("a", replaced_by="b"), _entry("b", replaced_by="a")), "catalogue.circle"),
        ((_entry("a", under="a"),), "catalogue.circle"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(entries, code):
    with pytest.raises(Malformed) as refused:
        _save(*entries)
    assert refused.value.code == code


def test_an_entry_is_added_or_replaced_by_its_code():
    known = _save(_entry("a"), _entry("b"))
    changed = save_entry(known, "a", EntryForm(names={"en": "a"}, synonyms=("甲",)))
    assert [one.code for one in changed.entries] == ["a", "b"]
    assert Terms(changed.entries).match("甲") == "a"
    assert changed.digest != known.digest == _save(_entry("a"), _entry("b")).digest


@pytest.mark.parametrize(
    ("word", "cause"), [("使用不当", "misuse"), ("Factory defect", "manufacturing"), ("人为损坏", "man_made")]
)
def test_a_cause_is_stated_in_words(word, cause):
    """INT-6."""
    assert require_cause(GLOSSARY.causes, word) == cause


def test_a_case_of_a_cause_decides_like_the_cause():
    """INT-6: headquarters adds causes of its own below those that decide who pays."""
    causes = Terms((*PACKAGED["causes"].entries, _entry("lightning", under="man_made"), _entry("ghosts")))
    assert require_cause(causes, "Lightning") == "man_made"
    with pytest.raises(Malformed) as refused:
        require_cause(causes, "ghosts")
    assert refused.value.code == "catalogue.cause_undecided"


def test_an_unknown_reason_is_refused_with_the_known_ones():
    """INT-7: 下班 was refused by a pattern, and no list said what is allowed."""
    assert require_code(GLOSSARY.reasons, "reasons", "下班") == "off_duty"
    with pytest.raises(Malformed) as refused:
        require_code(GLOSSARY.reasons, "reasons", "qqq")
    assert "leave" in refused.value.params["suggestions"]


def test_the_packaged_catalogues_name_what_the_presets_and_the_classification_name():
    """ALL-1, INT-4, INT-6: a preset's line without an entry would be unclear in the same installation."""
    lines = {line for policy in load_presets() for line in policy.scope.lines}
    assert lines <= GLOSSARY.lines.entries.keys()
    assert {rule.fault for rule in packaged_rules().book.rules if rule.fault} <= GLOSSARY.faults.entries.keys()
    assert set(CAUSES) == set(GLOSSARY.causes.entries)
    named = {line for entry in PACKAGED["faults"].entries for line in entry.lines}
    assert named <= GLOSSARY.lines.entries.keys()


def test_every_packaged_entry_has_a_name_in_each_language():
    missing = [entry.code for one in PACKAGED.values() for entry in one.entries if set(entry.names) != set(LOCALES)]
    assert missing == []
