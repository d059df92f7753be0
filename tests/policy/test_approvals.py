"""Approvals: limits of roles, nobody in his own case, up the chain, expiry and proof (FBK-4, INT-9, INT-18)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.policy.approvals import LADDER, ApprovalTerms, Decider, Proposal, find_approver, refuse_approval
from aftersales.policy.model.aftercare import Limit
from aftersales.policy.presets import load_presets
from aftersales.values import Money

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SHOP = next(policy for policy in load_presets() if policy.name == "e-commerce")


def yuan(amount: int) -> Money:
    return Money(amount=amount * 100)


NO_TERMS = ApprovalTerms()


def refused(decider: Decider, *, terms: ApprovalTerms = NO_TERMS, **proposal: Any) -> str | None:
    return refuse_approval(Proposal(frozenset({"clerk-1"}), **proposal), decider, terms, NOW)


CASES = [
    ("callback_clerk", 5, False, None),
    ("callback_clerk", 6, False, "beyond_limit"),
    ("callback_clerk", 1, True, "beyond_limit"),
    ("supervisor", 6, False, None),
    ("supervisor", 1000, True, None),
    ("centre", 1000, True, None),
    ("technician", 1, False, "beyond_limit"),
]


@pytest.mark.parametrize(("role", "amount", "carriage", "expected"), CASES)
def test_fbk_4_goodwill_is_granted_up_to_the_limit_of_the_role_in_the_policy(role, amount, carriage, expected) -> None:
    terms = ApprovalTerms(SHOP.goodwill)
    decider = Decider("p-1", frozenset({role}))
    assert refused(decider, terms=terms, amount=yuan(amount), free_carriage=carriage) == expected


def test_an_amount_in_another_currency_is_beyond_any_limit_with_an_amount() -> None:
    terms = ApprovalTerms((Limit(role="supervisor", up_to=yuan(100)),))
    decider = Decider("p-1", frozenset({"supervisor"}))
    assert refused(decider, terms=terms, amount=Money(amount=1, currency="USD")) == "beyond_limit"


@pytest.mark.parametrize("role", LADDER)
def test_a_higher_level_may_grant_what_a_lower_one_may(role: str) -> None:
    terms = ApprovalTerms((Limit(role="centre"),))
    allowed = LADDER.index(role) >= LADDER.index("centre")
    assert (refused(Decider("p-1", frozenset({role})), terms=terms) is None) == allowed


def test_nobody_decides_in_his_own_case_not_even_through_a_delegate() -> None:
    assert refused(Decider("clerk-1")) == "concerned"
    assert refused(Decider("clerk-2", stands_in_for="clerk-1")) == "concerned"
    assert refused(Decider("clerk-1", stands_in_for="boss")) == "concerned"
    assert refused(Decider("clerk-2", stands_in_for="boss")) is None


def test_only_the_person_who_was_asked_decides_or_the_one_who_stands_in() -> None:
    terms = ApprovalTerms(asked="boss")
    assert refused(Decider("centre-1"), terms=terms) == "somebody_else"
    assert refused(Decider("boss"), terms=terms) is None
    assert refused(Decider("centre-1", stands_in_for="boss"), terms=terms) is None


def test_a_proposal_expires_and_may_need_proof() -> None:
    terms = ApprovalTerms(lasts=timedelta(days=1), needs_proof=True)
    for age, proofs, expected in ((timedelta(days=1), 1, "expired"), (timedelta(hours=23), 0, "no_evidence")):
        assert refused(Decider("boss"), terms=terms, proposed_at=NOW - age, proofs=proofs) == expected
    assert refused(Decider("boss"), terms=terms, proposed_at=NOW - timedelta(hours=23), proofs=1) is None


@given(st.lists(st.sampled_from(LADDER), min_size=1, max_size=6), st.integers(0, 3000), st.data())
def test_the_first_of_the_chain_who_may_is_asked(roles: list[str], amount: int, data: st.DataObject) -> None:
    limits = (
        Limit(role="supervisor", up_to=yuan(10)),
        Limit(role="centre", up_to=yuan(20)),
        Limit(role="headquarters"),
    )
    chain = [Decider(f"p-{number}", frozenset({role})) for number, role in enumerate(roles)]
    concerned = frozenset(data.draw(st.lists(st.sampled_from([one.person for one in chain]))))
    proposal, terms = Proposal(concerned, Money(amount=amount)), ApprovalTerms(limits)
    found = find_approver(proposal, chain, terms, NOW)
    allowed = [one for one in chain if refuse_approval(proposal, one, terms, NOW) is None]
    assert found == (allowed[0] if allowed else None)
    if found:
        assert found.person not in concerned
        assert amount <= 1000 or found.roles != {"supervisor"}
