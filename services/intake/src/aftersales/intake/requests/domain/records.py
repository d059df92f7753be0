"""Records of what happened to a request besides its states: corrections. Only values."""

from datetime import datetime

from aftersales.values import Value


class FieldChange(Value):
    """A field of a request before and after a correction; null: nothing was there."""

    field: str
    before: str | None
    after: str | None


class Correction(Value):
    """A correction of the form: its author, time and reason, and all fields that it changed (ALL-5)."""

    at: datetime
    by: str
    why: str
    changes: tuple[FieldChange, ...]
    held_up: str | None = None
    """The state of the visit (`on_the_way`, `arrived` …) that was under way, so that its plan stays as it was."""
