"""The register of models that the company sells, common to all branches (INT-3)."""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.common.terms import Term, fold_term
from aftersales.values import Code, Line, Value

NO_MODEL = "unknown"
"""The model of a product whose model nobody has named."""
REGISTER = "models"
"""The id of the only `ModelRegister`."""


class ModelForm(Value):
    """The data of a model."""

    line: Term
    """The product line, in any word of the catalogue; its code is also the skill that a technician needs."""
    title: Line
    """The name of the model, for people."""
    synonyms: Annotated[tuple[Term, ...], Field(max_length=100)] = ()
    """Other words for the model, such as the number on the package."""
    warranty_months: Annotated[int, Field(ge=0, le=1200, strict=True)] | None = None
    """The term from the day of purchase (INT-6); null means that the service policy says it."""
    discontinued: Annotated[bool, Field(strict=True)] = False
    """Whether it is no longer sold."""
    replaced_by: Code | None = None
    """The model to use instead, for a model that was entered twice."""


class Model(Aggregate):
    """A model in the register; its id is its code."""

    COLLECTION: ClassVar[str] = "models"

    branch: str = "-"
    line: str
    title: str
    warranty_months: int | None
    discontinued: bool
    synonyms: tuple[str, ...] = ()
    replaced_by: str | None = None
    keys: tuple[str, ...] = ()
    """The code, the title and the synonyms, folded for comparison."""

    def derived(self) -> dict[str, Any]:
        return {"keys": tuple(dict.fromkeys(map(fold_term, (self.id, self.title, *self.synonyms))))}


class ModelRegister(Aggregate):
    """A marker that a register exists; it is created with the first model."""

    COLLECTION: ClassVar[str] = "model_register"
    AUDITED: ClassVar[bool] = False

    id: str = REGISTER
    branch: str = "-"


class Listing(NamedTuple):
    """The result of looking up a model in the register."""

    model: Model | None = None
    kept: bool = False
    """Whether a register exists."""

    @property
    def unknown(self) -> bool:
        return self.kept and self.model is None


def enter_model(known: Model | None, code: str, form: ModelForm) -> Model:
    """Add the model to the register, or change its data."""
    return known.but(**form.model_dump()) if known else Model(id=code, **form.model_dump())
