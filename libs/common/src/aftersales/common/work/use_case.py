"""A use case: a handler, declared with the documents that it preloads and the one that `If-Match` is about."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial, update_wrapper
from inspect import signature
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from aftersales.common.aggregate import Aggregate
from aftersales.common.work.identity import DocumentRefs, Then
from aftersales.common.work.unit import UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")
CommandTarget = tuple[type[Aggregate], str] | tuple[type[Aggregate], str, Then]
"""The document that a command changes, by its id, and what it leads to (`DocumentRef`)."""


class UseCase(Generic[P, T]):
    """A handler, called as before: `await handler(work, …)`."""

    def __init__(
        self,
        handle: Callable[Concatenate[UnitOfWork, P], Coroutine[Any, Any, T]],
        about: Callable[..., CommandTarget | None] | None,
        preload: Callable[..., DocumentRefs] | None,
    ) -> None:
        update_wrapper(self, handle)
        self.__name__ = handle.__name__
        self._handle = handle
        self._about, self._preload = about and _Named(about, handle), preload and _Named(preload, handle)

    def __call__(self, work: UnitOfWork, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        return self._handle(work, *args, **kwargs)

    @property
    def declares_target(self) -> bool:
        """Whether its calls can be about a document."""
        return self._about is not None

    def about(self, *args: P.args, **kwargs: P.kwargs) -> CommandTarget | None:
        """Return the document that a call with these arguments is about, or None."""
        target: CommandTarget | None = self._about(args, kwargs) if self._about else None
        return target

    def preload(self, *args: P.args, **kwargs: P.kwargs) -> DocumentRefs:
        """Return all documents that a call with these arguments preloads."""
        about = self.about(*args, **kwargs)
        return (*((about,) if about else ()), *(self._preload(args, kwargs) if self._preload else ()))


def use_case(
    *, about: Callable[..., CommandTarget | None] | None = None, preload: Callable[..., DocumentRefs] | None = None
) -> Callable[[Callable[Concatenate[UnitOfWork, P], Coroutine[Any, Any, T]]], UseCase[P, T]]:
    """Declare the document that a handler is about, and those that it preloads.

    Both functions name the handler's parameters that they need. `about` returns the document whose version `If-Match`
    must match; it is preloaded too. A handler without it changes no document that a caller could have read, and refuses
    `If-Match`. A handler that preloads nothing needs no declaration.
    """

    def declared(handle: Callable[Concatenate[UnitOfWork, P], Coroutine[Any, Any, T]]) -> UseCase[P, T]:
        return UseCase(handle, about, preload)

    return declared


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A handler with its arguments, ready to run."""

    run: Callable[[UnitOfWork], Awaitable[T]]
    why: str
    """The handler's name, as recorded in the audit trail."""
    about: CommandTarget | None
    preload: DocumentRefs


def prepare_call(
    handler: Callable[Concatenate[UnitOfWork, P], Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> Call[T]:
    """Return the call of a handler, which need not be a use case, with these arguments."""

    async def run(work: UnitOfWork) -> T:
        return await handler(work, *args, **kwargs)

    if isinstance(handler, UseCase):
        return Call(run, handler.__name__, handler.about(*args, **kwargs), handler.preload(*args, **kwargs))
    return Call(run, handler.__name__, None, ())


def preload_of(handler: Callable[..., Any]) -> Callable[[Any], DocumentRefs]:
    """Return the preload function of an event handler, whose other arguments may be bound by `partial`."""
    given = handler.func if isinstance(handler, partial) else handler
    return given.preload if isinstance(given, UseCase) else lambda _event: ()


class _Named:
    """A function that takes some of a handler's arguments by name. Raises `TypeError` for a name the handler lacks."""

    def __init__(self, function: Callable[..., Any], handle: Callable[..., Any]) -> None:
        names = tuple(signature(handle).parameters)[1:]
        wanted = tuple(signature(function).parameters)
        if strange := set(wanted) - set(names):
            raise TypeError(f"{handle.__name__} has no parameters {sorted(strange)}")
        self._function, self._places = function, tuple((names.index(name), name) for name in wanted)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._function(*(args[at] if at < len(args) else kwargs[name] for at, name in self._places))
