"""The newest changes of a service, from which every listener reads the hints that it wants. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple, Protocol

from pydantic_core import to_json

from aftersales.common.scope import EVERYWHERE, WHOLE_NETWORK, Scope

KEPT = 10_000
"""The least number of changes that are kept for listeners that connect again."""
HINTS_AT_ONCE = 500
"""The most hints of one piece of a stream."""
AHEAD_SECONDS = 10
"""How far this replica may lag behind the one that a listener comes from."""
_POSITION = re.compile(r"[0-9a-f]{20}")
_SECONDS = slice(0, 8)
"""The part of a position that has the seconds."""


class HintedChange(Protocol):
    """A change of a document, as `mongo.ChangedDocument` has it."""

    @property
    def position(self) -> str: ...
    @property
    def collection(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def branch(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def shared_with(self) -> tuple[str, ...]: ...


class HintFilter(NamedTuple):
    """What a listener may see and wants to hear. None: everything."""

    scope: Scope = WHOLE_NETWORK
    kinds: frozenset[str] | None = None
    branches: frozenset[str] | None = None
    network_wide: frozenset[str] = frozenset()
    """Kinds that are the same for all branches."""

    def wants(self, change: HintedChange) -> bool:
        if self.kinds is not None and change.collection not in self.kinds:
            return False
        return self._fits(self.branches, change) and (
            change.collection in self.network_wide
            or change.branch == EVERYWHERE
            or self._fits(self.scope.branches, change)
        )

    def _fits(self, branches: frozenset[str] | None, change: HintedChange) -> bool:
        return branches is None or change.branch in branches or not branches.isdisjoint(change.shared_with)


class HintRing:
    """Changes in the order of their commits; the oldest are dropped."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._changes: list[HintedChange] = []
        self._floor = self.newest = ""
        self._pieces: dict[tuple[str, HintFilter], tuple[bytes, str, int]] = {}
        """Pieces made since the last change; most listeners want the same one."""

    def begin(self, position: str) -> None:
        """Forget all changes: those after this position will be added."""
        self._changes = []
        self._pieces = {}
        self._floor = self.newest = position

    def add(self, changes: Sequence[HintedChange]) -> None:
        if not changes:
            return
        self._changes += changes
        self._pieces = {}
        self.newest = changes[-1].position
        if len(self._changes) > 2 * self._kept:  # in big steps, because it moves all others
            self._floor = self._changes[-self._kept - 1].position
            del self._changes[: -self._kept]

    def has_all_since(self, position: str, now: str) -> bool:
        """Return whether every change after this position is here or will come; `now` is the database's clock."""
        if not _POSITION.fullmatch(position):
            return False
        ahead = int(position[_SECONDS], 16) - int(now[_SECONDS], 16)
        return self._floor <= position and ahead <= AHEAD_SECONDS

    def piece(self, after: str, wanted: HintFilter) -> tuple[bytes, str, int]:
        """Return the next hints after a position as text of the stream, the position that they reach, and their number.

        A position reached without any hint is returned with an empty text.
        """
        if (key := (after, wanted)) not in self._pieces:
            start = bisect_right(self._changes, after, key=attrgetter("position"))
            found: list[HintedChange] = []
            reached = max(after, self.newest)
            for change in self._changes[start:]:
                if wanted.wants(change):
                    found.append(change)
                    if len(found) == HINTS_AT_ONCE:
                        reached = change.position
                        break
            self._pieces[key] = (b"".join(_hints(found)), reached, len(found))
        return self._pieces[key]


def _hints(changes: Iterable[HintedChange]) -> Iterable[bytes]:
    for one in changes:
        data = {"kind": one.collection, "id": one.id, "branch": one.branch, "version": one.version}
        yield b"event: hint\nid: %b\ndata: %b\n\n" % (one.position.encode(), to_json(data))
