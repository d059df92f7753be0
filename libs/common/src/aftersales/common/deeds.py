"""Deeds: what people do in the field, with the time of the deed beside the time of its report (ADR 18). Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import Field, StringConstraints, ValidationError, ValidatorFunctionWrapHandler

from aftersales.common.events import Event
from aftersales.values import GeoPoint, Moment, Value
from aftersales.values.errors import Malformed

SKEW = timedelta(minutes=5)
"""How far the clock of a phone may be ahead of ours; its deed counts as done at the receipt."""


class DeedForm(Value):
    """When and where something was done, if it is reported later. Every field may be missing."""

    at: Moment | None = None
    """The time at which it was done, if that is not now. It is clamped between the last deed that is known and now."""
    position: GeoPoint | None = None
    """The place where it was done, as the phone measured it."""
    decided_on: Annotated[int, Field(ge=0, strict=True)] | None = None
    """The version that the phone showed when it was done."""


DONE_NOW = DeedForm()
"""Something that is reported when it is done."""


MOST_COMMANDS = 200
"""The most commands that a device sends together."""


class DeviceCommand(Value):
    """A command of a device that was offline; it is sent together with others."""

    id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,60}$")]
    """Identifies the command like an Idempotency-Key: it counts once, and later gets the stored answer."""


class UnreadableCommand(NamedTuple):
    """A command that does not fit its form, so that only this one is refused."""

    id: str
    errors: list[Any]


def read_leniently(given: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Read one command of several; one that does not fit its form refuses no other."""
    try:
        return validate(given)
    except ValidationError as error:
        said = given if isinstance(given, dict) else {}
        found: list[Any] = error.errors(include_url=False, include_input=False)
        for one in found:
            if one["loc"][:1] == (said.get("command"),):  # the kind of command, which no field is named after
                one["loc"] = one["loc"][1:]
        return UnreadableCommand(said["id"] if isinstance(said.get("id"), str) else "", found)


class Deed(Value):
    """Something that was done, as it counts."""

    what: str
    """The command, such as `arrive`."""
    at: datetime
    """The time at which it was done."""
    received_at: datetime
    """The time at which it was reported."""
    by: str
    """The person who reported it."""
    claimed: bool = False
    """Whether `at` is the word of the person's device, and not the time of the report."""
    stated_at: datetime | None = None
    """The time that the device stated, if it lay outside the bounds."""
    position: GeoPoint | None = None
    """The place where it was done, as the device measured it."""
    decided_on: int | None = None
    """The version that the device showed."""
    found: int
    """The version that the deed met; another one than `decided_on` was unknown to the person."""


class ReportReceipt(NamedTuple):
    """The receipt of a report: its time, who sent it, and the version of the document that it met."""

    at: datetime
    by: str
    found: int


def mark_claimed(events: Iterable[Event], deed: Deed) -> tuple[Event, ...]:
    """Return the events of a claimed deed with `claimed` and the time of its report, if they have these fields."""
    marks = {"claimed": True, "received_at": deed.received_at} if deed.claimed else {}
    return tuple(
        event.model_copy(update=marks) if marks and marks.keys() <= type(event).model_fields.keys() else event
        for event in events
    )


def judge_time(stated: datetime | None, since: datetime, now: datetime) -> datetime:
    """Return when a deed counts as done: as stated, but not before `since`, the last one known, and not after `now`.

    Raises `Malformed` for a time in the future, because the clock of the device is wrong then.
    """
    if stated is None:
        return now
    if stated > now + SKEW:
        raise Malformed("deed.in_future", at=stated.isoformat(), now=now.isoformat())
    return min(max(stated, since), now)


def judge_deed(what: str, form: DeedForm, since: datetime, receipt: ReportReceipt) -> Deed:
    """Return the deed as it counts. Raises like `judge_time`."""
    at = judge_time(form.at, since, receipt.at)
    return Deed(
        what=what,
        at=at,
        received_at=receipt.at,
        by=receipt.by,
        claimed=at != receipt.at,
        stated_at=form.at if form.at not in {None, at} else None,
        position=form.position,
        decided_on=form.decided_on,
        found=receipt.found,
    )
