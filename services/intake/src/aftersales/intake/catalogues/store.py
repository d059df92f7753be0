"""Catalogue documents, the catalogues of a new installation, and catalogues prepared for matching."""

from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import yaml

from aftersales.common.terms import CATALOGUES, CatalogueName, Terms
from aftersales.engine import Aggregate, DocumentRefs, Index, Reads, UnitOfWork

from .domain import CURRENT, Catalogue, CatalogueAnnouncement, CatalogueForm, CatalogueList, Glossary, save_entries

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {Catalogue: (), CatalogueList: (), CatalogueAnnouncement: ()}
TERMS: DocumentRefs = ((CatalogueList, CURRENT),)
"""The documents that `load_glossary` reads, to be preloaded."""
_prepared: dict[str, Terms] = {}
"""Prepared catalogues by digest. Equal digests mean equal content, so an entry can never be out of date."""
_MOST_PREPARED = 100


def packaged_catalogues() -> tuple[Aggregate, ...]:
    """Return the catalogues of a new installation, their list and their announcement, which is due immediately."""
    catalogues = tuple(_packaged(name) for name in CATALOGUES)
    listed = CatalogueList(digests={one.id: one.digest for one in catalogues})
    return *catalogues, listed, CatalogueAnnouncement(wake_at=datetime.fromtimestamp(0, UTC))


def _packaged(name: CatalogueName) -> Catalogue:
    rows: list[Any] = yaml.load(files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"), yaml.CSafeLoader)
    return save_entries(Catalogue(id=name), CatalogueForm.model_validate({"entries": rows}))


async def load_glossary(source: UnitOfWork | Reads) -> Glossary:
    """Return all catalogues as they are now, each prepared once per content and process."""
    listed = await source.get(CatalogueList, CURRENT)
    digests = listed.digests if listed else {}
    return Glossary(**{name: await _terms(source, name, digests.get(name)) for name in CATALOGUES})


async def _terms(source: UnitOfWork | Reads, name: CatalogueName, digest: str | None) -> Terms:
    if digest in _prepared:
        return _prepared[digest]
    catalogue = await source.get(Catalogue, name) or Catalogue(id=name)
    if len(_prepared) >= _MOST_PREPARED:
        _prepared.clear()
    return _prepared.setdefault(catalogue.digest, Terms(catalogue.entries))
