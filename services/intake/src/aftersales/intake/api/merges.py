"""HTTP in: customers who turn out to be one (INT-3)."""

from typing import Annotated

from fastapi import APIRouter, Path

from aftersales.common.aggregate import Aggregate
from aftersales.common.service import PROBLEMS, Cursor, Desk, Limit, Page
from aftersales.common.work.piece import Need
from aftersales.intake.domain.contact import CustomerId
from aftersales.intake.domain.customer import ContactPoint, Customer, numbers
from aftersales.intake.domain.merge import Merge, MergeCustomers, UndoMerge
from aftersales.intake.domain.product import Product
from aftersales.intake.domain.search import SearchEntry
from aftersales.intake.handlers import merges

router = APIRouter(responses=PROBLEMS)
Id = Annotated[CustomerId, Path()]


@router.post("/customers/{customer}/merge")
async def merge_customers(customer: Id, command: MergeCustomers, desk: Desk) -> Merge:
    """Merge the other one into this customer: phones, addresses and products come here, requests are found here."""
    other: Need = (Customer, command.other, lambda loser: [(ContactPoint, number) for number in numbers(loser)])
    entries = ((SearchEntry, customer), (SearchEntry, command.other))
    needs = ((Customer, customer), other, (Product, {"customer": command.other}), *entries)
    return await desk.do(merges.merge_customers, customer, command, needs=needs)


@router.get("/customers/{customer}/merges")
async def list_merges(customer: Id, desk: Desk, cursor: Cursor = None, limit: Limit = 50) -> Page[Merge]:
    """Who was merged into this customer, the newest first."""
    return await desk.page(Merge, {"winner": customer}, cursor, limit)


@router.post("/merges/{merge}/undo")
async def undo_merge(merge: Id, command: UndoMerge, desk: Desk) -> Merge:
    """Put back exactly what the merge moved; refused when some of it went on to somebody else."""
    return await desk.do(merges.undo_merge, merge, command, needs=((Merge, merge, _moved),))


def _moved(record: Merge) -> list[tuple[type[Aggregate], str]]:
    """Everything that goes back."""
    both = [(kind, id) for kind in (Customer, SearchEntry) for id in (record.winner, record.loser)]
    numbers = [(ContactPoint, number) for number in record.numbers]
    return [*both, *numbers, *((Product, serial) for serial in record.products)]
