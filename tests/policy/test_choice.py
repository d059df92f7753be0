"""ALL-1: which policy is chosen for an item, which versions count, and why; the order of a list is of no matter."""

import timeit
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.policy.choose import Facts, PolicyIndex, choose_policy, scope_specificity
from aftersales.policy.explain import explain_policy_choice
from aftersales.policy.lint import find_ties, lint_among
from aftersales.policy.model import Policy, Scope
from aftersales.policy.presets import load_presets

TODAY = date(2026, 11, 26)
FACTS = Facts("sh-01", "refrigerator", "repair", "A", TODAY)
ENTERPRISE = next(policy for policy in load_presets() if policy.name == "enterprise")
DIMENSIONS = ("branches", "lines", "work_types", "customer_classes")


def policy(name: str, version: int = 1, begins: date = date(2026, 1, 1), **scope: Sequence[str]) -> Policy:
    return ENTERPRISE.model_copy(
        update={"name": name, "version": version, "effective_from": begins, "scope": Scope.model_validate(scope)}
    )


BRANCH = policy("branch", branches=["sh-01"])
LINE = policy("line", lines=["refrigerator"])
WORK = policy("work", work_types=["repair", "maintenance"])
CLASS = policy("class", customer_classes=["A"])
HOUSE = policy("house")


def chosen(*policies: Policy, facts: Facts = FACTS) -> str:
    found = choose_policy(PolicyIndex(policies), facts)
    return f"{found.name}@{found.version}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BRANCH, LINE),
        (LINE, WORK),
        (WORK, CLASS),
        (CLASS, HOUSE),
        (BRANCH, policy("rest", lines=["refrigerator"], work_types=["repair"], customer_classes=["A"])),
        (policy("both", branches=["sh-01"], customer_classes=["A"]), BRANCH),
        (policy("many", lines=["refrigerator", "freezer"]), policy("one", work_types=["repair"])),
    ],
    ids=lambda given: given.name,
)
def test_all_1_the_more_specific_policy_wins_branch_before_line_before_work_before_class(
    one: Policy, other: Policy
) -> None:
    assert chosen(one, other) == chosen(other, one) == f"{one.name}@1"


@pytest.mark.parametrize(
    "facts",
    [FACTS._replace(branch="cd-01"), FACTS._replace(branch="")],
    ids=["another branch", "a branch that is not known"],
)
def test_all_1_a_scope_that_does_not_have_the_item_is_passed_over(facts: Facts) -> None:
    assert chosen(BRANCH, HOUSE, facts=facts) == "house@1"


def test_all_1_what_no_published_policy_covers_falls_to_the_presets() -> None:
    elsewhere = policy("elsewhere", branches=["cd-01"])

    assert chosen(elsewhere) == "appliance@0"
    assert chosen(elsewhere, facts=FACTS._replace(line="crane")) == "enterprise@0"
    assert chosen(HOUSE) == "house@1"


def test_all_1_a_version_counts_from_its_day_and_the_older_one_until_then() -> None:
    first, second = policy("house", 1), policy("house", 2, TODAY)

    assert chosen(second, first, facts=FACTS._replace(day=TODAY - timedelta(days=1))) == "house@1"
    assert chosen(second, first) == "house@2"
    assert chosen(second, first, facts=FACTS._replace(day=date(2025, 12, 31))) == "appliance@0"


def test_all_1_a_newer_version_with_a_narrower_scope_does_not_leave_the_rest_to_the_older_one() -> None:
    first, second = policy("house", 1), policy("house", 2, TODAY, branches=["cd-01"])

    assert chosen(first, second) == "appliance@0"
    assert chosen(first, second, facts=FACTS._replace(branch="cd-01")) == "house@2"


def test_all_1_a_newer_version_that_begins_earlier_replaces_the_older_one_altogether() -> None:
    first, second = policy("house", 1, TODAY), policy("house", 2, date(2026, 1, 1))

    assert chosen(first, second) == "house@2"
    assert [finding.code for finding in lint_among(second, [first])] == ["policy.backdated"]


