"""Service policies (ALL-1): published once they are sound, and told to the other services."""

from aftersales.common.events.intake import PolicyPublished
from aftersales.common.policies import LIST, put_up
from aftersales.engine import DomainError, Library, PublishedPolicy, Work, use_case
from aftersales.policy.choose import Shelf
from aftersales.policy.findings import Finding, dotted
from aftersales.policy.lint import lint, lint_among
from aftersales.policy.model import Policy
from aftersales.policy.sla.stages import policy_id


def next_version(draft: Policy, shelf: Shelf) -> Policy:
    """The draft with the version that it will be published as."""
    versions = [policy.version for policy in shelf.policies if policy.name == draft.name]
    return draft.model_copy(update={"version": max(versions, default=0) + 1})


def findings(policy: Policy, shelf: Shelf) -> tuple[Finding, ...]:
    """What is wrong or doubtful with a policy, alone and beside those published."""
    return *lint(policy), *lint_among(policy, shelf.policies)


@use_case(preload=lambda: LIST)
async def publish_policy(work: Work, draft: Policy, library: Library) -> PublishedPolicy:
    """Give the policy its version and publish it; what its newest version says already changes nothing.

    Raises `DomainError` with what `lint` finds wrong.
    """
    shelf = await library.shelf(work)
    policy = next_version(draft, shelf)
    before = policy.model_copy(update={"version": policy.version - 1})
    if before in shelf.policies:
        return await work.need(PublishedPolicy, policy_id(before))
    wrong = [finding for finding in findings(policy, shelf) if finding.level == "error"]
    if wrong:
        errors = [{"field": dotted(one.path), "code": one.code, "params": dict(one.params)} for one in wrong]
        raise DomainError("policy.unsound", name=policy.name, count=len(wrong), errors=errors)
    news = PolicyPublished(
        name=policy.name,
        version=policy.version,
        effective_from=policy.effective_from,
        policy=policy.model_dump(mode="json"),
        published_at=work.now,
        published_by=work.actor,
    )
    published = PublishedPolicy(id=policy_id(policy), policy=policy, published_at=work.now, published_by=work.actor)
    return await put_up(work, published, news)
