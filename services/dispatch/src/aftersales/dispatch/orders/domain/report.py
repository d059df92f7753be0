"""The service report (售后服务报告单): what was found, done and used (DSP-10)."""

from typing import Annotated

from pydantic import StrictBool, StringConstraints

from aftersales.values import Code, Line, Quantity, Value, Words

Account = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
"""A few sentences, not empty."""


class UsedPart(Value):
    part: Code
    quantity: Quantity


class ServiceReport(Value):
    """A report needs a cause, a solution and a signature (DSP-10)."""

    cause: Account
    solution: Account
    parts_used: tuple[UsedPart, ...] = ()
    tested: StrictBool
    customer_remarks: Words = ""
    signed_by: Line
