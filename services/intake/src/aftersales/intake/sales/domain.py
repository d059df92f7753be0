"""Forms that only sheets use: a product with its owner. Pure."""

from typing import Self

from pydantic import model_validator

from aftersales.intake.archive.domain.contact import CustomerId
from aftersales.intake.archive.domain.statement import ProductForm
from aftersales.values import Phone


class ImportProduct(ProductForm):
    """A product of a customer in the archive, found by phone or by id (INT-3)."""

    phone: Phone | None = None
    customer: CustomerId | None = None

    @model_validator(mode="after")
    def _of_somebody(self) -> Self:
        if not (self.phone or self.customer):
            raise ValueError("product.owner_missing")
        return self
