"""What differs between two policies, figure by figure."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aftersales.policy.difference import Change, diff_policies
from aftersales.policy.findings import dotted_path
from aftersales.policy.model import Policy
from aftersales.policy.presets import load_presets

POLICIES = {policy.name: policy for policy in load_presets()}
HOUSE = POLICIES["enterprise"]


def changed(change: Any) -> list[tuple[str, Any, Any]]:
    content = copy.deepcopy(HOUSE.model_dump(mode="json"))
    change(content)
    return [(dotted_path(path), old, new) for path, old, new in diff_policies(HOUSE, Policy.model_validate(content))]


def test_a_policy_does_not_differ_from_itself() -> None:
    assert all(diff_policies(policy, policy) == () for policy in load_presets())


def test_each_figure_is_told_with_what_it_was_in_the_order_of_the_model() -> None:
    def change(content: Any) -> None:
        content["survey"]["pass_mark"] = 3.5
        content["stages"]["resolve"]["target"] = "PT8H"
        content["stages"]["resolve"]["warn_at"] = [0.5]
        content["scope"]["branches"] = ["sh-01"]

    assert changed(change) == [
        ("scope.branches", [], ["sh-01"]),
        ("stages.resolve.target", "P1D", "PT8H"),
        ("stages.resolve.warn_at", [0.5, 0.8], [0.5]),
        ("survey.pass_mark", 3.0, 3.5),
    ]


def test_rows_with_a_code_are_told_apart_by_it_and_a_new_section_is_told_as_one() -> None:
    def change(content: Any) -> None:
        content["penalties"].pop(1)
        content["penalties"][0]["amount"]["amount"] = 6000
        content["expenses"] = {"travel_day": "PT8H", "forfeits_bonus": True}
        content["stages"].pop("training")

    found = {path: (old, new) for path, old, new in changed(change)}

    assert found["penalties.late.amount.amount"] == (5000, 6000)
    assert found["penalties.report_incomplete"][1] is None
    assert found["expenses"] == (None, {"travel_day": "PT8H", "forfeits_bonus": True})
    assert found["stages.training"][0]["agreed_in"] == "contract"
    assert found["penalties"][1] == [code for code in found["penalties"][0] if code != "report_incomplete"]
    assert len(found) == 5


def test_int_6_a_row_of_the_coverage_table_is_told_with_its_place() -> None:
    def change(content: Any) -> None:
        row = content["coverage"][5] | {"reason": "wear", "warranty": ["in"], "cause": ["unknown"]}
        content["coverage"].insert(3, row)
        content["coverage"][6]["travel"] = "free"

    found = {path: (old, new) for path, old, new in changed(change)}

    assert found.keys() == {"coverage.wear", "coverage.out_of_warranty.travel", "coverage"}
    assert found["coverage.out_of_warranty.travel"] == ("quote", "free")
    assert found["coverage"][1][3] == "wear"


def test_another_order_of_the_same_rows_is_a_difference() -> None:
    def change(content: Any) -> None:
        content["survey"]["questions"].reverse()

    ((path, old, new),) = changed(change)

    assert (path, old) == ("survey.questions", list(reversed(new)))


def test_int_8_the_two_variants_for_companies_differ_in_their_name_scope_and_reply() -> None:
    found = diff_policies(POLICIES["enterprise"], POLICIES["enterprise-12h"])

    assert {change.path[0] for change in found} == {"name", "title", "scope", "stages"}
    assert Change(("stages", "first_reply", "target"), "P1D", "PT12H") in found


@given(st.sampled_from(sorted(POLICIES)), st.sampled_from(sorted(POLICIES)))
def test_backwards_the_same_places_differ_the_other_way_round(one: str, other: str) -> None:
    there, back = diff_policies(POLICIES[one], POLICIES[other]), diff_policies(POLICIES[other], POLICIES[one])

    assert {change.path for change in there} == {change.path for change in back}
    assert (there == ()) == (one == other)
    assert {(dotted_path(path), str(old), str(new)) for path, old, new in there} == {
        (dotted_path(path), str(new), str(old)) for path, old, new in back
    }
