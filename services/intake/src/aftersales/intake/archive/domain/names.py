"""What a caller says at a known telephone number: no name and no first address is lost (INT-3). Pure."""

from .caller import NamedCaller
from .contact import Address, NumberUser
from .customer import Customer
from .search import squeeze_text

MOST_ALIASES, MOST_USERS = 10, 20


def is_known_name(customer: Customer, name: str) -> bool:
    """Return whether the customer is known by this name, apart from spaces, case and width."""
    return squeeze_text(name) in {squeeze_text(known) for known in (customer.name, *customer.aliases)}


def add_alias(customer: Customer, name: str) -> Customer:
    """Keep another name at the same number: a family, a recycled number, a caretaker. The newest ones stay."""
    if not name or is_known_name(customer, name):
        return customer
    return customer.but(aliases=(*customer.aliases, name)[-MOST_ALIASES:])


def note_caller(customer: Customer, caller: NamedCaller) -> Customer:
    """Keep another name as an alias, and the address, e-mail address or chat account of a customer who had none."""
    named = add_alias(customer, caller.name)
    reached = {name: getattr(named, name) or getattr(caller, name) for name in ("email", "chat_id")}
    if any(reached[name] != getattr(named, name) for name in reached):
        named = named.but(**reached)
    if named.address or not caller.address:
        return named
    return named.but(address=caller.address, addresses=(Address(text=caller.address),))


def note_user(customer: Customer, user: NumberUser) -> Customer:
    """Keep who uses the customer's number in which way; what is said last of the same person counts (INT-3)."""
    name = squeeze_text(user.name)
    if name == squeeze_text(customer.name):
        return customer
    others = tuple(one for one in customer.users if squeeze_text(one.name) != name)
    return customer.but(users=(*others, user)[-MOST_USERS:])


def rename_customer(customer: Customer, before: Customer) -> Customer:
    """Keep the earlier name as an alias of a customer who is now called otherwise."""
    now = squeeze_text(customer.name)
    others = tuple(alias for alias in customer.aliases if squeeze_text(alias) != now)
    return add_alias(customer if others == customer.aliases else customer.but(aliases=others), before.name)
