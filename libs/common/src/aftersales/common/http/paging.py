"""Pages of a list that stay correct while others write: a cursor is the place of the last item, not a count. Pure.

A place is a value of the sort field, and an id that separates items with the same value. Items without a value come
last in both directions.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from aftersales.values.errors import Malformed

T = TypeVar("T")
BY_ID = "-_id"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT64 = 2**63


class Page(BaseModel, Generic[T]):
    """A page of a list, and the cursor of the next page (none: this is the last)."""

    items: list[T]
    """The items of this page."""
    next: str | None = None
    """The `cursor` of the next page; null: this is the last."""


class Place(NamedTuple):
    """The item after which to continue in a list sorted by a field (`-field`: descending); no id: the beginning."""

    sort: str
    value: Any = None
    id: str = ""

    @property
    def field(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def keys(self) -> tuple[str, ...]:
        """The sort keys, also for an index: the field, then the id in the same direction."""
        sign = "-" if self.sort.startswith("-") else ""
        return (self.sort,) if self.field == "_id" else (self.sort, f"{sign}_id")

    def at(self, row: Mapping[str, Any]) -> "Place":
        """Return the place of this item."""
        return self._replace(value=None if self.field == "_id" else row.get(self.field), id=row["_id"])

    def runs(self) -> Iterator[dict[str, Any]]:
        """Yield filters for the items after this place, to be queried in this order; each is one range of an index.

        One query with `$or` would be equivalent, but reads all items with the same value again.
        """
        beyond = "$lt" if self.sort.startswith("-") else "$gt"
        rest = {"_id": {beyond: self.id}} if self.id else {}
        if self.field == "_id":
            yield rest
            return
        if self.value is not None:
            yield {self.field: self.value, **rest}
            yield {self.field: {beyond: self.value}}
        elif not self.id:
            yield {self.field: {"$ne": None}}
        yield {self.field: None, **({} if self.value is not None else rest)}

    def cursor(self) -> str:
        """Return this place for a URL."""
        value = self.value
        if isinstance(value, datetime):
            value = [(value - _EPOCH) // timedelta(milliseconds=1)]
        text = json.dumps([self.sort, value, self.id], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def parse_cursor(sort: str, cursor: str | None) -> Place:
    """Return the place of a cursor (None: the beginning). Raises `Malformed` if it is invalid or of another order."""
    if cursor is None:
        return Place(sort)
    try:
        of, value, id = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        if isinstance(value, list):
            (millis,) = value
            value = _EPOCH + timedelta(milliseconds=millis)
        f"{value}{id}".encode()  # half a surrogate pair raises an error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Malformed("cursor.malformed") from error
    small = isinstance(value, int) and abs(value) < _INT64
    if of != sort or not isinstance(id, str) or not (value is None or small or isinstance(value, str | datetime)):
        raise Malformed("cursor.malformed")
    return Place(sort, value, id)
