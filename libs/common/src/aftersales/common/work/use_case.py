"""A use case: a handler with what it preloads, and the document that `If-Match` is about, declared beside it."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial, update_wrapper
from inspect import signature
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.work.identity import Needs, Then
from aftersales.common.work.unit import Work

P = ParamSpec("P")
T = TypeVar("T")
Target = tuple[type[Aggregate], str] | tuple[type[Aggregate], str, Then]
"""The document that a command changes, by its id, and what it leads to (`Need`)."""


class UseCase(Generic[P, T]):
    """A handler, called as before: `await handler(work, …)`."""

    def __init__(
        self,
        handle: Callable[Concatenate[Work, P], Coroutine[Any, Any, T]],
        about: Callable[..., Target | None] | None,
        preload: Callable[..., Needs] | None,
    ) -> None:
        update_wrapper(self, handle)
        self.__name__ = handle.__name__
        self._handle = handle
        self._about, self._preload = about and _Named(about, handle), preload and _Named(preload, handle)

    def __call__(self, work: Work, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        return self._handle(work, *args, **kwargs)

    @property
    def declares_target(self) -> bool:
        """Whether its calls can be about a document."""
        return self._about is not None

    def about(self, *args: P.args, **kwargs: P.kwargs) -> Target | None:
        """The document that a call with these arguments is about; None where it is about none."""
        target: Target | None = self._about(args, kwargs) if self._about else None
        return target

    def needs(self, *args: P.args, **kwargs: P.kwargs) -> Needs:
        """All documents that a call with these arguments preloads."""
        about = self.about(*args, **kwargs)
        return (*((about,) if about else ()), *(self._preload(args, kwargs) if self._preload else ()))


def use_case(
    *, about: Callable[..., Target | None] | None = None, preload: Callable[..., Needs] | None = None
) -> Callable[[Callable[Concatenate[Work, P], Coroutine[Any, Any, T]]], UseCase[P, T]]:
    """Declare what a handler is about and what it preloads. Both name the handler's parameters that they look at.

    `about` is the document that `If-Match` is held against, which is preloaded too. A handler without it changes no
    document that a caller could have read, and refuses `If-Match`. A handler that preloads nothing either needs no
    declaration.
    """

    def declared(handle: Callable[Concatenate[Work, P], Coroutine[Any, Any, T]]) -> UseCase[P, T]:
        return UseCase(handle, about, preload)

    return declared


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A handler with its arguments, ready to be run."""

    run: Callable[[Work], Awaitable[T]]
    why: str
    """The handler's name, as the audit trail has it."""
    about: Target | None
    needs: Needs


def prepare_call(
    handler: Callable[Concatenate[Work, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> Call[T]:
    """Make a handler, declared as a use case or not, ready to be run with these arguments."""

    async def run(work: Work) -> T:
        return await handler(work, *args, **kwargs)

    if isinstance(handler, UseCase):
        return Call(run, handler.__name__, handler.about(*args, **kwargs), handler.needs(*args, **kwargs))
    return Call(run, handler.__name__, None, ())


def needs_of(handler: Callable[..., Any]) -> Callable[[Any], Needs]:
    """What a handler of events preloads for an event; its other arguments may be given beforehand by `partial`."""
    given = handler.func if isinstance(handler, partial) else handler
    return given.needs if isinstance(given, UseCase) else lambda _event: ()


class _Named:
    """A function that takes some of a handler's arguments by their names. Raises `TypeError` for a name it lacks."""

    def __init__(self, function: Callable[..., Any], handle: Callable[..., Any]) -> None:
        names = tuple(signature(handle).parameters)[1:]
        wanted = tuple(signature(function).parameters)
        if strange := set(wanted) - set(names):
            raise TypeError(f"{handle.__name__} has no parameters {sorted(strange)}")
        self._function, self._places = function, tuple((names.index(name), name) for name in wanted)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._function(*(args[at] if at < len(args) else kwargs[name] for at, name in self._places))
