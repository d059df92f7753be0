"""Customers whose personal data was erased: a stone with the id, to which nothing can be added (ALL-6). Pure."""

from aftersales.values.errors import DomainError

from .customer import Customer


def must_not_be_erased(customer: Customer) -> Customer:
    """Return the customer. Raises `DomainError` for an erased one."""
    if customer.erased_at:
        raise DomainError("customer.erased", customer=customer.id)
    return customer
