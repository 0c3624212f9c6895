"""When are the methods of a dataclass compiled? When they are first asked for.

A dataclass has the text of six methods compiled for each class: half a millisecond, nine tenths of what the class
costs. A function imports 250 of them, its libraries' among them, and its first request makes instances of a few
dozen. So ``install``, before they are imported, puts into each class what compiles the method when somebody looks it
up, and then gives way to it: who asks for ``cls.__init__``, or calls it, gets what the standard library would have
made.

It takes the place of one function of the standard library that is no part of its interface
(https://github.com/python/cpython/blob/3.11/Lib/dataclasses.py: ``_create_fn``). Where that is missing, as it is from
Python 3.13 on, ``install`` does nothing.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, cast

CREATE = "_create_fn"

Create = Callable[..., Callable[..., Any]]


class Late:
    """A method that is not compiled yet, in the place of the method. Of two threads that compile it at once, either's
    stays: they are the same."""

    __slots__ = ("__name__", "_method")

    def __init__(self, create: Create, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.__name__ = name
        self._method: Any = create, arguments, named

    def __get__(self, instance: object, owner: type) -> Any:
        method = self._made()
        for base in owner.__mro__:
            if base.__dict__.get(self.__name__) is self:
                method.__qualname__ = f"{base.__qualname__}.{self.__name__}"
                type.__setattr__(base, self.__name__, method)
        return method.__get__(instance, owner)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Of a method that another wraps, as ``__repr__``."""
        return self._made()(*arguments, **named)

    def _made(self) -> Callable[..., Any]:
        method = self._method
        if isinstance(method, tuple):
            create, arguments, named = cast(tuple[Create, tuple[Any, ...], dict[str, Any]], method)
            method = self._method = create(self.__name__, *arguments, **named)
        return method


def install() -> bool:
    """Whether dataclasses that are defined from now on have late methods."""
    library = dataclasses.__dict__
    create = library.get(CREATE)
    if create is None:
        return False
    if not hasattr(create, "__wrapped__"):
        library[CREATE] = _late(create)
    return True


def _late(create: Create) -> Callable[..., Late]:
    @functools.wraps(create)
    def late(name: str, *arguments: Any, **named: Any) -> Late:
        return Late(create, name, arguments, named)

    return late
