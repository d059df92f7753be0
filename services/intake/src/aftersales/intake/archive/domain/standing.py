"""What makes a customer important: marks for the customer class, and the team of a key customer (INT-3). Pure."""

from typing import Annotated

from pydantic import Field

from aftersales.values import Code, Line, Value

CriterionMark = Annotated[int, Field(ge=0, le=100, strict=True)]
"""A mark from 0 (lowest) to 100 (highest)."""


class Criteria(Value):
    """Inputs of the customer class: marks from 0 to 100 that the business gives."""

    size: CriterionMark = 0
    """The customer's size, from 0 to 100."""
    spend: CriterionMark = 0
    """Their spending with us, from 0 to 100."""
    importance: CriterionMark = 0
    """Their importance to the business, from 0 to 100."""
    loyalty: CriterionMark = 0
    """Their loyalty, from 0 to 100."""


class Vip(Value):
    """The key customer's own team, and the promises made to them."""

    team: Code
    """The code of the customer's own team."""
    perks: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """Promises to this customer, in words."""
