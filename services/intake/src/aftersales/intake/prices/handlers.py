"""Use cases: prices for labour, and what inventory says of the prices of parts (INV-15)."""

from aftersales.common.events.inventory import PartPriced
from aftersales.common.policies import POLICY_LIST
from aftersales.engine import PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.catalogues.domain import require_code
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.network.domain import local_day

from . import domain
from .domain import ANY_LINE, LabourPriceForm, ListedPrice, labour_id, part_id


@use_case(
    about=lambda code: (ListedPrice, labour_id(code)),
    preload=lambda: (*TERMS, *POLICY_LIST),
)
async def set_labour_price(
    work: UnitOfWork, code: str, form: LabourPriceForm, catalogue: PolicyCatalogue
) -> ListedPrice:
    """Set a price from a day on. Raises `Malformed` for a line that neither the catalogue nor a policy has."""
    known = await work.get(ListedPrice, labour_id(code))
    line = form.line
    if line != ANY_LINE and line not in (await catalogue.policy_index(work)).lines:
        line = require_code((await load_glossary(work)).lines, "lines", line)
    price = domain.set_labour_price(known, code, form, line)
    return price if price == known else work.put(price)


@use_case(preload=lambda event: ((ListedPrice, part_id(event.part)),))
async def follow_part_price(work: UnitOfWork, event: PartPriced, zone: str) -> None:
    """Keep the price of a part; it holds from the local day on which inventory set it."""
    known = await work.get(ListedPrice, part_id(event.part))
    price = domain.follow_part_price(known, event, local_day(event.since, zone))
    if price != known:
        work.put(price)
