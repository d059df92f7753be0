"""Use cases: publish sound service policies (ALL-1), also to the other services."""

from aftersales.common.events.intake import PolicyPublished
from aftersales.common.policies import POLICY_LIST, publish_in_catalogue
from aftersales.common.terms import Terms
from aftersales.engine import DomainError, PolicyCatalogue, PublishedPolicy, UnitOfWork, use_case
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.policy.choose import PolicyIndex
from aftersales.policy.findings import Finding, dotted_path
from aftersales.policy.lint import lint_among, lint_policy
from aftersales.policy.model import Policy
from aftersales.policy.sla.stages import policy_id

from .domain import check_lines


def next_version(draft: Policy, policy_index: PolicyIndex) -> Policy:
    """Return the draft with the version under which it will be published."""
    versions = [policy.version for policy in policy_index.policies if policy.name == draft.name]
    return draft.model_copy(update={"version": max(versions, default=0) + 1})


def policy_findings(policy: Policy, policy_index: PolicyIndex, lines: Terms) -> tuple[Finding, ...]:
    """List errors and warnings of a policy, alone, beside the published ones, and about product lines."""
    return *lint_policy(policy), *lint_among(policy, policy_index.policies), *check_lines(policy, lines)


@use_case(preload=lambda: (*POLICY_LIST, *TERMS))
async def publish_policy(work: UnitOfWork, draft: Policy, catalogue: PolicyCatalogue) -> PublishedPolicy:
    """Publish the next version of the policy; a draft equal to the newest changes nothing.

    Raises `DomainError` with the errors of `policy_findings`.
    """
    policy_index = await catalogue.policy_index(work)
    policy = next_version(draft, policy_index)
    before = policy.model_copy(update={"version": policy.version - 1})
    if before in policy_index.policies:
        return await work.require(PublishedPolicy, policy_id(before))
    lines = (await load_glossary(work)).lines
    wrong = [finding for finding in policy_findings(policy, policy_index, lines) if finding.level == "error"]
    if wrong:
        errors = [{"field": dotted_path(one.path), "code": one.code, "params": dict(one.params)} for one in wrong]
        raise DomainError("policy.unsound", name=policy.name, count=len(wrong), errors=errors)
    event = PolicyPublished(
        name=policy.name,
        version=policy.version,
        effective_from=policy.effective_from,
        policy=policy.model_dump(mode="json"),
        published_at=work.now,
        published_by=work.actor,
    )
    published = PublishedPolicy(id=policy_id(policy), policy=policy, published_at=work.now, published_by=work.actor)
    return await publish_in_catalogue(work, published, event)
