"""Service policies (ALL-1): published once they are sound, and told to the other services."""

from aftersales.common.errors import DomainError
from aftersales.common.events.intake import PolicyPublished
from aftersales.common.policies import Library, PublishedPolicy, put_up
from aftersales.common.policy.lint import lint, lint_among
from aftersales.common.policy.model import Policy
from aftersales.common.stages import policy_id
from aftersales.common.work import Work


async def publish_policy(work: Work, draft: Policy, library: Library) -> PublishedPolicy:
    """Give the policy its version and publish it. Raises `DomainError` with what `lint` finds wrong."""
    shelf = await library.shelf(work)
    versions = [policy.version for policy in shelf.policies if policy.name == draft.name]
    policy = draft.model_copy(update={"version": max(versions, default=0) + 1})
    wrong = [finding for finding in (*lint(policy), *lint_among(policy, shelf.policies)) if finding.level == "error"]
    if wrong:
        found = [{"code": one.code, "path": ".".join(map(str, one.path)), **one.params} for one in wrong]
        raise DomainError("policy.unsound", name=policy.name, count=len(wrong), findings=found)
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
