"""Use cases: contracts with their use and clock (INT-13), and entitlements with their reminders (INT-14)."""

from aftersales.engine import Event, PolicyCatalogue, UnitOfWork, use_case
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.archive.domain.product import Product
from aftersales.intake.archive.handlers import look_up_model, need_customer, policy_of
from aftersales.intake.catalogues.domain import require_code
from aftersales.intake.catalogues.store import TERMS, load_glossary
from aftersales.intake.network.domain import Branch
from aftersales.intake.network.handlers import known_branch
from aftersales.policy.choose import Facts
from aftersales.policy.sla import ChangeNote

from .domain import contract_terms
from .domain import entitlement as entitlements
from .domain.contract import Commission, Contract, ContractForm, Train
from .domain.contract_terms import ContractGround
from .domain.entitlement import Entitlement


@use_case(
    about=lambda number: (Contract, number) if number else None,
    preload=lambda form: ((Branch, form.branch), (Customer, form.customer), *TERMS),
)
async def agree_contract(
    work: UnitOfWork, number: str | None, form: ContractForm, catalogue: PolicyCatalogue
) -> Contract:
    """Create or change a contract; without a number it gets one of ours."""
    branch = await known_branch(work, form.branch)
    customer = await need_customer(work, form.customer)
    form = await _match_words(work, form)
    number = number or await work.number("CT")
    known = await work.get(Contract, number)
    said = ChangeNote(work.now, work.actor, "agreed")
    facts = Facts(branch.id, next(iter(form.lines), ""), "commissioning", "", branch.day_of(work.now))
    ground = ContractGround(branch, await catalogue.choose(work, facts))
    contract, events = contract_terms.agree_contract(known, number, form, ground, said)
    if number not in customer.contracts:
        work.put(customer.but(contracts=(*customer.contracts, number)))
    return contract if contract == known else work.put(contract, *events)


async def _match_words(work: UnitOfWork, form: ContractForm) -> ContractForm:
    """Return the form with the codes of its lines and models (ALL-1). Raises `Malformed` for an unknown line."""
    lines = (await load_glossary(work)).lines
    models = [(word, (await look_up_model(work, word)).model) for word in form.models]
    codes = {
        "lines": tuple(require_code(lines, "lines", word) for word in form.lines),
        "models": tuple(model.id if model else word for word, model in models),
    }
    return form.model_copy(update=codes)


@use_case(about=lambda number: (Contract, number))
async def commission_contract(work: UnitOfWork, number: str, form: Commission) -> Contract:
    known = await work.require(Contract, number)
    branch = await work.require(Branch, known.branch)
    contract, events = contract_terms.commission_contract(known, form, branch, work.actor, work.now)
    return contract if contract == known else work.put(contract, *events)


@use_case(about=lambda number: (Contract, number))
async def record_training(work: UnitOfWork, number: str, form: Train) -> Contract:
    known = await work.require(Contract, number)
    branch = await work.require(Branch, known.branch)
    contract, events = contract_terms.record_training(known, form, branch, work.actor, work.now)
    return work.put(contract, *events)


async def wake_contract(work: UnitOfWork, number: str) -> None:
    """Publish events when the commissioning or the training is overdue or soon will be (ALL-3)."""
    contract = await work.get(Contract, number)
    if contract and contract.wake_at and contract.wake_at <= work.now:
        ticked, marks = contract_terms.tick_contract(contract, work.now)
        work.put(ticked, *marks)


async def grant_entitlements(
    work: UnitOfWork, known: Product | None, product: Product, catalogue: PolicyCatalogue
) -> tuple[Product, tuple[Event, ...]]:
    """Grant the entitlements of a purchase once its day is known. Return the product, and events to save with it.

    The policy of the day of recording applies, because a purchase may be older than any policy.
    """
    day = product.purchased_on
    if day is None or (known and known.purchased_on):
        return product, ()
    branch = await work.require(Branch, product.branch)
    policy = await policy_of(work, product, branch.day_of(work.now), catalogue)
    granted, events = entitlements.derive_entitlements(product, day, policy, branch, work.now)
    for entitlement in granted:
        work.put(entitlement)
    return product.but(entitled=tuple(one.id for one in granted)), events


async def wake_entitlement(work: UnitOfWork, id: str) -> None:
    known = await work.get(Entitlement, id)
    if known and known.wake_at and known.wake_at <= work.now:
        woken, events = entitlements.wake_entitlement(known, work.now)
        work.put(woken, *events)
