"""What a contact is about, suggested from its words (INT-4)."""

# ruff: noqa: RUF001 (customers write Chinese punctuation)

import time
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales.intake.classification.domain import Classifier, Described, Rule, RuleBook, Suggestion
from aftersales.intake.classification.store import packaged_rules
from aftersales.testing.system import RunningService

PACKAGED = Classifier(packaged_rules().but(version=1))


def suggest(text: str, **more: Any) -> Suggestion:
    return PACKAGED.suggest(Described(text=text, **more))


def by(*rules: dict[str, Any], **book: Any) -> Classifier:
    return Classifier(packaged_rules().but(book=RuleBook.model_validate({"rules": rules, **book})))


def rule(id: str, *words: str, lang: str = "en", **more: Any) -> dict[str, Any]:
    return {"id": id, "words": {lang: words}, **more}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("冰箱坏了，请上门维修", "repair"),
        ("電動車壞了，要報修", "repair"),
        ("The washing machine is broken.", "repair"),
        ("新买的空调什么时候上门安装？", "installation"),
        ("新冷氣還沒裝", "installation"),
        ("Please install the dishwasher.", "installation"),
        ("设备到了，请派人调试验收", "commissioning"),
        ("The scanner needs calibrating after delivery", "commissioning"),
        ("车子该做走合保养了", "maintenance"),
        ("淨水器濾芯到期，要換濾芯", "maintenance"),
        ("It is time for the annual service.", "maintenance"),
        ("希望派人来培训新员工", "training"),
        ("When is the next training course?", "training"),
        ("请问保修期多久", "consultation"),
        ("請問這台保固期多久？", "consultation"),
        ("How much is a new remote?", "consultation"),
        ("七天无理由退货，尽快退款", "return"),
        ("I want my money back", "return"),
        ("发错货了，帮我换货", "exchange"),
        ("寄錯了，請換一台", "exchange"),
        ("You sent the wrong item.", "exchange"),
        ("漏水泡坏了地板，要求赔偿", "compensation"),
        ("I ask for compensation", "compensation"),
        ("我要投诉，师傅态度恶劣", "complaint"),
        ("師傅態度惡劣，我要客訴", "complaint"),
        ("Your technician was rude, this is unacceptable", "complaint"),
        ("收到召回通知", "recall"),
        ("Is my bike part of the recall?", "recall"),
        ("怎么升级固件", "upgrade"),
        ("a firmware upgrade", "upgrade"),
        ("你好", None),
        ("", None),
    ],
)
def test_each_kind_is_known_by_its_words_in_three_languages(text: str, kind: str | None) -> None:
    """INT-4."""
    assert suggest(text).kind == kind


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("压缩机有异响", "technical"),
        ("壓縮機有異音", "technical"),
        ("It leaks.", "technical"),
        ("刚收到就有划痕", "quality"),
        ("剛收到就有刮痕", "quality"),
        ("arrived damaged, poor quality", "quality"),
        ("不会用，看不懂说明书", "usage"),
        ("怎麼設定定時？", "usage"),
        ("How do I set the timer?", "usage"),
        ("请上门安装", None),
    ],
)
def test_the_problem_is_technical_of_quality_or_of_usage(text: str, problem: str | None) -> None:
    """INT-4."""
    assert suggest(text).problem_class == problem


@pytest.mark.parametrize(
    "text",
    [
        *("插座冒烟了", "空调起火", "洗衣机漏电，摸着麻手", "厨房有煤气味", "电池鼓包了", "孩子被烫伤了"),
        *("插座冒煙了", "洗衣機漏電", "廚房有瓦斯味", "電池自燃", "煞車失靈"),
        *("There is smoke!", "I got an electric shock", "smells of gas", "SPARKS from the plug", "ｓｍｏｋｅ"),
    ],
)
def test_danger_is_pressing_whatever_else_is_said(text: str) -> None:
    """INT-5."""
    found = suggest(f"{text}，不急，请问保修期多久")
    assert (found.safety, found.urgency) == (True, 3)


@pytest.mark.parametrize(
    "text",
    [
        *("不漏水", "没有漏水", "没有再漏水", "未发现漏水", "沒有漏水", "不會漏水", "空调不 漏水"),
        *("It is not leaking", "no leaks", "It doesn't leak", "it doesn’t leak", "without any leak", "never leaked"),
        *("bleak", "oleaker"),
    ],
)
def test_what_is_denied_just_before_does_not_count(text: str) -> None:
    assert suggest(text).fault != "leak"


@pytest.mark.parametrize(
    "text",
    [
        *("漏水", "又漏水", "不知道为什么漏水", "以前不漏水，现在漏水", "不，漏水！"),
        *("leaks", "I do not know: it leaks", "The boiler in Reno leaks", "My piano leaks"),  # "no" ends a longer word
    ],
)
def test_a_denial_of_something_else_or_elsewhere_denies_nothing(text: str) -> None:
    assert suggest(text).fault == "leak"


def test_a_suggestion_says_which_words_of_which_rules_led_to_it() -> None:
    found = suggest("冰箱不制冷，还有异响。")
    assert [(one.rule, one.word) for one in found.because] == [("not-cooling", "不制冷"), ("noise", "异响")]
    assert (found.kind, found.problem_class, found.fault) == ("repair", "technical", "no-cooling")
    assert (found.urgency, found.safety, found.rules_version) == (None, False, 1)


