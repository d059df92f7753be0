"""Use cases: catalogues changed by headquarters."""

from aftersales.engine import UnitOfWork, use_case

from . import domain
from .domain import CURRENT, Catalogue, CatalogueForm, CatalogueList, CatalogueName, EntryForm


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
