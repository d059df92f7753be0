"""Contracts (INT-13): agreed, used up, fulfilled, and watched by their clock."""

from aftersales.common.sla import Said
from aftersales.common.work import Work
from aftersales.intake.domain import contract as contracts
from aftersales.intake.domain.branch import Branch
from aftersales.intake.domain.contract import Commission, Contract, ContractForm, Train

from .archive import need_customer
from .branches import known_branch


async def agree_contract(work: Work, number: str | None, form: ContractForm) -> Contract:
    """Make or change it; without a number of the customer's own it gets one of ours."""
    branch = await known_branch(work, form.branch)
    customer = await need_customer(work, form.customer)
    number = number or await work.number("CT")
    known = await work.get(Contract, number)
    said = Said(work.now, work.actor, "agreed")
    contract, news = contracts.agree(known, number, form, branch, said)
    if number not in customer.contracts:
        work.put(customer.but(contracts=(*customer.contracts, number)))
    return contract if contract == known else work.put(contract, *news)


async def commission_contract(work: Work, number: str, form: Commission) -> Contract:
    known = await work.need(Contract, number)
    branch = await work.need(Branch, known.branch)
    contract, news = contracts.commission(known, form, branch, work.actor, work.now)
    return contract if contract == known else work.put(contract, *news)


async def record_training(work: Work, number: str, form: Train) -> Contract:
    known = await work.need(Contract, number)
    branch = await work.need(Branch, known.branch)
    return work.put(contracts.train(known, form, branch, work.actor, work.now))


async def wake_contract(work: Work, number: str) -> None:
    """Say that the commissioning is late, or soon will be (ALL-3)."""
    contract = await work.get(Contract, number)
    if contract and contract.wake_at and contract.wake_at <= work.now:
        ticked, marks = contracts.tick(contract, work.now)
        work.put(ticked, *marks)
