"""The waiting orders of a branch, looked at again because a technician there has changed."""

from typing import ClassVar

from aftersales.common.aggregate import Aggregate

STEP = 50
"""Orders of one step: the writer has other work in between."""


class SecondLook(Aggregate):
    """How far the look has come; its id is the branch, and it is deleted at the end."""

    COLLECTION: ClassVar[str] = "second_looks"
    AUDITED: ClassVar[bool] = False

    after: str = ""
    """The last order that was looked at."""
