"""The commands of a technician's phone. Each has the body of its own route. Pure."""

from typing import Annotated, Literal

from pydantic import Field, WrapValidator

from aftersales.common.deeds import DONE_NOW, MOST_COMMANDS, DeedForm, DeviceCommand, read_leniently
from aftersales.dispatch.changes.domain import MoveAppointment, NotReached, PauseWork, ResumeWork, TakeUnit
from aftersales.dispatch.orders.domain.order import NUMBER
from aftersales.dispatch.orders.domain.report import CompleteVisit
from aftersales.dispatch.visits.domain import Decline, Diagnose, NeedPart
from aftersales.values import Value


class OrderCommand(DeviceCommand):
    order: Annotated[str, Field(pattern=NUMBER)]
    """The number of the work order."""
    command: str
    """The last part of the path of the command's own route."""
    body: DeedForm
    """The body that this route accepts."""


class AcceptCommand(OrderCommand):
    """`POST /orders/{number}/accept`."""

    command: Literal["accept"]
    body: DeedForm = DONE_NOW


class DeclineCommand(OrderCommand):
    """`POST /orders/{number}/decline`."""

    command: Literal["decline"]
    body: Decline


class DepartCommand(OrderCommand):
    """`POST /orders/{number}/depart`."""

    command: Literal["depart"]
    body: DeedForm = DONE_NOW


class ArriveCommand(OrderCommand):
    """`POST /orders/{number}/arrive`."""

    command: Literal["arrive"]
    body: DeedForm = DONE_NOW


class DiagnoseCommand(OrderCommand):
    """`POST /orders/{number}/diagnose`."""

    command: Literal["diagnose"]
    body: Diagnose


class NeedPartCommand(OrderCommand):
    """`POST /orders/{number}/need-part`."""

    command: Literal["need-part"]
    body: NeedPart


class CompleteCommand(OrderCommand):
    """`POST /orders/{number}/complete`."""

    command: Literal["complete"]
    body: CompleteVisit


class MoveCommand(OrderCommand):
    """`POST /orders/{number}/move`."""

    command: Literal["move"]
    body: MoveAppointment


class PauseCommand(OrderCommand):
    """`POST /orders/{number}/pause`."""

    command: Literal["pause"]
    body: PauseWork


class ResumeCommand(OrderCommand):
    """`POST /orders/{number}/resume`."""

    command: Literal["resume"]
    body: ResumeWork


class NotReachedCommand(OrderCommand):
    """`POST /orders/{number}/not-reached`."""

    command: Literal["not-reached"]
    body: NotReached


class TakeUnitCommand(OrderCommand):
    """`POST /orders/{number}/take-unit`."""

    command: Literal["take-unit"]
    body: TakeUnit


class ReturnUnitCommand(OrderCommand):
    """`POST /orders/{number}/return-unit`."""

    command: Literal["return-unit"]
    body: DeedForm = DONE_NOW


FieldCommand = Annotated[
    AcceptCommand
    | DeclineCommand
    | DepartCommand
    | ArriveCommand
    | DiagnoseCommand
    | NeedPartCommand
    | CompleteCommand
    | MoveCommand
    | PauseCommand
    | ResumeCommand
    | NotReachedCommand
    | TakeUnitCommand
    | ReturnUnitCommand,
    Field(discriminator="command"),
    WrapValidator(read_leniently),
]
"""A command of a phone, or an `UnreadableCommand` in its place."""


class FieldCommands(Value):
    commands: Annotated[tuple[FieldCommand, ...], Field(min_length=1, max_length=MOST_COMMANDS)]
    """The commands in the order in which they were given."""