def test_a_version_that_begins_after_the_one_before_it_is_published_without_a_word() -> None:
    first, second = policy("house", 1, date(2026, 1, 1)), policy("house", 2, TODAY)

    assert lint_among(second, [first]) == lint_among(first, [second]) == ()


def test_all_1_an_item_under_way_keeps_the_version_that_it_started_with() -> None:
    first, second = policy("house", 1), policy("house", 2, TODAY)
    started = choose_policy(PolicyIndex([first]), FACTS)
    kept = next(one for one in (second, first) if (one.name, one.version) == (started.name, started.version))

    assert kept is first
    assert choose_policy(PolicyIndex([first, second]), FACTS) is second


def test_a_tie_is_refused_with_the_day_from_which_it_stands() -> None:
    other = policy("other", 3, TODAY, branches=["sh-01", "cd-01"])
    (finding,) = lint_among(BRANCH, [other, HOUSE])

    assert (finding.code, finding.level) == ("policy.scope_tie", "error")
    assert finding.params == {"other": "other", "version": 3, "day": "2026-11-26"}


@pytest.mark.parametrize(
    "other",
    [
        policy("other", branches=["cd-01"]),
        policy("other", branches=["sh-01"], lines=["refrigerator"]),
        policy("branch", 2, TODAY, branches=["sh-01"]),
    ],
    ids=["another branch", "more specific", "its own next version"],
)
def test_what_never_competes_is_no_tie(other: Policy) -> None:
    assert find_ties([BRANCH, other]) == ()


def test_versions_that_are_replaced_before_the_other_begins_do_not_tie_with_it() -> None:
    old, new = policy("old", 1, branches=["sh-01"]), policy("old", 2, TODAY, branches=["cd-01"])
    late = policy("late", 1, TODAY, branches=["sh-01"])

    assert find_ties([old, new, late]) == ()
    assert len(find_ties([old, late])) == 1


def test_the_same_version_cannot_be_published_twice() -> None:
    assert [finding.code for finding in lint_among(HOUSE, [policy("house", branches=["sh-01"])])] == [
        "policy.version_twice"
    ]


WORDS = {
    "branches": ("sh-01", "cd-01"),
    "lines": ("refrigerator", "freezer"),
    "work_types": ("repair", "training"),
    "customer_classes": ("A", "B", "member"),
}
SCOPES = st.fixed_dictionaries({name: st.lists(st.sampled_from(words), unique=True) for name, words in WORDS.items()})
BEGINS = st.sampled_from([TODAY + timedelta(days=days) for days in (-2, -1, 0, 1)])
FACTS_OF = st.builds(
    Facts,
    *(st.sampled_from((*WORDS[name], "")) for name in DIMENSIONS),
    st.sampled_from([TODAY, date(2026, 12, 1)]),
    st.booleans(),
)


@st.composite
def shelves(draw: st.DrawFn) -> list[Policy]:
    keys = draw(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), unique=True, max_size=8))
    return [policy(name, version, draw(BEGINS), **draw(SCOPES)) for name, version in keys]


