"""The kinds of documents that may be archived, and the mark that an archived document leaves. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from aftersales.common.aggregate import Aggregate

SHORTEST = timedelta(days=30)
"""Longer than events may be late: the inbox stores 14 days, the journal 7."""


class Archived(Aggregate):
    """Marks an archived document (`<collection>/<id>`), so that a late event does not create it again."""

    COLLECTION: ClassVar[str] = "archived"
    AUDITED: ClassVar[bool] = False

    branch: str = "-"
    """The branch of the document; `-` in marks that are older than branch scope."""
    file: str
    """The archive file that has the document."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Retained:
    """Documents of a kind may be archived if they match `ended(before)` and have no running clock or timer."""

    kind: type[Aggregate]
    ended: Callable[[datetime], Mapping[str, Any]]

    def where(self, before: datetime) -> dict[str, Any]:
        """Return the filter for documents that ended before then."""
        quiet = {"wake_at": None, "clocks": {"$not": {"$elemMatch": {"ended_at": None}}}}
        return {"$and": [quiet, dict(self.ended(before))]}


def archived_id(kind: type[Aggregate], id: str) -> str:
    return f"{kind.COLLECTION}/{id}"
