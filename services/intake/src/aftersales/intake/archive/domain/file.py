"""Photos and files stored for a customer (INT-2, INT-3)."""

from datetime import datetime
from typing import ClassVar

from aftersales.common.aggregate import Aggregate
from aftersales.values import Value
from aftersales.values.errors import NotFound


class FileForm(Value):
    """A file whose bytes are already stored."""

    id: str
    name: str
    type: str
    size: int
    sha256: str


class CustomerFile(Aggregate):
    """A file of a customer; its bytes are in GridFS under the same id."""

    COLLECTION: ClassVar[str] = "customer_files"

    customer: str
    name: str
    type: str
    size: int
    sha256: str
    requests: tuple[str, ...] = ()
    """The requests for which it was sent."""
    kept_at: datetime
    kept_by: str
    removed: bool = False
    removed_at: datetime | None = None
    removed_by: str | None = None


def for_request(file: CustomerFile, request: str | None) -> CustomerFile:
    """Add a request that the file is about."""
    return file if request is None or request in file.requests else file.but(requests=(*file.requests, request))


def mark_removed(file: CustomerFile, by: str, now: datetime) -> CustomerFile:
    """Hide the file; its record stays (ALL-5)."""
    return file if file.removed else file.but(removed=True, removed_at=now, removed_by=by)


def require_visible(file: CustomerFile) -> CustomerFile:
    """Return the file. Raises `NotFound` if it was removed."""
    if file.removed:
        raise NotFound("file.removed", id=file.id)
    return file
