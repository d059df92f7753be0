"""`If-Match` (RFC 9110, section 13.1.1): a command runs only if its document has the version that the caller read."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aftersales.common.work import Call, UnitOfWork
from aftersales.values.errors import PreconditionFailed

T = TypeVar("T")


def held_against(expected: str | None, command: Call[T]) -> Callable[[UnitOfWork], Awaitable[T]]:
    """Return the command, refused with `PreconditionFailed` if its document has another version or does not exist.

    Raises `PreconditionFailed` for a command about no document, because nothing could match.
    """
    if not expected:
        return command.run
    if command.about is None:
        raise PreconditionFailed("version.none")
    kind, id, *_ = command.about
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in expected.split(",")}

    async def run(work: UnitOfWork) -> T:
        state = await work.get(kind, id)
        if state and not tags & {"*", str(state.version)}:
            raise PreconditionFailed("version.changed", id=id, version=state.version)
        result = await command.run(work)
        if state is None:  # only now, so that a refusal without If-Match keeps its reason (RFC 9110, 13.2.1)
            raise PreconditionFailed("version.missing", id=id)
        return result

    return run
