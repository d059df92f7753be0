"""Words and their codes, as every service matches them (ALL-1)."""

from typing import Any

from aftersales.common.terms import CatalogueEntry, Terms, match_all, match_line


def entry(code: str, **more: Any) -> CatalogueEntry:
    return CatalogueEntry.model_validate({"code": code, "names": {"en": code}} | more)


def test_a_line_that_replaces_others_knows_them_all() -> None:
    lines = Terms([entry("a", replaced_by="b"), entry("b", replaced_by="c"), entry("c"), entry("d")])
    assert (lines.match("A"), sorted(lines.replaced("c")), list(lines.replaced("b"))) == ("c", ["a", "b"], [])


def test_a_copy_that_is_being_filled_may_lack_entries_or_lead_in_a_circle() -> None:
    lines = Terms([entry("a", replaced_by="missing"), entry("x", replaced_by="y"), entry("y", replaced_by="x")])
    assert (lines.match("a"), lines.match("x")) == ("missing", "y")
    assert list(Terms([entry("x", under="y"), entry("y", under="x")]).general("x")) == ["y"]


def test_an_unclear_word_stays_as_it_was_written_beside_the_codes() -> None:
    lines = Terms([entry("refrigerator", synonyms=("冰箱",))])
    codes, unclear = match_all(("冰箱", "Refrigerator", "海尔冰箱"), lambda word: match_line(lines, word))
    assert codes == ("refrigerator", "海尔冰箱")
    assert [(one.word, one.suggestions) for one in unclear] == [("海尔冰箱", ("refrigerator",))]
