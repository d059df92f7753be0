"""Use cases: catalogues changed by headquarters."""

from aftersales.common.terms import CATALOGUES, CatalogueName, EntryForm
from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import CURRENT, Catalogue, CatalogueAnnouncement, CatalogueForm, CatalogueList, entry_changes


@use_case(about=lambda name: (Catalogue, name), preload=lambda: ((CatalogueList, CURRENT),))
async def save_catalogue(work: UnitOfWork, name: CatalogueName, form: CatalogueForm) -> Catalogue:
    known = await work.require(Catalogue, name)
    return await _keep(work, known, domain.save_entries(known, form))


@use_case(about=lambda name: (Catalogue, name), preload=lambda: ((CatalogueList, CURRENT),))
async def save_catalogue_entry(work: UnitOfWork, name: CatalogueName, code: str, form: EntryForm) -> Catalogue:
    known = await work.require(Catalogue, name)
    return await _keep(work, known, domain.save_entry(known, code, form))


async def _keep(work: UnitOfWork, known: Catalogue, changed: Catalogue) -> Catalogue:
    if changed == known:
        return known
    listed = await work.get(CatalogueList, CURRENT) or CatalogueList()
    work.put(listed.but(digests=listed.digests | {changed.id: changed.digest}))
    return work.put(changed)


async def announce_catalogues(work: UnitOfWork, id: str) -> None:
    """Publish every entry once, for services that keep the words (ALL-1)."""
    announcement = await work.get(CatalogueAnnouncement, id)
    if announcement and announcement.wake_at and announcement.wake_at <= work.now:
        events = [event for name in CATALOGUES for event in entry_changes(await work.require(Catalogue, name))]
        work.put(announcement.but(wake_at=None), *events)
