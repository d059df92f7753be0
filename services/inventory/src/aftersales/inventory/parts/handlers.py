"""Use cases of store keepers for parts, and the correction of their words when one becomes known."""

from aftersales.common.catalogues import CatalogueCopy, load_terms
from aftersales.common.events.intake import DesignChanged
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case

from . import domain
from .domain import KnownUses, Part, PriceAnnouncement, RegisterPart, Supersedence

_PER_PAGE = 100
"""Parts per step of the announcement; a step is a job like others, which must not wait long for it."""


@use_case(
    about=lambda code: (Part, code),
    preload=lambda: (*POLICY_LIST, (CatalogueCopy, "lines"), (CatalogueCopy, "faults")),
)
async def register_part(work: UnitOfWork, code: str, form: RegisterPart, catalogue: PolicyCatalogue) -> Part:
    known = await work.get(Part, code)
    part = domain.register_part(known, code, form, await _known_uses(work, catalogue), work.now)
    part = await _linked(work, part)
    return part if part == known else work.put(part)


async def replace_parts(work: UnitOfWork, event: DesignChanged) -> None:
    """Keep which part replaces which (ALL-9). Of two design changes about a part the newer one holds."""
    for pair in event.supersessions:
        known = await work.get(Supersedence, pair.old)
        if known and known.published_at >= event.published_at:
            continue
        said = {"new": pair.new, "valid_from": pair.valid_from, "published_at": event.published_at}
        work.put(known.but(**said) if known else Supersedence(id=pair.old, **said))
        for code in {pair.old, pair.new, known.new if known else pair.new}:
            if (part := await work.get(Part, code)) and (linked := await _linked(work, part)) != part:
                work.put(linked)


async def _linked(work: UnitOfWork, part: Part) -> Part:
    return domain.link_part(part, await work.get(Supersedence, part.id), await work.find(Supersedence, new=part.id))


async def correct_uses(work: UnitOfWork, part: Part, catalogue: PolicyCatalogue) -> None:
    """Replace words by codes that the catalogues have learned, so that no part is left out silently (ALL-1)."""
    matched = domain.match_uses(part, await _known_uses(work, catalogue))
    if matched != part:
        work.put(matched)


async def _known_uses(work: UnitOfWork, catalogue: PolicyCatalogue) -> KnownUses:
    lines, faults = await load_terms(work, "lines"), await load_terms(work, "faults")
    return KnownUses(lines, faults, (await catalogue.policy_index(work)).lines)


async def announce_prices(work: UnitOfWork, id: str) -> None:
    """Publish a page of the prices that parts had before prices were published (INV-15)."""
    announcement = await work.get(PriceAnnouncement, id)
    if announcement is None or announcement.wake_at is None or announcement.wake_at > work.now:
        return
    page = await work.page(Part, {"_id": {"$gt": announcement.after}}, _PER_PAGE)
    for part in page:
        if part.price and part.priced_at is None:
            work.put(part.but(priced_at=work.now))
    more = len(page) == _PER_PAGE
    work.put(announcement.but(after=page[-1].id if more else "", wake_at=work.now if more else None))
