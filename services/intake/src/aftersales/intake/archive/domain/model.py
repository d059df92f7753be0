"""The register of models: what the company sells, the same in all branches (INT-3)."""

from typing import Annotated, ClassVar, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.values import Code, Line, Value

REGISTER = "models"
"""The id of the one `ModelRegister`."""


class ModelForm(Value):
    """A model's particulars."""

    line: Code
    """The product line, which is also the skill a technician needs."""
    title: Line
    warranty_months: Annotated[int, Field(ge=0, le=1200, strict=True)] = 12
    discontinued: Annotated[bool, Field(strict=True)] = False


class Model(Aggregate):
    """A model in the register; its id is its code."""

    COLLECTION: ClassVar[str] = "models"

    branch: str = "-"
    line: str
    title: str
    warranty_months: int
    discontinued: bool


class ModelRegister(Aggregate):
    """Whether there is a register at all: it is there as soon as one model is."""

    COLLECTION: ClassVar[str] = "model_register"
    AUDITED: ClassVar[bool] = False

    id: str = REGISTER
    branch: str = "-"


class Listing(NamedTuple):
    """What the register says of a model."""

    model: Model | None = None
    kept: bool = False
    """Whether there is a register."""

    @property
    def unknown(self) -> bool:
        return self.kept and self.model is None


def enter_model(known: Model | None, code: str, form: ModelForm) -> Model:
    """Put the model into the register, or change what is said of it."""
    return known.but(**form.model_dump()) if known else Model(id=code, **form.model_dump())
