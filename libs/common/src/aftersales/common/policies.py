"""A service's own copy of the published policies (ALL-1): immutable documents, and a list of which there are."""

from datetime import datetime
from typing import ClassVar

from pydantic import ValidationError

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import Event, describe
from aftersales.common.events.intake import PolicyPublished
from aftersales.common.mongo import Mongo
from aftersales.common.work import Work, use_case
from aftersales.common.work.identity import Needs
from aftersales.policy.choose import Facts, Shelf, choose, fallback, shipped
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
    """Which policies are published: the one document that a choice has to read anew."""

    COLLECTION: ClassVar[str] = "policy_lists"

    id: str = "published"
    branch: str = "-"
    published: tuple[str, ...] = ()


Source = Work | Mongo
"""Where policies are read: in a piece of work, or by an endpoint that changes nothing."""
LIST: Needs = ((PolicyList, "published"),)
"""What `Library.choose` needs, to be loaded with the rest of the group."""


class Library:
    """The policies as one process knows them. What is published never changes, so each is read once.

    Only committed policies are kept: a policy that is only staged may lose to another replica's of the same version.
    """

    def __init__(self) -> None:
        self._known = {policy_id(policy): policy for policy in shipped().policies}
        self._shelves: dict[tuple[str, ...], Shelf] = {}

    async def get(self, source: Source, id: str) -> Policy:
        """The policy that an item started with. Raises `NotYet` while the news of it is under way."""
        if known := self._known.get(id):
            return known
        found = await source.get(PublishedPolicy, id)
        if found is None:
            raise NotYet("policies.unknown", id=id)
        if isinstance(source, Mongo) or not source.is_staged(found):
            self._known[id] = found.policy
        return found.policy

    async def choose(self, source: Source, facts: Facts) -> Policy:
        """The policy for an item that comes in."""
        return choose(await self.shelf(source), facts)

    async def shelf(self, source: Source) -> Shelf:
        """Everything published, laid out for choosing."""
        listed = await source.get(PolicyList, "published")
        ids = listed.published if listed else ()
        if known := self._shelves.get(ids):
            return known
        shelf = Shelf([await self.get(source, id) for id in ids])
        if self._known.keys() >= set(ids):
            self._shelves = {ids: shelf}
        return shelf

    async def of(self, source: Source, id: str, facts: Facts) -> Policy:
        """The policy named by an event; what was said before there were policies falls to a preset."""
        return await self.get(source, id) if id else fallback(facts)


async def put_up(work: Work, published: PublishedPolicy, *news: Event) -> PublishedPolicy:
    """Keep a policy and list it."""
    listed = await work.get(PolicyList, "published") or PolicyList()
    work.put(listed.but(published=(*listed.published, published.id)))
    return work.put(published, *news)


@use_case(preload=lambda event: (*LIST, (PublishedPolicy, f"{event.name}@{event.version}")))
async def keep_policy(work: Work, event: PolicyPublished) -> None:
    """Copy what intake has published, once."""
    try:
        policy = Policy.model_validate(event.policy)
    except ValidationError as error:
        raise Malformed("event.data_malformed", type=event.TYPE, errors=describe(error)) from error
    if await work.get(PublishedPolicy, policy_id(policy)) is None:
        await put_up(
            work,
            PublishedPolicy(
                id=policy_id(policy), policy=policy, published_at=event.published_at, published_by=event.published_by
            ),
        )
