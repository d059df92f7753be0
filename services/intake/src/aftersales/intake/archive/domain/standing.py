"""What makes a customer important: marks for the customer class, and the team of a key customer (INT-3). Pure."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from aftersales.values import Line, Value

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

    team: Annotated[Line, StringConstraints(max_length=64)]
    """The name or code of the customer's own team."""
    perks: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """Promises to this customer, in words."""


CustomerClass = Literal["A", "B", "C"]
"""`A` is the most important class, `C` the usual one."""
_Weight = Annotated[int, Field(ge=0, le=1000)]


class ClassWeights(Value):
    """Weights of the criteria, and the lowest weighted means of the classes A and B."""

    size: _Weight = 20
    spend: _Weight = 40
    importance: _Weight = 25
    loyalty: _Weight = 15
    a_from: CriterionMark = 70
    b_from: CriterionMark = 40

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if not self.total or self.b_from > self.a_from:
            raise ValueError("something must weigh something, and b_from may not be above a_from")
        return self

    @property
    def total(self) -> int:
        return self.size + self.spend + self.importance + self.loyalty


class ClassStanding(Value):
    """A computed class with all its inputs."""

    criteria: Criteria
    weights: ClassWeights
    score: float
    """The weighted mean, from 0 to 100."""
    computed: CustomerClass


def classify_customer(criteria: Criteria, weights: ClassWeights) -> ClassStanding:
    """Compute the class from the weighted mean of the criteria."""
    score = sum(getattr(criteria, name) * getattr(weights, name) for name in Criteria.model_fields) / weights.total
    computed: CustomerClass = "A" if score >= weights.a_from else "B" if score >= weights.b_from else "C"
    return ClassStanding(criteria=criteria, weights=weights, score=round(score, 2), computed=computed)
