"""Is a dataclass with late methods the one that the standard library would have made?"""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from shared import late_methods

RAW = ("__init__", "__eq__", "__repr__", "__hash__", "__setattr__", "__delattr__")


@pytest.fixture(autouse=True)
def late() -> Iterator[None]:
    library = vars(dataclasses)
    before = library[late_methods.CREATE]
    assert late_methods.install(), "this Python has another way to make dataclasses: see late_methods"
    yield
    library[late_methods.CREATE] = before


def _of_standard_library(cls: type) -> type:
    library = vars(dataclasses)
    late, library[late_methods.CREATE] = library[late_methods.CREATE], inspect.unwrap(library[late_methods.CREATE])
    try:
        return _defined(cls)
    finally:
        library[late_methods.CREATE] = late


def _defined(base: type = object) -> Any:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Thing(base):
        """A thing."""

        name: str
        count: int = 3
        parts: list[str] = field(default_factory=list, hash=False)

        def __post_init__(self) -> None:
            if self.count < 0:
                raise ValueError("count")

    return Thing


def test_a_method_is_compiled_when_it_is_asked_for_and_stays() -> None:
    thing = _defined()
    assert [name for name in RAW if name != "__repr__" and type(vars(thing)[name]) is not late_methods.Late] == []
    first = thing(name="a")
    assert inspect.isfunction(vars(thing)["__init__"])
    assert type(vars(thing)["__eq__"]) is late_methods.Late
    assert first == thing(name="a")
    assert inspect.isfunction(vars(thing)["__eq__"])
    assert thing.__init__.__qualname__.endswith("Thing.__init__")


def test_it_behaves_as_that_of_the_standard_library() -> None:
    late, other = _defined(), _of_standard_library(object)
    assert inspect.signature(late) == inspect.signature(other)
    assert repr(late(name="a")) == repr(other(name="a"))
    assert hash(late(name="a")) == hash(other(name="a"))
    assert late(name="a") != other(name="a")
    assert replace(late(name="a"), count=4) == late(name="a", count=4)
    assert copy.copy(late(name="a", parts=["b"])) == late(name="a", parts=["b"])
    assert dataclasses.asdict(late(name="a")) == {"name": "a", "count": 3, "parts": []}
    for make in (late, other):
        one = make(name="a")
        with pytest.raises(FrozenInstanceError):
            one.name = "b"
        with pytest.raises(FrozenInstanceError):
            del one.name
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            make(name="a", colour="red")
        with pytest.raises(ValueError, match="count"):
            make(name="a", count=-1)


def test_a_method_is_found_through_a_subclass() -> None:
    base = _defined()
    sub = type("Sub", (base,), {"__slots__": ()})
    assert sub(name="a").name == "a"
    assert inspect.isfunction(vars(base)["__init__"])
    assert "__init__" not in vars(sub)


@dataclass(order=True)
class Ordered:
    """At the top, so that it can be pickled."""

    number: int


def test_what_is_ordered_and_what_is_pickled() -> None:
    assert sorted([Ordered(2), Ordered(1)]) == [Ordered(1), Ordered(2)]
    assert pickle.loads(pickle.dumps(Ordered(1))) == Ordered(1)


def test_a_python_that_makes_them_otherwise_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(dataclasses, late_methods.CREATE)
    assert not late_methods.install()
    assert not hasattr(dataclasses, late_methods.CREATE)
