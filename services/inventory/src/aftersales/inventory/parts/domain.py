"""The part master (INV-1, INV-15): the parts, what they are used for, and their prices."""

from typing import Annotated, ClassVar

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.values import Code, Line, Money, Quantity, Value

Uses = Annotated[tuple[Code, ...], Field(max_length=50)]


class RegisterPart(Value):
    """A part's details, the same in all branches."""

    name: Line
    model: Line | None = None
    specification: Line | None = None
    faults: Uses = ()
    """The faults that it repairs, on any of `lines`."""
    lines: Uses = ()
    """The product lines that it fits."""
    quantity_per_job: Quantity = 1
    price: Money | None = None


class Part(Aggregate):
    COLLECTION: ClassVar[str] = "parts"

    branch: str = "-"
    name: str
    model: str | None
    specification: str | None
    faults: tuple[str, ...]
    lines: tuple[str, ...]
    jobs: tuple[str, ...]
    """Every `repair_kind` that uses the part: `faults` and `lines` combined, for searching."""
    quantity_per_job: int
    price: Money | None


def repair_kind(line: str, fault: str) -> str:
    """Return the name of a kind of repair, such as `refrigerator/no-cooling`."""
    return f"{line}/{fault}"


def register_part(state: Part | None, code: str, form: RegisterPart) -> Part:
    """Register a part, or change the details of a known one."""
    particulars = {name: getattr(form, name) for name in RegisterPart.model_fields}
    particulars["jobs"] = tuple(repair_kind(line, fault) for line in form.lines for fault in form.faults)
    return state.but(**particulars) if state else Part(id=code, **particulars)