@given(shelves(), FACTS_OF, st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order_of_the_list(policies, facts, chance) -> None:
    shuffled = list(policies)
    chance.shuffle(shuffled)

    assert choose_policy(PolicyIndex(policies), facts) is choose_policy(PolicyIndex(shuffled), facts)


def competing(policies: Sequence[Policy], facts: Facts) -> list[Policy]:
    """The most specific policies for an item, found in the plainest way."""
    begun = [one for one in policies if one.effective_from <= facts.day]
    newest = [one for one in begun if not any(o.name == one.name and o.version > one.version for o in begun)]
    fitting = [
        one
        for one in newest
        if all(
            not (named := getattr(one.scope, name)) or fact in named or (facts.member and "member" in named)
            for name, fact in zip(DIMENSIONS, facts[:4], strict=True)
        )
    ]
    most = max((scope_specificity(one.scope) for one in fitting), default=0)
    return [one for one in fitting if scope_specificity(one.scope) == most]


@given(shelves(), FACTS_OF)
def test_without_a_tie_no_choice_is_ambiguous_and_it_is_the_plain_one(policies, facts) -> None:
    found = competing(policies, facts)

    if not find_ties(policies):
        assert len(found) <= 1
    best = PolicyIndex(policies).best(facts)
    assert best is min(found, key=lambda one: one.name, default=None)


@given(shelves())
def test_each_tie_is_an_item_on_which_two_policies_compete(policies) -> None:
    for tie in find_ties(policies):
        common = [
            next((word for word in mine if not theirs or word in theirs), next(iter({*mine, *theirs} - {"member"}), ""))
            for mine, theirs in ((getattr(tie.one.scope, name), getattr(tie.other.scope, name)) for name in DIMENSIONS)
        ]
        alone = [one for one in policies if one.name in (tie.one.name, tie.other.name)]

        assert len(competing(alone, Facts._make([*common, tie.days.start, True]))) == 2


@given(shelves(), FACTS_OF)
def test_an_explanation_chooses_as_the_choice_does_and_gives_each_candidate_one_outcome(policies, facts) -> None:
    policy_index = PolicyIndex(policies)
    found = explain_policy_choice(policy_index, facts)

    assert found.chosen is choose_policy(policy_index, facts)
    assert len(found.candidates) == len(policies) + len(load_presets())
    assert [one.outcome for one in found.candidates].count("chosen") == 1
    assert (found.candidates[0].name, found.candidates[0].version) == (found.chosen.name, found.chosen.version)


def test_an_explanation_says_of_each_candidate_why() -> None:
    policy_index = PolicyIndex(
        [
            *(policy("house", 1), policy("house", 2, TODAY), BRANCH, policy("later", begins=date(2027, 1, 1))),
            *(policy("other", branches=["sh-01"]), policy("south", branches=["cd-01"], customer_classes=["C"])),
        ]
    )
    told = {(one.name, one.version): one for one in explain_policy_choice(policy_index, FACTS).candidates}

    assert {key: one.outcome for key, one in told.items() if not one.preset} == {
        ("branch", 1): "chosen",
        ("other", 1): "later_in_alphabet",
        ("house", 2): "less_specific",
        ("house", 1): "replaced",
        ("later", 1): "not_yet",
        ("south", 1): "out_of_scope",
    }
    assert told["house", 1].replaced_by == 2
    assert told["south", 1].missed == ("branch", "customer_class")
    assert (told["branch", 1].specificity, told["south", 1].specificity) == (8, 9)
    assert told["appliance", 0].outcome == "published_first"
    assert told["e-bike", 0].outcome == "out_of_scope"


def test_choosing_among_fifty_policies_takes_less_than_fifty_microseconds() -> None:
    policy_index = PolicyIndex(
        policy(f"p{number}", branches=[f"b-{number}"], lines=["freezer"]) for number in range(50)
    )
    runs = 200

    best = min(timeit.repeat(lambda: choose_policy(policy_index, FACTS), number=runs, repeat=20)) / runs
    assert best < 50e-6


def test_a_policy_for_members_holds_for_members_of_any_class() -> None:
    """INT-16: and competes with one for a class, because a member has a class too."""
    members = policy("members", customer_classes=["member"])

    assert chosen(members, HOUSE, facts=FACTS._replace(member=True)) == "members@1"
    assert chosen(members, HOUSE) == "house@1"
    considered = explain_policy_choice(PolicyIndex([members]), FACTS).candidates
    assert next(one.missed for one in considered if one.name == "members") == ("customer_class",)
    assert len(find_ties([members, CLASS])) == 1
    assert find_ties([CLASS, policy("other", customer_classes=["B"])]) == ()
