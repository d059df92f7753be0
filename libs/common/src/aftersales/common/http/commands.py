"""Commands of a device that was offline, sent together: each is done by itself, in order, with its own answer."""

import hashlib
from collections.abc import Callable, Sequence
from contextvars import copy_context
from datetime import timedelta
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from aftersales.common.deeds import DeviceCommand, UnreadableCommand
from aftersales.common.http.problem import Problem, make_problem, wrong_fields
from aftersales.common.http.request_context import BatchCall, RequestContext
from aftersales.common.mongo import Document
from aftersales.common.work import AnswerKey, Stored
from aftersales.common.work.use_case import Call
from aftersales.values.errors import DomainError
from aftersales.values.personal import show_in_full

C = TypeVar("C", bound=DeviceCommand)
T = TypeVar("T")
_ANSWERS_LONGER = timedelta(days=11)
"""Time to store the answers beyond that of an Idempotency-Key: a device may be without a network for two weeks."""


class CommandAnswer(BaseModel, Generic[T]):
    """The answer to one command, as its own route would have answered."""

    id: str
    """The id of the command."""
    status: int
    """The HTTP status, such as 200 or 409."""
    repeated: bool = False
    """Whether this is the stored answer to a command that was sent before."""
    body: T | None = None
    """The body of the answer; null if the command was refused."""
    problem: Problem | None = None
    """The reason of the refusal."""


class CommandAnswers(BaseModel, Generic[T]):
    """The answers to several commands."""

    answers: list[CommandAnswer[T]]
    """One answer for each command, in their order."""


async def do_commands(
    context: RequestContext, commands: Sequence[C | UnreadableCommand], make_call: Callable[[C], Call[T]]
) -> CommandAnswers[T]:
    """Run the call of each command, in order. Raises `Busy`: then send the same commands again."""
    calls = {
        at: BatchCall(make_call(command), command.id, _answer_key(context, command))
        for at, command in enumerate(commands)
        if not isinstance(command, UnreadableCommand)
    }
    results = dict(zip(calls, await context.do_each(list(calls.values())), strict=True))
    return CommandAnswers(
        answers=[_answer(command, results.get(at), context.locale) for at, command in enumerate(commands)]
    )


def _answer_key(context: RequestContext, command: DeviceCommand) -> AnswerKey:
    where = f"{context.caller.subject or context.actor}|POST|{context.path}|{command.id}"
    asker = copy_context()  # the answer is stored as this caller may see it (ALL-6)
    said = show_in_full(command.model_dump_json, exclude_unset=True)
    id, content = (hashlib.sha256(text.encode()).hexdigest() for text in (where, said))
    return AnswerKey(id, content, lambda result: asker.copy().run(_stored, result), longer=_ANSWERS_LONGER)


def _stored(result: Any) -> Document:
    if isinstance(result, DomainError):
        return {"problem": result.code, "params": result.params, "status": result.status}
    return {"status": 200, "body": to_json(result)}


def _answer(command: DeviceCommand | UnreadableCommand, result: Any, locale: str) -> CommandAnswer[Any]:
    repeated = isinstance(result, Stored)
    if isinstance(command, UnreadableCommand):
        said: Document = {"problem": "input.malformed", "status": 422}
        said["params"] = {"errors": wrong_fields(command.errors, locale)}
    elif isinstance(result, Stored):
        said = result.answer
    elif isinstance(result, Exception) and not isinstance(result, DomainError):
        said = {"problem": "internal.error", "params": {}, "status": 500}
    elif isinstance(result, DomainError):
        said = _stored(result)
    else:
        return CommandAnswer(id=command.id, status=200, body=result)
    if "problem" not in said:
        return CommandAnswer(id=command.id, status=said["status"], repeated=repeated, body=from_json(said["body"]))
    problem = make_problem(said["status"], said["problem"], said["params"], locale)
    return CommandAnswer(id=command.id, status=problem.status, repeated=repeated, problem=problem)
