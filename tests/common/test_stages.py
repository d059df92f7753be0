"""What a stage promises (ALL-3) is worked out once for items that are alike: never by another's figures."""

from datetime import UTC, datetime, timedelta

from aftersales.common.business_time import always
from aftersales.common.policy.model import Policy
from aftersales.common.policy.presets import presets
from aftersales.common.stages import Response, Situation, reach

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STAGE = "dispatch"
PROPERTY = next(policy for policy in presets() if policy.name == "property")


def promised(policy: Policy, response: Response = Response()) -> timedelta:  # noqa: B008 (frozen)
    situation = Situation(policy, always("Asia/Shanghai"), priority=4, response=response)
    (clock,) = reach((), policy.stages[STAGE].starts_on, NOW, (STAGE,), situation)
    return clock.terms.target


def test_a_policy_that_differs_from_another_of_its_name_and_version_keeps_its_own_figures() -> None:
    """A draft and what is published may share both."""
    usual = PROPERTY.stages[STAGE]
    longer = usual.model_copy(update={"target": timedelta(hours=7)})
    draft = PROPERTY.model_copy(update={"stages": PROPERTY.stages | {STAGE: longer}})

    assert hash(draft) == hash(PROPERTY)
    assert [promised(one) for one in (PROPERTY, draft, PROPERTY)] == [usual.target, longer.target, usual.target]


def test_int13_a_contracts_own_target_is_that_customers_alone() -> None:
    usual, agreed = PROPERTY.stages[STAGE].target, timedelta(minutes=5)
    theirs = Response("C-1", ((STAGE, agreed),))

    assert [promised(PROPERTY, one) for one in (Response(), theirs, Response())] == [usual, agreed, usual]
