"""The ledger of movements, as other capabilities write it."""

from collections.abc import Iterable, Mapping

from aftersales.engine import UnitOfWork
from aftersales.values import uuid7

from .domain import Entry, Movement


def record_movements(
    work: UnitOfWork, branch: str, entries: Iterable[Entry], about: Mapping[str, str | None] | None = None
) -> None:
    """Write the ledger; `about` are a movement's optional fields."""
    for kind, line in entries:
        work.put(Movement(id=uuid7(), branch=branch, kind=kind, at=work.now, **line.model_dump(), **(about or {})))
