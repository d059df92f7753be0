"""HTTP API: the catalogues of product lines, faults, causes and reasons."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from aftersales.common.terms import CatalogueName, EntryForm, Term
from aftersales.engine import PROBLEMS, RequestContext
from aftersales.policy.model.figures import Texts
from aftersales.values import Code

from . import handlers
from .domain import Catalogue, CatalogueForm
from .store import load_glossary

router = APIRouter(prefix="/catalogues", responses=PROBLEMS)


class CatalogueMatch(BaseModel):
    """What a word means in a catalogue."""

    code: str | None
    """Null: no entry has this word."""
    names: Texts | None
    suggestions: tuple[str, ...] = ()
    """Codes that may be meant, if no entry has the word."""


@router.get("/{name}")
async def show_catalogue(name: CatalogueName, context: RequestContext) -> Catalogue:
    """Show a catalogue with all its entries."""
    return await context.read(Catalogue, name)


@router.get("/{name}/match")
async def match_word(
    name: CatalogueName, word: Annotated[Term, Query()], context: RequestContext, line: Code | None = None
) -> CatalogueMatch:
    """Show what a word means, or which entries may be meant. `line` narrows faults to those of a product line."""
    terms = getattr(await load_glossary(context.mongo), name)
    code = terms.match(word, line)
    return CatalogueMatch(
        code=code,
        names=terms.entries[code].names if code else None,
        suggestions=() if code else terms.suggest(word, line),
    )


@router.put("/{name}")
async def save_catalogue(name: CatalogueName, form: CatalogueForm, context: RequestContext) -> Catalogue:
    """Replace a catalogue; If-Match with its ETag keeps two people from overwriting each other's changes."""
    return await context.do(handlers.save_catalogue, name, form)


@router.put("/{name}/{code}")
async def save_catalogue_entry(
    name: CatalogueName,
    code: Annotated[Code, Path(description="The code of the entry")],
    form: EntryForm,
    context: RequestContext,
) -> Catalogue:
    """Add an entry to a catalogue, or replace the one with this code."""
    return await context.do(handlers.save_catalogue_entry, name, code, form)
