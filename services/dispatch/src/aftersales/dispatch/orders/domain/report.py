"""The service report (售后服务报告单): what was found, done and used (DSP-10)."""

from typing import Annotated

from pydantic import StrictBool, StringConstraints

from aftersales.common.deeds import DeedForm
from aftersales.common.fields import shared_fields
from aftersales.values import Code, Line, Quantity, Value, Words
from aftersales.values.personal import HIDDEN_TEXT, MASKED_NAME

Account = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
"""A few sentences, not empty."""


class UsedPart(Value):
    part: Code
    """The code of the part."""
    quantity: Quantity
    """The number of pieces."""


class ServiceReport(Value):
    """A report needs a cause, a solution and a signature (DSP-10)."""

    cause: Account
    """The cause of the fault."""
    solution: Account
    """The work that was done."""
    parts_used: tuple[UsedPart, ...] = ()
    """The parts that were used; the others go back to the store."""
    tested: StrictBool
    """Whether the product was tested after the repair."""
    customer_remarks: Annotated[Words, HIDDEN_TEXT] = ""
    """The customer's remarks."""
    signed_by: Annotated[Line, MASKED_NAME]
    """The name of the person who signed."""


class CompleteVisit(ServiceReport, DeedForm):
    """The report, and when the visit ended."""

    @property
    def report(self) -> ServiceReport:
        return ServiceReport(**shared_fields(self, ServiceReport))
