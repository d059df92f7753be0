"""Use case: an unclear word gets its meaning (ALL-1, INT-9)."""

from aftersales.common.terms import EntryForm
from aftersales.engine import NotFound, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.catalogues.domain import Catalogue
from aftersales.intake.catalogues.handlers import save_catalogue_entry
from aftersales.intake.catalogues.store import TERMS
from aftersales.intake.requests.domain.request import ServiceRequest
from aftersales.intake.requests.domain.unclear import CATALOGUE_OF, ClearedWord, ClearUpWord, correction_of

from .corrections import correct_request

MOST_CLEARED = 100
"""Requests corrected at once, so that the writer can do other work in between."""


@use_case(about=lambda command: (Catalogue, CATALOGUE_OF[command.what]), preload=lambda: TERMS)
async def clear_up_word(work: UnitOfWork, command: ClearUpWord, catalogue: PolicyCatalogue) -> ClearedWord:
    """Add the word to the entry's synonyms, and correct the open requests that have it."""
    name = CATALOGUE_OF[command.what]
    entries = {one.code: one for one in (await work.require(Catalogue, name)).entries}
    if command.code not in entries:
        raise NotFound("catalogue.entry_unknown", catalogue=name, id=command.code)
    entry = entries[command.code]
    if command.word not in entry.words:
        said = entry.model_dump(include=set(EntryForm.model_fields)) | {"synonyms": (*entry.synonyms, command.word)}
        await save_catalogue_entry(work, name, command.code, EntryForm(**said))
    found = {"open": True, "unclear": {"$elemMatch": {"what": command.what, "word": command.word}}}
    page = await work.page(ServiceRequest, found, MOST_CLEARED + 1)
    for request in page[:MOST_CLEARED]:
        await correct_request(work, request.id, correction_of(command), catalogue, None)
    return ClearedWord(requests=tuple(one.id for one in page[:MOST_CLEARED]), more=len(page) > MOST_CLEARED)
