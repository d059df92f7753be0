"""Reads what the rows of a list need of other documents, all of a page at once. It changes nothing."""

import asyncio
from collections.abc import Collection

from aftersales.engine import Reads
from aftersales.intake.archive.domain.customer import Customer
from aftersales.intake.network.domain import Branch, Person
from aftersales.intake.requests.domain.lookup import NamesOfRows


async def read_names(
    mongo: Reads, *, branches: Collection[str], people: Collection[str], customers: Collection[str]
) -> NamesOfRows:
    """Return the branches, the names of people, and the customers with these ids."""
    places, owners, callers = await asyncio.gather(
        mongo.find(Branch, {"_id": {"$in": sorted(branches)}}),
        mongo.beyond_scope.rows(Person, {"_id": {"$in": sorted(people)}}, only=("name",)),
        mongo.rows(Customer, {"_id": {"$in": sorted(customers)}}, only=("name", "phone", "address")),
    )
    return NamesOfRows(
        {one.id: one for one in places},
        {one["_id"]: one["name"] for one in owners},
        {one["_id"]: one for one in callers},
    )
