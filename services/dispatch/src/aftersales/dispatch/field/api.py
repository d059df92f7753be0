"""HTTP: commands of a phone that was offline."""

from fastapi import APIRouter, HTTPException

from aftersales.common.http.commands import CommandAnswers, do_commands
from aftersales.dispatch.orders.domain.order import WorkOrder
from aftersales.dispatch.orders.store import Rules
from aftersales.engine import PROBLEMS, RequestContext

from . import handlers
from .domain import FieldCommands

router = APIRouter(responses=PROBLEMS)


@router.post("/orders/batch")
async def send_commands(form: FieldCommands, context: RequestContext) -> CommandAnswers[WorkOrder]:
    """Send up to 200 commands of a phone that was offline (ADR 18); each has its own answer.

    They are done in their order, each as by its own route. A refused one stops no other: later commands of the same
    order are tried on its true state. A command that was sent before, up to 14 days ago, gets its stored answer.
    """
    rules = Rules(context.catalogue, context.settings.figures)
    return await do_commands(context, form.commands, lambda command: handlers.find_call(command, rules))


@router.get("/orders/batch", include_in_schema=False)
async def refuse_batch_as_order() -> None:
    """Refuse it; otherwise the route of one order would take `batch` for a number."""
    raise HTTPException(405)
