"""A service's own copy of intake's catalogues (ALL-1), and the walk that corrects words stored before.

The walk goes through a kind's documents one page at a time. A timer runs it, so that thousands of documents are not
one command, and the walk continues after a crash.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import ValidationError

from aftersales.common.aggregate import Aggregate
from aftersales.common.events import describe_errors
from aftersales.common.events.intake import CatalogueChanged
from aftersales.common.mongo import Mongo
from aftersales.common.terms import CatalogueEntry, CatalogueName, Terms
from aftersales.common.work import UnitOfWork, use_case
from aftersales.values.errors import Malformed

PER_PAGE = 100
"""Documents per step. A step is a job like others, which must not wait long for it."""
_SETTLE = timedelta(seconds=5)
"""How long the walk waits, so that jobs that used the old words are committed, and many changes are one walk."""


class CopiedEntry(CatalogueEntry):
    """An entry as it was last published."""

    revision: int
    removed: bool = False


class CatalogueCopy(Aggregate):
    """The words of one catalogue, and the progress of the walk; its id is the catalogue's name."""

    COLLECTION: ClassVar[str] = "catalogues"
    AUDITED: ClassVar[bool] = False  # a copy: the catalogue itself is audited at intake

    branch: str = "-"
    entries: tuple[CopiedEntry, ...] = ()
    after: str = ""
    """The id of the last document that was corrected."""


_prepared: dict[CatalogueName, tuple[tuple[CopiedEntry, ...], Terms]] = {}
"""The words that were prepared last, for the next document of a page."""


async def load_terms(source: UnitOfWork | Mongo, name: CatalogueName) -> Terms:
    """Return the words of a catalogue as far as they have arrived."""
    entries = (await source.get(CatalogueCopy, name) or CatalogueCopy(id=name)).entries
    if name not in _prepared or _prepared[name][0] is not entries:
        _prepared[name] = entries, Terms(entry for entry in entries if not entry.removed)
    return _prepared[name][1]


@use_case(preload=lambda event: ((CatalogueCopy, event.catalogue),))
async def copy_entry(work: UnitOfWork, event: CatalogueChanged, copied: Collection[CatalogueName]) -> None:
    """Copy an entry of a needed catalogue, and have stored words corrected. Older events have no effect."""
    if event.catalogue not in copied:
        return
    try:
        entry = CopiedEntry.model_validate(event.model_dump(exclude={"catalogue"}))
    except ValidationError as error:
        raise Malformed("event.data_malformed", type=event.TYPE, errors=describe_errors(error)) from error
    known = await work.get(CatalogueCopy, event.catalogue) or CatalogueCopy(id=event.catalogue)
    entries = {one.code: one for one in known.entries}
    if entry.code not in entries or entries[entry.code].revision < entry.revision:
        entries[entry.code] = entry
        work.put(known.but(entries=tuple(entries.values()), after="", wake_at=work.now + _SETTLE))


async def correct_words(
    work: UnitOfWork, name: str, kind: type[Aggregate], correct: Callable[[UnitOfWork, Any], Awaitable[None]]
) -> None:
    """Correct one page of documents by the newest words; the timer is due again until none is left."""
    copy = await work.require(CatalogueCopy, name)
    if copy.wake_at is None or copy.wake_at > work.now:
        return
    page = await work.page(kind, {"_id": {"$gt": copy.after}}, PER_PAGE)
    for document in page:
        await correct(work, document)
    if len(page) == PER_PAGE:
        work.put(copy.but(after=page[-1].id, wake_at=work.now))
    else:
        work.put(copy.but(after="", wake_at=None))
