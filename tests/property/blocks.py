"""Which blocks do the property tests' graphs consist of? Small ones, whose values trace what happened.

Each is one function, which the reference interpreter calls too; the engine gets it as a pure block ``T_…`` and as
one with effects ``E_…``, so that both ways of taking a node execution are tried. A pin that nothing comes to is null.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import Field

from shared.blocks.block import Block, BlockInput, BlockOutput, Context
from shared.domain import errors
from tests.property.telling import Behaviour, Failed

Tokens = Iterator[tuple[str, Any]]
Run = Callable[[Mapping[str, Any]], Tokens]

seen: dict[str, Mapping[str, Any]] = {}
"""Idempotency key -> the inputs of the call: every call of one node execution must get the same."""


def _dice(values: Mapping[str, Any]) -> int:
    return zlib.crc32(f"{values.get('x')}{values.get('tag')}".encode())


def _short(text: str) -> str:
    """Values that contain values would grow without end: a long one is a hash with its beginning."""
    return text if len(text) <= 60 else f"{text[:20]}…{zlib.crc32(text.encode()):x}"


def source(values: Mapping[str, Any]) -> Tokens:
    yield "o", values.get("value")


def step(values: Mapping[str, Any]) -> Tokens:
    """Items on a pin that may emit many, between two that may not."""
    items = values.get("x") if isinstance(values.get("x"), list) else []
    yield "n", f"n{len(items)}"
    for item in items:
        yield "o", item
    yield "end", "end"


def map_(values: Mapping[str, Any]) -> Tokens:
    yield "o", _short(f"{values.get('tag')}({values.get('x')})")


def nest(values: Mapping[str, Any]) -> Tokens:
    """An object, whose parts are taken by dynamic pins; ``odd`` is not always there."""
    yield "o", {"all": values.get("x"), **({"odd": _short(f"odd{values.get('x')}")} if _dice(values) % 2 else {})}


def pass_(values: Mapping[str, Any]) -> Tokens:
    yield "o", values.get("x")


def drop(values: Mapping[str, Any]) -> Tokens:
    if _dice(values) % 3:
        yield "o", values.get("x")


def either(values: Mapping[str, Any]) -> Tokens:
    yield "yes" if _dice(values) % 2 else "no", values.get("x")


def join(values: Mapping[str, Any]) -> Tokens:
    yield "o", "[" + ",".join(f"{pin}={_short(str(values[pin]))}" for pin in sorted(values)) + "]"


def add(values: Mapping[str, Any]) -> Tokens:
    kept = values.get("list") if isinstance(values.get("list"), list) else [values.get("list")]
    yield "o", [*kept, values.get("entry"), *([values.get("extra")] if "extra" in values else [])]


def count(values: Mapping[str, Any]) -> Tokens:
    """Goes round until 3."""
    n = int(values.get("x")) if str(values.get("x")).isdigit() else 0
    if n < 3:
        yield "again", n + 1
        yield "o", n
    else:
        yield "o", "end"


def while_(values: Mapping[str, Any]) -> Tokens:
    """Grows a text, and goes round until it is long."""
    text = f"{_short(str(values.get('x')))}+{values.get('tag')}"
    yield "again" if text.count("+") < 3 else "o", text


def fail(values: Mapping[str, Any]) -> Tokens:
    """Fails on some values, after a token."""
    yield "before", values.get("x")
    if _dice(values) % 3 == 0:
        raise Failed(_short(f"{values.get('tag')} fails on {values.get('x')}"))
    yield "o", values.get("x")


def fail_step(values: Mapping[str, Any]) -> Tokens:
    """Fails before the first item of some lists, or the second."""
    items = values.get("x") if isinstance(values.get("x"), list) else []
    for i, item in enumerate(items):
        if i == _dice(values) % 4:
            raise Failed(_short(f"{values.get('tag')} fails in {values.get('x')}"))
        yield "o", item


def gather(values: Mapping[str, Any]) -> Tokens:
    yield "items", values["item"]


def agent_input(values: Mapping[str, Any]) -> Tokens:
    if values.get("value") is not None:
        yield "result", values.get("value")


def agent_output(values: Mapping[str, Any]) -> Tokens:
    yield "output", values.get("value")
    yield "name", values.get("name")


_MANY = frozenset({"o"})
_MADE: dict[str, Behaviour] = {
    "SOURCE": Behaviour(run=source),
    "STEP": Behaviour(run=step, many=_MANY),
    "MAP": Behaviour(run=map_),
    "NEST": Behaviour(run=nest),
    "PASS": Behaviour(run=pass_),
    "DROP": Behaviour(run=drop),
    "EITHER": Behaviour(run=either),
    "JOIN": Behaviour(run=join),
    "ADD": Behaviour(run=add),
    "COUNT": Behaviour(run=count),
    "WHILE": Behaviour(run=while_),
    "FAIL": Behaviour(run=fail),
    "FAIL_STEP": Behaviour(run=fail_step, many=_MANY),
    "STORE": Behaviour(run=pass_, static=True),
}

OWN: dict[str, Behaviour] = {f"{way}_{name}": made for way in "TE" for name, made in _MADE.items()}

BEHAVIOURS: dict[str, Behaviour] = {
    **OWN,
    "GATHER": Behaviour(run=gather),
    "AGENT_INPUT": Behaviour(run=agent_input, static=True),
    "AGENT_OUTPUT": Behaviour(run=agent_output, static=True),
}
"""Block type -> what the reference interpreter calls."""


class Input(BlockInput):
    """Every pin that any of these blocks has."""

    x: Any = None
    a: Any = None
    b: Any = None
    c: Any = None
    v: dict[str, Any] = Field(default_factory=dict[str, Any])
    list: Any = None
    entry: Any = None
    extra: Any = None
    value: Any = None
    tag: str = ""


class Output(BlockOutput):
    o: Any = None
    n: Any = None
    end: Any = None
    yes: Any = None
    no: Any = None
    again: Any = None
    before: Any = None


def made() -> dict[str, Block]:
    """The blocks for the catalog, by type."""
    return {type_: _block(type_, behaviour) for type_, behaviour in OWN.items()}


def _block(type_: str, behaviour: Behaviour) -> Block:
    def run(self: Block, input: Input, context: Context) -> Tokens:
        values = input.model_dump(exclude_unset=True)
        before = seen.setdefault(context.idempotency_key, values)
        assert before == values, f"{context.node_id} was called with {before}, then with {values}"
        try:
            yield from behaviour.run(values)
        except Failed as error:
            raise errors.BlockError(str(error)) from error

    fields = {
        "block_type": type_,
        "category": "TEST",
        "description": "A block of the property tests.",
        "pure": type_.startswith("T_"),
        "emits_many": behaviour.many,
        "static_output": behaviour.static,
        "Input": Input,
        "Output": Output,
        "run": run,
    }
    return type(type_, (Block,), fields)()
