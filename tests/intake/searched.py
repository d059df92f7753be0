"""A customer whom tests search for, and whether a query finds one."""

from typing import Any

from aftersales.intake.archive.domain.customer import ArchiveCustomer, Customer, update_customer
from aftersales.intake.archive.domain.search import parse_query, search_entry
from aftersales.intake.archive.domain.standing import ClassWeights

PLAIN = {"branch": "BJ01", "phone": "13800138000", "address": "北京市朝阳区建国路88号院3号楼1201"}


def customer(name: str = "王小芳", **said: Any) -> Customer:
    known = Customer(id="c-1", branch="BJ01", name=name, phone="+8613800138000", address=PLAIN["address"])
    form = ArchiveCustomer.model_validate(PLAIN | {"name": name} | said)
    return update_customer(known, form, "desk-7", ClassWeights())


def finds(someone: Customer, query: str) -> bool:
    tokens = set(search_entry(someone).tokens)
    asked = parse_query(query)
    return bool(asked) and all(tokens.issuperset(word.tokens) for word in asked)
