"""The part master (INV-1, INV-15): the parts, what they are used for, and their prices."""

from typing import Annotated, ClassVar

from pydantic import Field

from aftersales.common.aggregate import Aggregate
from aftersales.values import Code, Line, Money, Quantity, Value

Uses = Annotated[tuple[Code, ...], Field(max_length=50)]
"""Codes of faults or product lines."""


class RegisterPart(Value):
    """A part's details, the same in all branches."""

    name: Line
    """The name of the part."""
    model: Line | None = None
    """The maker's model."""
    specification: Line | None = None
    """Size, material, voltage or the like."""
    faults: Uses = ()
    """The faults that it repairs, on any of `lines`."""
    lines: Uses = ()
    """The product lines that it fits."""
    quantity_per_job: Quantity = 1
    """The pieces that one repair needs."""
    price: Money | None = None
    """The list price of one piece; null if unknown."""


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