def test_weights_add_up_and_the_caller_or_the_earlier_rule_decides_between_equals() -> None:
    rules = (
        rule("a", "one", kind="repair", weight=2),
        rule("b", "two", kind="return", weight=1),
        rule("c", "three", kind="return", weight=1),
    )
    classifier = by(*rules)
    assert classifier.suggest(Described(text="one two")).kind == "repair"
    assert classifier.suggest(Described(text="one two three")).kind == "repair"
    assert classifier.suggest(Described(text="one two three", kind="return")).kind == "return"
    assert classifier.suggest(Described(text="one", kind="return")).kind == "repair"
    assert classifier.suggest(Described(text="four", kind="return")).kind == "return"
    assert by(*reversed(rules)).suggest(Described(text="one two three")).kind == "return"


def test_a_rule_counts_once_however_often_its_words_are_said() -> None:
    classifier = by(rule("a", "one", "uno", kind="repair"), rule("b", "two", kind="return", weight=2))
    assert classifier.suggest(Described(text="one one uno two")).kind == "return"


def test_a_rules_own_denials_count_for_it_alone() -> None:
    classifier = by(
        rule("a", "漏水", lang="zh-Hans", kind="repair", unless={"zh-Hans": ["防"]}),
        rule("b", "漏水", lang="zh-Hans", kind="consultation"),
    )
    assert [one.rule for one in classifier.suggest(Described(text="防漏水")).because] == ["b"]


def test_a_word_of_letters_is_whole_unless_it_ends_in_a_star() -> None:
    classifier = by(rule("a", "gas", kind="repair"), rule("b", "leak*", kind="return"))
    hits = {
        text: [one.rule for one in classifier.suggest(Described(text=text)).because]
        for text in ("gas", "GAS!", "gasket", "Vegas", "leaking", "bleak", "天gas然", "a gas leak")
    }
    assert hits == {
        "gas": ["a"],
        "GAS!": ["a"],
        "gasket": [],
        "Vegas": [],
        "leaking": ["b"],
        "bleak": [],
        "天gas然": ["a"],
        "a gas leak": ["a", "b"],
    }


def test_a_language_narrows_the_words_that_are_looked_for() -> None:
    assert suggest("冒烟", lang="zh-Hans").safety
    assert not suggest("冒烟", lang="en").safety
    assert suggest("冒煙", lang="zh-Hant").safety
    assert suggest("冒煙 and 冒烟").because == suggest("冒煙 and 冒烟", lang="zh-Hans").because


def test_every_packaged_rule_can_hold_in_every_language() -> None:
    """Each of its words, alone, leads to its rule; so none is hidden behind a denial."""
    for each in packaged_rules().book.rules:
        for lang in ("zh-Hans", "zh-Hant", "en"):
            assert each.words.of(lang), (each.id, lang)
            for word in each.words.of(lang):
                said = f"x {word.strip('*')} x" if lang == "en" else word
                assert each.id in {one.rule for one in suggest(said, lang=lang).because}, (each.id, word)


def test_it_is_quick_enough_for_every_keystroke_and_for_the_longest_text() -> None:
    """Goals: 1 ms for 1 000 characters, 50 ms for 50 000; the test allows four times that, for a busy machine."""
    story = "客户说家里的冰箱从上周开始就出现一些情况，师傅来看过一次但是还是老样子。 It behaves in a strange way. "
    for text, most in (
        ((story * 20)[:1000], 4),
        ((story * 1000)[:50_000], 200),
        (("不漏水没有漏水" * 8000)[:50_000], 400),
    ):
        described = Described(text=text)
        times = []
        for _ in range(5):
            began = time.process_time()
            PACKAGED.suggest(described)
            times.append((time.process_time() - began) * 1000)
        assert min(times) < most, len(text)


@pytest.mark.parametrize(
    ("book", "code"),
    [
        ({"rules": [rule("a", "x"), rule("a", "y")]}, "classification.rule_twice"),
        ({"rules": [rule("a", " ")]}, "classification.word_empty"),
        ({"rules": [rule("a", "*")]}, "classification.word_empty"),
        ({"rules": [rule("a", "x" * 61)]}, "at most 60"),
        ({"rules": [rule("a", "x", weight=0)]}, "greater than or equal to 1"),
        ({"rules": [rule("a", "x", lang="fr")]}, "Extra inputs"),
        ({"rules": [rule("a", "x", kind="dance")]}, "repair"),
    ],
)
def test_rules_that_cannot_work_are_refused(book: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError, match=code):
        RuleBook.model_validate(book)
    assert Rule.model_validate(rule("a", " Ｘ  y ")).words.en == ("x y",)


async def test_a_manager_changes_the_rules_and_the_next_suggestion_goes_by_them(intake: RunningService) -> None:
    """INT-4."""
    ask = {"text": "Mein Kühlschrank brummt"}
    before = (await intake.http.post("/classification/suggest", json=ask)).json()
    assert (before["kind"], before["rules_version"]) == (None, 1)
    shown = await intake.http.get("/classification/rules")
    book = shown.json()["book"]
    assert book["rules"][0]["words"]["zh-Hans"]
    book["rules"].append(rule("brummen", "brummt", kind="repair"))
    stale = {"If-Match": '"7"'}
    assert (await intake.http.put("/classification/rules", json=book, headers=stale)).status_code == 412
    mine = {"If-Match": shown.headers["etag"]}
    changed = await intake.http.put("/classification/rules", json=book, headers=mine)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert (await intake.http.put("/classification/rules", json=book)).headers["etag"] == '"2"'
    after = (await intake.http.post("/classification/suggest", json=ask)).json()
    assert (after["kind"], after["because"]) == ("repair", [{"rule": "brummen", "word": "brummt"}])
    assert after["rules_version"] == 2
