"""A service's own copy of the published policies (ALL-1): immutable documents, and a list of their ids."""

from datetime import datetime
from typing import ClassVar

from pydantic import ValidationError

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, describe_errors
from aftersales.common.events.intake import PolicyPublished
from aftersales.common.mongo import Reads
from aftersales.common.work import UnitOfWork, use_case
from aftersales.common.work.identity import DocumentRefs
from aftersales.policy.choose import Facts, PolicyIndex, choose_policy, fallback_policy, shipped_policies
from aftersales.policy.model import Policy
from aftersales.policy.sla.stages import policy_id
from aftersales.values.errors import Malformed, NotYet


class PublishedPolicy(Aggregate):
    """One version of a policy; its id is `<name>@<version>`, and it never changes."""

    COLLECTION: ClassVar[str] = "policies"

    branch: str = "-"
    policy: Policy
    published_at: datetime
    published_by: str


class PolicyList(Aggregate):
    """The ids of the published policies, the only document that a choice has to read every time."""

    COLLECTION: ClassVar[str] = "policy_lists"

    id: str = "published"
    branch: str = "-"
    published: tuple[str, ...] = ()


PolicySource = UnitOfWork | Reads
"""Where policies are read: in a unit of work, or by an endpoint that changes nothing."""
POLICY_LIST: DocumentRefs = ((PolicyList, "published"),)
"""The documents that `PolicyCatalogue.choose` reads, to be preloaded."""


class PolicyCatalogue:
    """The policies as one process knows them. Published policies never change, so each is read once.

    Only committed policies are stored, because a staged one may conflict with the same version from another replica.
    """

    def __init__(self) -> None:
        self._known = {policy_id(policy): policy for policy in shipped_policies().policies}
        self._indexes: dict[tuple[str, ...], PolicyIndex] = {}

    async def get(self, source: PolicySource, id: str) -> Policy:
        """Return the policy that an item started with. Raises `NotYet` if its event has not arrived yet."""
        if known := self._known.get(id):
            return known
        found = await source.get(PublishedPolicy, id)
        if found is None:
            raise NotYet("policies.unknown", id=id)
        if isinstance(source, Reads) or not source.is_staged(found):
            self._known[id] = found.policy
        return found.policy

    async def choose(self, source: PolicySource, facts: Facts) -> Policy:
        return choose_policy(await self.policy_index(source), facts)

    async def policy_index(self, source: PolicySource) -> PolicyIndex:
        """Return all published policies, arranged for choosing."""
        listed = await source.get(PolicyList, "published")
        ids = listed.published if listed else ()
        if known := self._indexes.get(ids):
            return known
        policy_index = PolicyIndex([await self.get(source, id) for id in ids])
        if self._known.keys() >= set(ids):
            self._indexes = {ids: policy_index}
        return policy_index

    async def of(self, source: PolicySource, id: str, facts: Facts) -> Policy:
        """Return the policy named by an event, or a preset if the event is older than policies."""
        return await self.get(source, id) if id else fallback_policy(facts)


async def publish_in_catalogue(work: UnitOfWork, published: PublishedPolicy, *events: Event) -> PublishedPolicy:
    """Store a policy and add it to the list."""
    listed = await work.get(PolicyList, "published") or PolicyList()
    work.put(listed.but(published=(*listed.published, published.id)))
    return work.put(published, *events)


@use_case(preload=lambda event: (*POLICY_LIST, (PublishedPolicy, f"{event.name}@{event.version}")))
async def copy_policy(work: UnitOfWork, event: PolicyPublished) -> None:
    """Copy a policy that intake has published, once."""
    try:
        policy = Policy.model_validate(event.policy)
    except ValidationError as error:
        raise Malformed("event.data_malformed", type=event.TYPE, errors=describe_errors(error)) from error
    if await work.get(PublishedPolicy, policy_id(policy)) is None:
        await publish_in_catalogue(
            work,
            PublishedPolicy(
                id=policy_id(policy), policy=policy, published_at=event.published_at, published_by=event.published_by
            ),
        )
