"""Branch scope (ALL-2): the documents that a caller may see and change. Pure."""

from dataclasses import dataclass
from typing import Any, Self

from aftersales.common.aggregate import Aggregate
from aftersales.values.errors import NotFound

EVERYWHERE = "-"
"""The `branch` of documents that belong to no single branch; everybody sees them."""


class SharedAggregate(Aggregate):
    """A document that further branches see, because they serve the same customer or were asked to take over."""

    shared_with: tuple[str, ...] = ()
    """Codes of further branches that see it."""

    def share(self, branch: str) -> Self:
        """Return this document as that branch sees it, too."""
        if branch in {self.branch, *self.shared_with}:
            return self
        return self.but(shared_with=(*self.shared_with, branch))


@dataclass(frozen=True, slots=True)
class Scope:
    """The branches of a caller; None: all of them. What is outside does not exist for the caller."""

    branches: frozenset[str] | None = None

    def sees(self, state: Aggregate) -> bool:
        """Return whether the caller may see this document."""
        if self.branches is None or state.NETWORK_WIDE or state.branch == EVERYWHERE:
            return True
        shared = state.shared_with if isinstance(state, SharedAggregate) else ()
        return not self.branches.isdisjoint((state.branch, *shared))

    def covers(self, branch: str) -> bool:
        """Return whether a document of this branch alone would be the caller's own."""
        return self.branches is None or branch == EVERYWHERE or branch in self.branches

    def must_cover(self, branch: str) -> None:
        """Raise `NotFound` for a branch that the caller does not see: its name is no secret, but what it does is."""
        if not self.covers(branch):
            raise NotFound("branches.unknown", id=branch)

    def narrow(self, kind: type[Aggregate] | str, where: dict[str, Any]) -> dict[str, Any]:
        """Return a filter of MongoDB for the documents of `where` that the caller may see.

        A collection that is given by its name counts as one whose documents may be shared.
        """
        if self.branches is None or (not isinstance(kind, str) and kind.NETWORK_WIDE):
            return where
        own: dict[str, Any] = {"branch": {"$in": [*sorted(self.branches), EVERYWHERE]}}
        if isinstance(kind, str) or issubclass(kind, SharedAggregate):
            own = {"$or": [own, {"shared_with": {"$in": sorted(self.branches)}}]}
        return {"$and": [where, own]} if where else own


WHOLE_NETWORK = Scope()
"""The scope of headquarters, and of everything that no caller asked for: events, timers, other services."""
