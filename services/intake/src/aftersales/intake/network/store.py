"""Documents and indexes of the network, the roles of the rulebook, and a search for people (ALL-2, ALL-8)."""

import tomllib
from collections.abc import Collection
from datetime import date
from importlib.resources import files

from aftersales.common.sign_in.accounts import ACCOUNT_INDEXES, Account
from aftersales.engine import Aggregate, BranchHours, Document, Index, Reads

from .domain import Branch, Person, Role

INDEXES: dict[type[Aggregate], tuple[Index, ...]] = {
    Branch: (),
    BranchHours: (),
    Role: (),
    Account: ACCOUNT_INDEXES,
    Person: (
        Index("branch", "roles", "-_id"),
        Index("branch", "-_id"),
        Index("roles", "-_id"),
        Index("subject", partial={"subject": {"$type": "string"}}),
    ),
}


def packaged_roles() -> tuple[Role, ...]:
    """Return the roles of the rulebook from the package (ALL-8)."""
    packaged = tomllib.loads(files(__package__).joinpath("roles.toml").read_text("utf-8"))
    return tuple(Role(id=code, **fields) for code, fields in packaged.items())


async def find_serving(mongo: Reads, roles: Collection[str], branches: Collection[str], today: date) -> tuple[str, ...]:
    """Return people in service with one of the roles in one of the branches (empty means any), by code."""
    where: Document = {"active": True}
    where |= {"roles": {"$in": list(roles)}} if roles else {}
    where |= {"branch": {"$in": list(branches)}} if branches else {}
    day = today.isoformat()
    found = await mongo.rows(Person, where, only=("since", "until"))
    return tuple(row["_id"] for row in found if (row["since"] or day) <= day <= (row["until"] or day))
